"""`maquette image`: from a sentence to a picture."""

import json
import random
import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from maquette.cli.options import (
    AsJson,
    Backend,
    Device,
    Guidance,
    Lora,
    Model,
    Output,
    Precision,
    Sampler,
    Steps,
    Threads,
    adapters_of,
    settings_of,
)
from maquette.core.errors import InvalidRequest
from maquette.core.requests import (
    DEFAULT_SIDE_PX,
    GenerationRequest,
    SamplingParams,
    check_size,
)

if TYPE_CHECKING:
    from PIL import Image

    from maquette.core.settings import Settings
    from maquette.diffusion.runner import StepOutput
    from maquette.engines.image import ImageEngine, Progress

TRAJECTORY_PICTURES = 8
DEFAULT_SIZE = f"{DEFAULT_SIDE_PX}x{DEFAULT_SIDE_PX}"
Mask = Annotated[
    Path | None, typer.Option(help="With --from: repaint only where this picture is white.")
]


@dataclass(frozen=True, slots=True)
class _Files:
    output: Path
    count: int
    trajectory: Path | None

    def paths(self) -> list[Path]:
        """One a picture: boat.png, or boat-1.png, boat-2.png… for several."""
        if self.count == 1:
            return [self.output]
        stem, suffix = self.output.stem, self.output.suffix
        return [self.output.with_name(f"{stem}-{i}{suffix}") for i in range(1, self.count + 1)]

    def checked(self) -> "_Files":
        """Itself. Raises what tells why a file could not be kept, before the work for it."""
        from maquette.service.pictures import check_picture_path

        if self.trajectory in self.paths():
            raise InvalidRequest(
                f"--trajectory {self.trajectory} is a picture's own name; name another"
            )
        for path in [*self.paths(), *([self.trajectory] if self.trajectory else [])]:
            check_picture_path(path)
        return self


def image(
    context: typer.Context,
    prompt: Annotated[str, typer.Argument(help="What to draw, in English or Chinese.")],
    output: Output = Path("picture.png"),
    negative: Annotated[str, typer.Option(help="What to keep out of the picture.")] = "",
    seed: Annotated[
        int | None, typer.Option(help="Same seed, same picture; drawn if absent.")
    ] = None,
    size: Annotated[
        str | None, typer.Option(help=f"WIDTHxHEIGHT in pixels [{DEFAULT_SIZE}].")
    ] = None,
    steps: Steps = None,
    guidance: Guidance = None,
    guidance_interval: Annotated[
        str, typer.Option(help="Guide only between these shares of the steps.")
    ] = "0,1",
    sampler: Sampler = None,
    model: Model = "starter",
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
    mask: Mask = None,
    outpaint: Annotated[
        str | None, typer.Option(help="With --from: extend by LEFT,TOP,RIGHT,BOTTOM pixels.")
    ] = None,
    lora: Lora = None,
    trajectory: Annotated[
        Path | None, typer.Option(help="Also write the way from noise to picture as a strip.")
    ] = None,
    device: Device = None,
    precision: Precision = None,
    backend: Backend = None,
    threads: Threads = None,
    as_json: AsJson = False,
) -> None:
    """Draw a picture from words.

    Example: maquette image "a red boat on a calm sea at night" -o boat.png
    """
    from maquette.engines.catalog import find_model

    start, repainted = _starting_picture(source, size, mask, outpaint)
    width, height = start.size if start else _parse_size(size or DEFAULT_SIZE)
    given = {"num_inference_steps": steps, "guidance_scale": guidance, "sampler": sampler}
    params = SamplingParams(
        prompt=prompt,
        negative_prompt=negative,
        seed=random.getrandbits(32) if seed is None else seed,
        guidance_interval=_parse_interval(guidance_interval),
        width=width,
        height=height,
        strength=_strength(strength, start is not None, repainted is not None),
        adapters=adapters_of(lora),
        **asdict(find_model(model, "image").usual.unless(**given)),
    )
    keep = None if best_of is None else count
    request = GenerationRequest(params, _drawn(count, best_of), keep, start, repainted)
    files = _Files(output, count, trajectory).checked()
    flags = {"device": device, "precision": precision, "threads": threads, "backend": backend}
    _run(request, model, files, settings_of(context, **flags), as_json)


def _drawn(count: int, best_of: int | None) -> int:
    if best_of is None:
        return count
    if best_of < max(count, 1):
        raise InvalidRequest(f"--best-of {best_of} is less than -n {count}; draw at least as many")
    return best_of


