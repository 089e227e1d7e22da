"""A scene as data: the small typed tree that drawing, motion, solids and captions all read."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """One drawn subject. Lengths are fractions of the picture; (x, y) is where it stands."""

    subject: str
    colour: str
    variant: int
    x: float
    y: float
    height: float
    mirrored: bool = False
    elevated: bool = False  # carried by a cloud or its own wings rather than the floor


@dataclass(frozen=True, slots=True)
class Scene:
    """What one picture shows.

    `figures` are in caption order: of a pair, the first is the one the relation speaks of
    ("a red boat left of a blue house"). `time` and `weather` are None where the setting has none
    (space). `backdrop` seeds the details of the setting: hills, clouds, waves.
    """

    seed: int
    setting: str
    time: str | None
    weather: str | None
    style: str
    size: str
    figures: tuple[Figure, ...]
    relation: str | None
    backdrop: int

    @property
    def count(self) -> int:
        """How many of the first figure's subject there are."""
        return 1 if self.relation else len(self.figures)
