"""Which queue a request waits in, and which of them a worker serves: by model and by size."""

from collections.abc import Sequence

from maquette.core.errors import UsageError
from maquette.core.requests import MAX_SIZE_PX
from maquette.jobs.workers import Abilities

IMAGE = "image"
# A queue for each costs a worker some looks a second, so they are few: a picture is small or large.
SIDES_PX = (512, MAX_SIZE_PX)


def queue_of(model: str, width: int, height: int) -> str:
    """The queue of a request for pictures: all workers that serve it can do what is in it."""
    side_px = next(side for side in SIDES_PX if width * height <= side**2)
    return f"{IMAGE}/{model}/{side_px}"


def abilities(models: Sequence[str], most_pixels: int = MAX_SIZE_PX**2) -> Abilities:
    """What a worker that has these models can do, where its pictures are to have so many pixels.

    Raises UsageError where that is fewer than the smallest queue asks for.
    """
    sides = [side for side in SIDES_PX if side**2 <= most_pixels]
    if not sides:
        least = SIDES_PX[0] ** 2 / 1e6
        raise UsageError(
            f"{most_pixels / 1e6:g} megapixels are too few for a worker; give at least {least:.2f}"
        )
    names = tuple(f"{IMAGE}/{model}/{side}" for model in models for side in sides)
    return Abilities(names, tuple(models), sides[-1] ** 2)
