"""Which queue a request waits in, and which of them a worker serves: by medium, model and size."""

from collections.abc import Sequence

from maquette.core.errors import UsageError
from maquette.core.requests import MAX_SIZE_PX
from maquette.engines.catalog import SHIPPED, kind_of
from maquette.jobs.shares import SHARED
from maquette.jobs.workers import Abilities
from maquette.ledger.prices import OWN_VOICES

IMAGE, TEXT, SPEECH, CODE = "image", "text", "speech", "code"
SLASH = "/"  # between another server's name and its model's
MEDIA = (IMAGE, TEXT, SPEECH, CODE)  # what jobs can ask for
# A queue for each costs a worker some looks a second, so they are few: a picture is small or large.
SIDES_PX = (512, MAX_SIZE_PX)
# Of all that other servers write and say; each has its share of it.
ELSEWHERE, CODE_ELSEWHERE, SPEECH_ELSEWHERE = (f"{one}{SHARED}" for one in (TEXT, CODE, SPEECH))


def queue_of(model: str, width: int, height: int) -> str:
    """The queue of a request for pictures: all workers that serve it can do what is in it."""
    side_px = next(side for side in SIDES_PX if width * height <= side**2)
    return f"{IMAGE}/{model}/{side_px}"


def text_queue_of(model: str) -> str:
    """The queue of a request for texts."""
    return f"{TEXT}/{model}"


def speech_queue_of(model: str) -> str:
    """The queue of a request for speech. The voices of a folder share one: any worker that speaks
    can load them. So do those of other servers.
    """
    if SLASH in model:
        return SPEECH_ELSEWHERE
    ships = any(model == spec.model_id for spec in SHIPPED[SPEECH])
    return f"{SPEECH}/{model if ships else OWN_VOICES}"


def code_queue_of(model: str) -> str:
    """The queue of a request for code."""
    return f"{CODE}/{model}"


def abilities(models: Sequence[str], most_pixels: int = MAX_SIZE_PX**2) -> Abilities:
    """What a worker that has these models can do, where its pictures are to have so many pixels;
    to ask other servers it needs none.

    Raises UsageError where that is fewer than the smallest queue asks for.
    """
    sides = [side for side in SIDES_PX if side**2 <= most_pixels]
    if not sides:
        least = SIDES_PX[0] ** 2 / 1e6
        raise UsageError(
            f"{most_pixels / 1e6:g} megapixels are too few for a worker; give at least {least:.2f}"
        )
    names: list[str] = []
    for model in models:
        kind = kind_of(model)
        if kind == IMAGE:
            names += [f"{IMAGE}/{model}/{side}" for side in sides]
        elif kind == SPEECH:
            names += [speech_queue_of(model), speech_queue_of(OWN_VOICES)]
        else:
            names.append(f"{kind}/{model}")
    names += [ELSEWHERE, CODE_ELSEWHERE, SPEECH_ELSEWHERE]
    return Abilities(tuple(names), tuple(models), sides[-1] ** 2)
