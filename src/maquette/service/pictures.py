"""Pictures in and out: reading what people give us, writing files that carry their recipe."""

import json
import os
import tempfile
from pathlib import Path

from PIL import Image, ImageOps, PngImagePlugin, UnidentifiedImageError

from maquette.core.errors import InvalidRequest, OutputNotWritable
from maquette.core.requests import GenerationRequest

MAX_SOURCE_PIXELS = 64_000_000


def read_picture(path: Path) -> Image.Image:
    """A picture from a file. Raises InvalidRequest if it is missing, broken or too large."""
    try:
        with Image.open(path) as image:
            if image.width * image.height > MAX_SOURCE_PIXELS:
                raise InvalidRequest(
                    f"{path} is {image.width}x{image.height}; "
                    f"at most {MAX_SOURCE_PIXELS // 1_000_000} million pixels are read: shrink it"
                )
            image.load()
            # Cameras note how they were held; what a person sees is what counts.
            return ImageOps.exif_transpose(image)
    except FileNotFoundError:
        raise InvalidRequest(f"{path} does not exist; name a picture file") from None
    except Image.DecompressionBombError:
        raise InvalidRequest(f"{path} has too many pixels; shrink it") from None
    except UnidentifiedImageError:
        raise InvalidRequest(f"{path} is not a picture that can be read; use PNG or JPEG") from None
    except (OSError, SyntaxError, ValueError) as error:
        raise InvalidRequest(f"{path} cannot be read as a picture: {error}") from None


def parameters_text(request: GenerationRequest, seed: int, model: str) -> str:
    """The text that other tools of the field write into a PNG as `parameters` and can read."""
    p = request.params
    lines = [p.prompt]
    if p.negative_prompt:
        lines.append(f"Negative prompt: {p.negative_prompt}")
    lines.append(
        f"Steps: {p.num_inference_steps}, Sampler: {p.sampler}, CFG scale: {p.guidance_scale:g}, "
        f"Seed: {seed}, Size: {p.width}x{p.height}, Model: {model}"
        + (f", Denoising strength: {p.strength:g}" if request.source is not None else "")
    )
    return "\n".join(lines)


def check_writable(path: Path) -> None:
    """Raises OutputNotWritable before any work is done for a file that could not be kept."""
    folder = path.parent
    if path.is_dir():
        raise OutputNotWritable(
            f"{path} is a folder; name a file in it, such as {path}/picture.png"
        )
    if not folder.is_dir():
        raise OutputNotWritable(f"the folder {folder} does not exist; make it first")
    if not os.access(folder, os.W_OK):
        raise OutputNotWritable(f"the folder {folder} is not writable; choose another place")


def write_picture(picture: Image.Image, path: Path, texts: dict[str, str]) -> None:
    """Writes a PNG with its texts, whole or not at all. Raises OutputNotWritable."""
    info = PngImagePlugin.PngInfo()
    for key, value in texts.items():
        info.add_itxt(key, value)
    try:
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(descriptor, "wb") as file:
                picture.save(file, "PNG", pnginfo=info)
            os.chmod(name, 0o644)
            os.replace(name, path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        reason = error.strerror or str(error)
        raise OutputNotWritable(f"{path} cannot be written: {reason}") from None


def texts_of(request: GenerationRequest, seed: int, model: str) -> dict[str, str]:
    """The text chunks of one picture: `parameters`, and the same as JSON under `maquette`."""
    p = request.params
    record = {
        "prompt": p.prompt,
        "negative_prompt": p.negative_prompt,
        "seed": seed,
        "num_inference_steps": p.num_inference_steps,
        "guidance_scale": p.guidance_scale,
        "width": p.width,
        "height": p.height,
        "sampler": p.sampler,
        "strength": p.strength,
        "model": model,
    }
    return {
        "parameters": parameters_text(request, seed, model),
        "maquette": json.dumps(record, ensure_ascii=False),
    }
