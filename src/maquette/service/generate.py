"""The whole story of one request for pictures: sample, rank, hand over."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image

from maquette.core.errors import InvalidRequest
from maquette.core.requests import GenerationRequest, check_size
from maquette.engines.clip import ClipEngine
from maquette.engines.image import ImageEngine, Progress


@dataclass(frozen=True, slots=True)
class Picture:
    """One finished picture and the seed that makes it again."""

    image: Image.Image
    seed: int


def generate(
    request: GenerationRequest,
    engine: ImageEngine,
    clip: ClipEngine | None = None,
    on_step: Callable[[Progress], None] = lambda _: None,
) -> list[Picture]:
    """The pictures of a request; with `request.keep`, the best of them by CLIP score."""
    images = engine.generate(request, on_step)
    pictures = [Picture(image, request.params.seed + i) for i, image in enumerate(images)]
    if request.keep is None:
        return pictures
    if clip is None:
        raise ValueError("choosing the best needs a CLIP engine")
    order = clip.rank(request.params.prompt, images)
    return [pictures[i] for i in order[: request.keep]]


def trajectory_strip(predicted: list[Image.Image], gap_px: int = 4) -> Image.Image:
    """Pictures side by side, left to right, with a white gap between them."""
    width = sum(p.width for p in predicted) + gap_px * (len(predicted) - 1)
    strip = Image.new("RGB", (width, predicted[0].height), "white")
    x = 0
    for picture in predicted:
        strip.paste(picture, (x, 0))
        x += picture.width + gap_px
    return strip


def extend(
    picture: Image.Image, left: int, top: int, right: int, bottom: int
) -> tuple[Image.Image, Image.Image]:
    """A larger canvas around a picture and the mask of what is to be painted, for outpainting.

    The margins repeat the picture's edge: what is encoded there colours the latents beside it.
    Raises InvalidRequest if a margin is negative or none is given, or where it grows too large.
    """
    margins = (left, top, right, bottom)
    if min(margins) < 0 or max(margins) == 0:
        raise InvalidRequest(
            f"margins {margins} must be zero or more pixels, at least one of them above zero"
        )
    check_size(picture.width + left + right, picture.height + top + bottom)
    pixels = np.pad(
        np.array(picture.convert("RGB")), ((top, bottom), (left, right), (0, 0)), mode="edge"
    )
    mask = Image.new("L", (pixels.shape[1], pixels.shape[0]), 255)
    mask.paste(0, (left, top, left + picture.width, top + picture.height))
    return Image.fromarray(pixels), mask
