"""`maquette image`: from a sentence to a picture."""

import json
import random
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from maquette.cli.options import AsJson, Device, Precision, Threads, settings_of
from maquette.core.errors import InvalidRequest

if TYPE_CHECKING:
    from PIL import Image

    from maquette.core.requests import GenerationRequest
    from maquette.core.settings import Settings
    from maquette.engines.image import ImageEngine, Progress

TRAJECTORY_PICTURES = 8


@dataclass(frozen=True, slots=True)
class _Files:
    output: Path
    count: int
    trajectory: Path | None

    def names(self) -> list[Path]:
        """One name a picture: boat.png, or boat-1.png, boat-2.png… for several."""
        if self.count == 1:
            return [self.output]
        stem, suffix = self.output.stem, self.output.suffix
        return [self.output.with_name(f"{stem}-{i}{suffix}") for i in range(1, self.count + 1)]


def image(
    context: typer.Context,
    prompt: Annotated[str, typer.Argument(help="What to draw, in English or Chinese.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="PNG file to write.")] = Path(
        "picture.png"
    ),
    negative: Annotated[str, typer.Option(help="What to keep out of the picture.")] = "",
    seed: Annotated[
        int | None, typer.Option(help="Same seed, same picture; drawn if absent.")
    ] = None,
    size: Annotated[str | None, typer.Option(help="WIDTHxHEIGHT in pixels [256x256].")] = None,
    steps: Annotated[int, typer.Option(help="Denoising steps.")] = 24,
    guidance: Annotated[float, typer.Option(help="How strictly the words are followed.")] = 4.0,
    sampler: Annotated[
        str, typer.Option(help="euler, euler-a, ddim, dpm++2m or flow-euler.")
    ] = "dpm++2m",
    model: Annotated[str, typer.Option(help="Model by name, or a checkpoint folder.")] = "starter",
    count: Annotated[int, typer.Option("-n", help="How many variations.")] = 1,
    best_of: Annotated[
        int | None, typer.Option(help="Draw so many and keep the best by CLIP score.")
    ] = None,
    source: Annotated[
        Path | None, typer.Option("--from", help="Start from this picture instead of noise.")
    ] = None,
    strength: Annotated[
        float | None, typer.Option(help="How much of --from to change, 0 to 1 [0.6].")
    ] = None,
    mask: Annotated[
        Path | None, typer.Option(help="With --from: repaint only where this picture is white.")
    ] = None,
    outpaint: Annotated[
        str | None, typer.Option(help="With --from: extend by LEFT,TOP,RIGHT,BOTTOM pixels.")
    ] = None,
    trajectory: Annotated[
        Path | None, typer.Option(help="Also write the way from noise to picture as a strip.")
    ] = None,
    device: Device = None,
    precision: Precision = None,
    threads: Threads = None,
    as_json: AsJson = False,
) -> None:
    """Draw a picture from words.

    Example: maquette image "a red boat on a calm sea at night" -o boat.png
    """
    from maquette.core.requests import GenerationRequest, SamplingParams
    from maquette.service.pictures import check_writable

    start, painted = _starting_picture(source, size, mask, outpaint)
    width, height = start.size if start is not None else _parse_size(size or "256x256")
    if start is None and strength is not None:
        raise InvalidRequest("--strength needs a picture to start from; add --from IMAGE")
    params = SamplingParams(
        prompt=prompt,
        negative_prompt=negative,
        seed=random.getrandbits(32) if seed is None else seed,
        num_inference_steps=steps,
        guidance_scale=guidance,
        width=width,
        height=height,
        sampler=sampler,
        strength=_strength(strength, start is not None, painted is not None),
    )
    drawn = count if best_of is None else max(count, best_of)
    request = GenerationRequest(params, drawn, count if best_of else None, start, painted)
    files = _Files(output, count, trajectory)
    for path in [*files.names(), *([trajectory] if trajectory else [])]:
        check_writable(path)
    settings = settings_of(context, device=device, precision=precision, threads=threads)
    _run(request, model, files, settings, as_json)


def _run(
    request: "GenerationRequest", model: str, files: _Files, settings: "Settings", as_json: bool
) -> None:
    from maquette.cli.progress import step_progress
    from maquette.service import wiring
    from maquette.service.generate import generate, trajectory_strip
    from maquette.service.pictures import texts_of, write_picture

    engine = wiring.image_engine(settings, model)
    clip = wiring.clip_engine(settings) if request.keep else None
    seen: list[Progress] = []
    with step_progress("drawing", quiet=as_json) as advance:

        def on_step(progress: "Progress") -> None:
            advance(progress.done, progress.total)
            if files.trajectory and progress.step.step_index == len(seen):
                seen.append(progress)  # the first batch's steps; later ones begin at 0 again

        pictures = generate(request, engine, clip, on_step)
    written: list[dict[str, object]] = []
    for picture, path in zip(pictures, files.names(), strict=True):
        write_picture(picture.image, path, texts_of(request, picture.seed, engine.spec.model_id))
        written.append({"path": str(path), "seed": picture.seed})
    if files.trajectory:
        strip = trajectory_strip(_way(engine, seen))
        write_picture(strip, files.trajectory, texts_of(request, request.params.seed, model))
    if as_json:
        typer.echo(json.dumps({"pictures": written, "model": engine.spec.model_id}))
        return
    for entry in written:
        typer.echo(f"{entry['path']}  (seed {entry['seed']})")


def _way(engine: "ImageEngine", seen: "list[Progress]") -> "list[Image.Image]":
    """The first picture's state at evenly spread steps, the noisiest first."""
    last = len(seen) - 1
    chosen = sorted(
        {round(i * last / (TRAJECTORY_PICTURES - 1)) for i in range(TRAJECTORY_PICTURES)}
    )
    return [engine.decode(seen[i].step.visible[:1])[0] for i in chosen]


def _starting_picture(
    source: Path | None, size: str | None, mask: Path | None, outpaint: str | None
) -> "tuple[Image.Image | None, Image.Image | None]":
    from maquette.service.generate import extend
    from maquette.service.pictures import read_picture

    if source is None:
        for name, value in (("--mask", mask), ("--outpaint", outpaint)):
            if value is not None:
                raise InvalidRequest(f"{name} needs a picture to work on; add --from IMAGE")
        return None, None
    if mask is not None and outpaint is not None:
        raise InvalidRequest("--mask and --outpaint exclude each other; use one at a time")
    picture = read_picture(source).convert("RGB")
    painted = None if mask is None else read_picture(mask).convert("L")
    if painted is not None and painted.size != picture.size:
        raise InvalidRequest(
            f"the mask {mask} is {painted.width}x{painted.height} but {source} is "
            f"{picture.width}x{picture.height}; make them the same size"
        )
    if size is not None:
        picture = picture.resize(_parse_size(size))
        painted = None if painted is None else painted.resize(picture.size)
    if outpaint is not None:
        margins = re.fullmatch(r"(\d+),(\d+),(\d+),(\d+)", outpaint)
        if margins is None:
            raise InvalidRequest(
                f"--outpaint {outpaint!r} must be LEFT,TOP,RIGHT,BOTTOM in pixels: 64,0,64,0"
            )
        picture, painted = extend(picture, *(int(m) for m in margins.groups()))
    return picture, painted


def _strength(given: float | None, has_source: bool, has_mask: bool) -> float:
    """What is repainted behind a mask starts from noise; a varied picture keeps its layout."""
    if given is not None:
        return given
    return 0.6 if has_source and not has_mask else 1.0


def _parse_size(text: str) -> tuple[int, int]:
    match = re.fullmatch(r"(\d+)x(\d+)", text)
    if match is None:
        raise InvalidRequest(f"size {text!r} must be WIDTHxHEIGHT, such as 256x256")
    return int(match[1]), int(match[2])
