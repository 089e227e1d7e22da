"""`maquette train`: the recipes of the starter models, each from drawn pictures to weights."""

import json
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from maquette import __version__
from maquette.cli.options import AsJson, Output, settings_of
from maquette.core.errors import InvalidRequest, did_you_mean
from maquette.core.files import write_whole
from maquette.recipes.stages import STAGES

if TYPE_CHECKING:
    from maquette.train.loop import Compute, LoopSettings

app = typer.Typer(no_args_is_help=True, help="Train the starter models on what the world makes.")

Out = Annotated[Path, typer.Option(help="Folder of the run; an unfinished run there goes on.")]
Minutes = Annotated[float, typer.Option(help="Stop after so many minutes.", min=0.01)]
Steps = Annotated[int, typer.Option(help="Stop after so many steps.", min=1)]
Size = Annotated[str, typer.Option(help="Size of the model, a name of the recipe's SIZES.")]
Rate = Annotated[float, typer.Option(help="Peak learning rate.")]
Workers = Annotated[int, typer.Option(help="Processes that draw pictures; 0 is none.", min=0)]
Seed = Annotated[int, typer.Option(help="Seed of first weights and of what is seen.")]
CHANGEABLE = {"maquette", "minutes", "steps", "rate", "cooldown", "workers", "as_json"}
Text = Annotated[Path, typer.Option(help="Folder of the text tower.")]


def _compute(context: typer.Context) -> "Compute":
    """Where to compute, by the same settings as everywhere."""
    import torch

    from maquette.train.loop import Compute

    settings = settings_of(context)
    if settings.threads:
        torch.set_num_threads(settings.threads)
    return Compute.choose(settings)


def _settings(context: typer.Context, **more: Any) -> "LoopSettings":
    """How the run learns; writes beside it with what it was called, each time that it was."""
    given = context.params
    record = {
        "maquette": __version__,
        "command": f"maquette train {context.info_name}",
        **{name: str(v) if isinstance(v, Path) else v for name, v in given.items()},
    }
    given["out"].mkdir(parents=True, exist_ok=True)
    path = given["out"] / "run.json"
    before: list[dict[str, Any]] = json.loads(path.read_text()) if path.exists() else []
    if before and (given["out"] / "checkpoint.pt").exists():
        _check_same(before[0], record, given["out"])
    write_whole(path, (json.dumps([*before, record], indent=1) + "\n").encode())
    return STAGES[str(context.info_name)].settings(
        total_steps=given["steps"],
        learning_rate=given["rate"],
        minutes=given["minutes"],
        compute=_compute(context),
        **more,
    )


def _check_same(begun: dict[str, Any], record: dict[str, Any], out: Path) -> None:
    """A run goes on as it began; what else is asked for would be passed over without a word."""
    for name in begun.keys() & record.keys() - CHANGEABLE:
        if begun[name] != record[name]:
            raise InvalidRequest(
                f"the run in {out} began with {name} {begun[name]}, not {record[name]}; "
                "give that to go on with it, or another --out"
            )


def _check_size(size: str, known: Collection[str]) -> None:
    if size not in known:
        raise InvalidRequest(f"unknown size {size!r}; {did_you_mean(size, known)}")


def _report(path: Path, as_json: bool) -> None:
    typer.echo(json.dumps({"checkpoint": str(path)}) if as_json else str(path))


