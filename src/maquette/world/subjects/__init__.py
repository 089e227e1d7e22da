"""The subjects of the world: every drawing by name and variant."""

from maquette.world.drawing import Drawing
from maquette.world.subjects import beasts, craft, garden, homes

DRAWINGS: dict[str, tuple[Drawing, ...]] = {
    **beasts.DRAWINGS,
    **craft.DRAWINGS,
    **garden.DRAWINGS,
    **homes.DRAWINGS,
}


def variants(subject: str) -> int:
    """How many ways there are to draw a subject."""
    return len(DRAWINGS[subject])


def drawing(subject: str, variant: int) -> Drawing:
    """One way to draw a subject. Raises ValueError naming a variant that does not exist."""
    if not 0 <= variant < variants(subject):
        last = variants(subject) - 1
        raise ValueError(f"variant {variant} of {subject} must be between 0 and {last}")
    return DRAWINGS[subject][variant]
