"""Pictures in and out: reading what people give us, writing files that carry their recipe."""

import io
import json
import threading
import warnings
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, PngImagePlugin, UnidentifiedImageError

from maquette.core.errors import InvalidRequest, first_line, reason_and_remedy
from maquette.core.files import check_writable, write_whole
from maquette.core.requests import GenerationRequest
from maquette.engines.catalog import adapter_name

MAX_SOURCE_PIXELS = 64_000_000
MOST_SHOWN_PIXELS = 16_000_000  # of what is shown in a talk
MOST_SHOWN_SIDE_PX = 1024  # of what is kept of it: models that see look at no more
_SHRINKING = threading.Lock()
UPLOAD_FORMATS = ("PNG", "JPEG", "WEBP")  # some that Pillow reads would start other programs


def read_picture(path: Path) -> Image.Image:
    """A picture from a file, as RGB over white.

    Raises InvalidRequest if it is missing, broken or too large.
    """
    return _read(path, str(path))


def read_upload(content: bytes, most_pixels: int = MAX_SOURCE_PIXELS) -> Image.Image:
    """A picture that someone sent, in one of UPLOAD_FORMATS. Raises as `read_picture` does."""
    return _read(io.BytesIO(content), "the upload", UPLOAD_FORMATS, most_pixels)


def shrunk_upload(content: bytes) -> bytes:
    """A picture that someone shows, as a PNG no larger than what is looked at. Raises as
    `read_upload` does; one is read at a time,
    for it takes tens of megabytes.
    """
    with _SHRINKING:
        picture = read_upload(content, MOST_SHOWN_PIXELS)
        picture.thumbnail((MOST_SHOWN_SIDE_PX, MOST_SHOWN_SIDE_PX))
        return png(picture, {})


def _read(
    path: Path | io.BytesIO,
    name: str,
    formats: tuple[str, ...] | None = None,
    most_pixels: int = MAX_SOURCE_PIXELS,
) -> Image.Image:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # ours is the lower
            opened = Image.open(path, formats=formats)
        with opened as image:
            if image.width * image.height > most_pixels:
                raise InvalidRequest(
                    f"{name} is {image.width}x{image.height}; "
                    f"at most {most_pixels // 1_000_000} million pixels are read: shrink it"
                )
            image.load()
            # Cameras note how they were held; what a person sees is what counts.
            return _over_white(ImageOps.exif_transpose(image))
    except FileNotFoundError:
        raise InvalidRequest(f"{name} does not exist; name a picture file") from None
    except Image.DecompressionBombError:
        raise InvalidRequest(f"{name} has too many pixels; shrink it") from None
    except UnidentifiedImageError:
        raise InvalidRequest(f"{name} is not a picture that can be read; use PNG or JPEG") from None
    except OSError as error:
        remedy = reason_and_remedy(error) if error.errno else f"{first_line(error)}; save it anew"
        raise InvalidRequest(f"{name} cannot be read as a picture: {remedy}") from None
    except (SyntaxError, ValueError, RuntimeError) as error:
        raise InvalidRequest(
            f"{name} cannot be read as a picture: {first_line(error)}; save it anew"
        ) from None


def _over_white(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I"):  # 16 bits, which Pillow would cut off at 255
        levels = np.asarray(image).astype(np.float64) / 257.0
        image = Image.fromarray(levels.clip(0, 255).round().astype(np.uint8))
    if image.has_transparency_data:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    return image.convert("RGB")


def check_picture_path(path: Path) -> None:
    """Raises InvalidRequest unless the name says PNG, OutputNotWritable if it cannot be kept."""
    if path.suffix.lower() != ".png":
        raise InvalidRequest(
            f"{path} does not end in .png; pictures are written as PNG: name it {path.stem}.png"
        )
    check_writable(path)


def write_picture(picture: Image.Image, path: Path, texts: dict[str, str]) -> None:
    """Writes a PNG with its texts, whole or not at all. Raises OutputNotWritable."""
    write_whole(path, png(picture, texts))


def png(picture: Image.Image, texts: dict[str, str]) -> bytes:
    """A PNG with its texts."""
    info = PngImagePlugin.PngInfo()
    for key, value in texts.items():
        info.add_itxt(key, value)
    content = io.BytesIO()
    picture.save(content, "PNG", pnginfo=info)
    return content.getvalue()


def parameters_text(request: GenerationRequest, seed: int, model_id: str) -> str:
    """The text that other tools of the field write into a PNG as `parameters` and can read."""
    p = request.params
    start, end = p.guidance_interval
    worn = [(adapter_name(use.adapter), use.scale) for use in p.adapters]
    lines = [p.prompt]
    if p.negative_prompt:
        lines.append(f"Negative prompt: {p.negative_prompt}")
    lines.append(
        f"Steps: {p.num_inference_steps}, Sampler: {p.sampler}, CFG scale: {p.guidance_scale:g}, "
        f"Seed: {seed}, Size: {p.width}x{p.height}, Model: {model_id}"
        + (f", Denoising strength: {p.strength:g}" if request.source is not None else "")
        + (f", Guidance interval: {start:g}-{end:g}" if (start, end) != (0, 1) else "")
        + (f", LoRA: {', '.join(f'{name}:{scale:g}' for name, scale in worn)}" if worn else "")
    )
    return "\n".join(lines)


def png_texts(request: GenerationRequest, seed: int, model_id: str) -> dict[str, str]:
    """The text chunks of one picture: `parameters`, and the same as JSON under `maquette`."""
    p = request.params
    record = {
        "prompt": p.prompt,
        "negative_prompt": p.negative_prompt,
        "seed": seed,
        "num_inference_steps": p.num_inference_steps,
        "guidance_scale": p.guidance_scale,
        "guidance_interval": p.guidance_interval,
        "width": p.width,
        "height": p.height,
        "sampler": p.sampler,
        "strength": p.strength,
        "adapters": [
            {"adapter": adapter_name(use.adapter), "scale": use.scale} for use in p.adapters
        ],
        "model": model_id,
    }
    return {
        "parameters": parameters_text(request, seed, model_id),
        "maquette": json.dumps(record, ensure_ascii=False),
    }