@app.command()
def world(
    preview: Annotated[bool, typer.Option(help="Write the contact sheet.")] = True,
    output: Output = Path("world.png"),
    columns: Annotated[int, typer.Option(help="Pictures a row.", min=1, max=40)] = 8,
    rows: Annotated[int, typer.Option(help="Rows.", min=1, max=40)] = 8,
    seed: Annotated[int, typer.Option(help="Number of the first scene.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Look at the world: a contact sheet of drawn scenes, and how fast they are drawn.

    Example: maquette train world --preview -o world.png
    """
    import time

    from maquette.service.pictures import check_picture_path, write_picture
    from maquette.world.preview import contact_sheet

    check_picture_path(output)
    started = time.process_time()
    sheet = contact_sheet(range(seed, seed + columns * rows), columns)
    rate = columns * rows / (time.process_time() - started)
    if preview:
        write_picture(sheet, output, {})
    if as_json:
        typer.echo(json.dumps({"preview": str(output) if preview else None, "per_second": rate}))
    else:
        typer.echo(f"{output if preview else 'drawn'}  ({rate:.0f} pictures/s on one core)")


@app.command()
def text(
    context: typer.Context,
    out: Out = Path("runs/text"),
    minutes: Minutes = float("inf"),
    steps: Steps = 4_000,
    size: Size = "starter",
    rate: Rate = STAGES["text"].rate,
    workers: Workers = 1,
    seed: Seed = 0,
    start: Annotated[Path | None, typer.Option(help="Begin from this text tower (folder).")] = None,
    as_json: AsJson = False,
) -> None:
    """Train the tokenizer and CLIP's text tower, from captions alone.

    Example: maquette train text --minutes 15
    """
    from maquette.recipes.clip import SIZES, train_text

    _check_size(size, SIZES)
    settings = _settings(context)
    _report(train_text(out, settings, size, workers, seed, start), as_json)


@app.command()
def clip(
    context: typer.Context,
    out: Out = Path("runs/clip"),
    text: Text = Path("runs/text/text"),
    minutes: Minutes = float("inf"),
    steps: Steps = 20_000,
    size: Size = "starter",
    rate: Rate = STAGES["clip"].rate,
    workers: Workers = 1,
    seed: Seed = 0,
    start: Annotated[
        Path | None, typer.Option(help="Begin from this image tower (folder).")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Train CLIP's image tower to meet the text tower.

    Example: maquette train clip --minutes 60
    """
    from maquette.recipes.clip import SIZES, train_clip

    _check_size(size, SIZES)
    settings = _settings(context)
    _report(train_clip(out, settings, text, size, workers, seed, start), as_json)


@app.command()
def autoencoder(
    context: typer.Context,
    out: Out = Path("runs/autoencoder"),
    minutes: Minutes = float("inf"),
    steps: Steps = 40_000,
    size: Size = "starter",
    crop: Annotated[
        int, typer.Option(help="Side of the crops in pixels; 256 is all.", min=32, max=256)
    ] = 256,
    batch: Annotated[int, typer.Option(help="Crops a step.", min=1)] = 2,
    rate: Rate = STAGES["autoencoder"].rate,
    workers: Workers = 1,
    seed: Seed = 0,
    start: Annotated[
        Path | None, typer.Option(help="Begin from this autoencoder (folder).")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Train the autoencoder, from the best linear one on.

    Example: maquette train autoencoder --minutes 60
    """
    from maquette.recipes.autoencoder import SIZES, train_autoencoder

    _check_size(size, SIZES)
    settings = _settings(context)
    path = train_autoencoder(out, settings, size, crop, batch, workers, seed, start)
    _report(path, as_json)


@app.command()
def probe(
    context: typer.Context,
    out: Out = Path("runs/probe"),
    minutes: Minutes = float("inf"),
    steps: Steps = 12_000,
    rate: Rate = STAGES["probe"].rate,
    workers: Workers = 1,
    seed: Seed = 0,
    start: Annotated[Path | None, typer.Option(help="Begin from this probe (file).")] = None,
    as_json: AsJson = False,
) -> None:
    """Train the probe that scores pictures.

    Example: maquette train probe --minutes 20
    """
    from maquette.recipes.probe import train_probe

    _report(train_probe(out, _settings(context), workers, seed, start), as_json)


@app.command()
def latents(
    context: typer.Context,
    vae: Annotated[Path, typer.Option(help="Checkpoint of the autoencoder.")] = Path(
        "runs/autoencoder/vae"
    ),
    out: Out = Path("runs/latents"),
    pictures: Annotated[
        int, typer.Option(help="How many pictures to draw and encode.", min=1)
    ] = 40_960,
    workers: Workers = 1,
    as_json: AsJson = False,
) -> None:
    """Draw and encode the pictures that the image model learns from.

    Example: maquette train latents --pictures 40960
    """
    from maquette.recipes.latents import encode_pictures

    encode_pictures(vae, out, pictures, workers, _compute(context))
    _report(out, as_json)


@app.command()
def image(
    context: typer.Context,
    out: Out = Path("runs/image"),
    text: Text = Path("runs/text/text"),
    vae: Annotated[Path, typer.Option(help="Checkpoint of the autoencoder.")] = Path(
        "runs/autoencoder/vae"
    ),
    latents: Annotated[Path, typer.Option(help="Folder of encoded pictures.")] = Path(
        "runs/latents"
    ),
    minutes: Minutes = float("inf"),
    steps: Steps = 100_000,
    size: Size = "starter",
    batch: Annotated[int, typer.Option(help="Pictures a step.", min=1)] = 32,
    rate: Rate = STAGES["image"].rate,
    seed: Seed = 0,
    start: Annotated[
        Path | None, typer.Option(help="Begin from this Stable Diffusion folder.")
    ] = None,
    cooldown: Annotated[
        float, typer.Option(help="Last share of the run in which the rate falls.", min=0, max=1)
    ] = 0.25,
    workers: Annotated[
        int, typer.Option(help="Processes that prepare captions for a GPU; 0 is none.", min=0)
    ] = 1,
    as_json: AsJson = False,
) -> None:
    """Train the image model on encoded pictures.

    Example: maquette train image --minutes 60
    """
    from maquette.recipes.image import SIZES, train_image

    _check_size(size, SIZES)
    settings = _settings(context, cooldown=cooldown)
    path = train_image(out, settings, text, vae, latents, size, seed, start, batch, workers)
    _report(path, as_json)


@app.command()
def turbo(
    context: typer.Context,
    out: Out = Path("runs/turbo"),
    model: Annotated[
        Path, typer.Option(help="The model to distil, a Stable Diffusion folder.")
    ] = Path("runs/image/starter"),
    text: Text = Path("runs/text/text"),
    latents: Annotated[Path, typer.Option(help="Folder of encoded pictures.")] = Path(
        "runs/latents"
    ),
    minutes: Minutes = float("inf"),
    steps: Steps = 4_000,
    batch: Annotated[int, typer.Option(help="Pictures a step.", min=1)] = 32,
    rate: Rate = STAGES["turbo"].rate,
    seed: Seed = 0,
    as_json: AsJson = False,
) -> None:
    """Distil the image model into a LoRA that draws in one to four steps.

    Example: maquette train turbo --minutes 60
    """
    from maquette.recipes.turbo import train_turbo

    settings = _settings(context)
    _report(train_turbo(out, settings, model, text, latents, seed, batch), as_json)


@app.command()
def language(
    context: typer.Context,
    out: Out = Path("runs/language"),
    minutes: Minutes = float("inf"),
    steps: Steps = 30_000,
    size: Size = "starter",
    rate: Rate = STAGES["language"].rate,
    workers: Workers = 1,
    seed: Seed = 0,
    as_json: AsJson = False,
) -> None:
    """Train the language model and its tokenizer, on copy and tales that the world composes.

    Example: maquette train language --minutes 120
    """
    from maquette.recipes.language import SIZES, train_language

    _check_size(size, SIZES)
    settings = _settings(context)
    _report(train_language(out, settings, size, workers, seed), as_json)


@app.command("all")
def everything(
    context: typer.Context,
    out: Out = Path("runs/all"),
    minutes: Annotated[float, typer.Option(help="Of learning, all recipes together.", min=0.1)] = (
        600.0
    ),
    size: Size = "starter",
    workers: Workers = 1,
    as_json: AsJson = False,
) -> None:
    """Run all recipes, one after another, and lay their weights out as they ship.

    Example: maquette train all --minutes 9 --workers 14
    """
    from maquette.recipes import autoencoder, clip, image, language
    from maquette.recipes.whole import train_all

    of_pictures = clip.SIZES.keys() & autoencoder.SIZES.keys() & image.SIZES.keys()
    _check_size(size, of_pictures & language.SIZES.keys())
    compute = _compute(context)
    path = train_all(
        out, minutes, workers, size, compute=compute, on_stage=lambda s: typer.echo(s, err=True)
    )
    _report(path, as_json)


@app.command()
def publish(
    image: Annotated[Path, typer.Option(help="Stable Diffusion folder.")] = Path(
        "runs/image/starter"
    ),
    turbo: Annotated[Path, typer.Option(help="The LoRA of few steps.")] = Path(
        "runs/turbo/pytorch_lora_weights.safetensors"
    ),
    clip: Annotated[Path, typer.Option(help="Checkpoint of CLIP.")] = Path("runs/clip/clip"),
    probe: Annotated[Path, typer.Option(help="Weights of the probe.")] = Path(
        "runs/probe/probe.safetensors"
    ),
    language: Annotated[Path, typer.Option(help="Checkpoint of the language model.")] = Path(
        "runs/language/model"
    ),
    as_json: AsJson = False,
) -> None:
    """Put finished checkpoints where they ship from, with their hashes.

    Example: maquette train publish --image runs/image/starter
    """
    from maquette.recipes.publish import publish as put

    size_bytes = put(image, turbo, clip, probe, language)
    typer.echo(json.dumps({"size_bytes": size_bytes}) if as_json else f"{size_bytes / 1e6:.1f} MB")