def _run(
    request: GenerationRequest, model: str, files: _Files, settings: "Settings", as_json: bool
) -> None:
    from maquette.cli.progress import progress_bar
    from maquette.engines.catalog import find_adapter
    from maquette.service import wiring
    from maquette.service.generate import generate, trajectory_strip
    from maquette.service.pictures import png_texts, write_picture

    for use in request.params.adapters:
        find_adapter(use.adapter, settings.data / "adapters")  # before a model is loaded
    engine = wiring.image_engine(settings, model)
    clip = None if request.keep is None else wiring.clip_engine(settings)
    steps: list[StepOutput] = []
    with progress_bar("drawing", "steps", quiet=as_json) as advance:

        def on_step(progress: "Progress") -> None:
            advance(progress.done, progress.total)
            if files.trajectory:
                steps.extend(progress.outputs)

        pictures = generate(request, engine, clip, on_step)
    written: list[dict[str, object]] = []
    for picture, path in zip(pictures, files.paths(), strict=True):
        write_picture(picture.image, path, png_texts(request, picture.seed, engine.spec.model_id))
        written.append({"path": str(path), "seed": picture.seed})
    if files.trajectory:
        seed = pictures[0].seed
        strip = trajectory_strip(_way(engine, steps, seed - request.params.seed))
        write_picture(strip, files.trajectory, png_texts(request, seed, engine.spec.model_id))
    if as_json:
        typer.echo(json.dumps({"pictures": written, "model": engine.spec.model_id}))
        return
    for entry in written:
        typer.echo(f"{entry['path']}  (seed {entry['seed']})")


def _way(engine: "ImageEngine", steps: "list[StepOutput]", number: int) -> "list[Image.Image]":
    """Picture `number` on its way, evenly spread: first the noise, last the picture itself."""
    own = [step for step in steps if step.request.request_id == f"picture/{number}"]
    states = [*(step.seen for step in own), own[-1].latents]
    last, gaps = len(states) - 1, TRAJECTORY_PICTURES - 1
    chosen = sorted({round(i * last / gaps) for i in range(TRAJECTORY_PICTURES)})
    return [engine.codec.decode(states[i][None])[0] for i in chosen]


def _starting_picture(
    source: Path | None, size: str | None, mask: Path | None, outpaint: str | None
) -> "tuple[Image.Image | None, Image.Image | None]":
    """The picture to begin from and the mask of what is repainted, in the size that is drawn."""
    from maquette.service.generate import extend
    from maquette.service.pictures import read_picture

    if source is None:
        for name, value in (("--mask", mask), ("--outpaint", outpaint)):
            if value is not None:
                raise InvalidRequest(f"{name} needs a picture to work on; add --from IMAGE")
        return None, None
    if mask is not None and outpaint is not None:
        raise InvalidRequest("--mask and --outpaint exclude each other; use one at a time")
    picture = read_picture(source)
    repainted = None if mask is None else read_picture(mask).convert("L")
    if repainted is not None and repainted.size != picture.size:
        raise InvalidRequest(
            f"the mask {mask} is {repainted.width}x{repainted.height} but {source} is "
            f"{picture.width}x{picture.height}; make them the same size"
        )
    if size is not None:
        picture = picture.resize(_parse_size(size))
        repainted = None if repainted is None else repainted.resize(picture.size)
    elif outpaint is None:
        _check_source_size(source, picture)
    if outpaint is not None:
        margins = re.fullmatch(r"(\d{1,5}),(\d{1,5}),(\d{1,5}),(\d{1,5})", outpaint)
        if margins is None:
            raise InvalidRequest(
                f"--outpaint {outpaint!r} must be LEFT,TOP,RIGHT,BOTTOM in pixels: 64,0,64,0"
            )
        picture, repainted = extend(picture, *(int(m) for m in margins.groups()))
    return picture, repainted


def _strength(given: float | None, has_source: bool, has_mask: bool) -> float:
    """What is repainted behind a mask starts from noise; a varied picture keeps its layout."""
    if given is not None and not has_source:
        raise InvalidRequest("--strength needs a picture to start from; add --from IMAGE")
    if given is not None:
        return given
    return 0.6 if has_source and not has_mask else 1.0


def _parse_size(text: str) -> tuple[int, int]:
    match = re.fullmatch(r"(\d{1,5})x(\d{1,5})", text)
    if match is None:
        raise InvalidRequest(f"size {text!r} must be WIDTHxHEIGHT, such as 256x256")
    width, height = int(match[1]), int(match[2])
    check_size(width, height)
    return width, height


def _parse_interval(text: str) -> tuple[float, float]:
    try:
        start, end = (float(part) for part in text.split(","))
    except ValueError:
        raise InvalidRequest(
            f"--guidance-interval {text!r} must be START,END in shares of the steps: 0.2,0.8"
        ) from None
    return start, end


def _check_source_size(source: Path, picture: "Image.Image") -> None:
    try:
        check_size(*picture.size)
    except InvalidRequest as error:
        raise InvalidRequest(f"{source}: {error.message}; or give --size 256x256") from None
