"""Everything the picture-book world can show, as literal tables."""

from dataclasses import dataclass
from typing import Literal

RGB = tuple[int, int, int]
Habitat = Literal["ground", "water", "sky"]


@dataclass(frozen=True, slots=True)
class Subject:
    """One thing a scene can show: where it belongs and its natural height (boat = 1)."""

    habitat: Habitat
    height: float = 1.0


SUBJECTS: dict[str, Subject] = {
    "boat": Subject("water"),
    "house": Subject("ground", 1.1),
    "tree": Subject("ground", 1.2),
    "lighthouse": Subject("ground", 1.3),
    "car": Subject("ground", 0.9),
    "train": Subject("ground", 1.0),
    "balloon": Subject("sky", 1.2),
    "rocket": Subject("sky", 1.2),
    "teapot": Subject("ground", 0.9),
    "umbrella": Subject("ground", 1.0),
    "bridge": Subject("ground", 1.1),
    "windmill": Subject("ground", 1.3),
    "snowman": Subject("ground", 1.1),
    "mushroom": Subject("ground", 0.9),
    "flower": Subject("ground", 1.0),
    "star": Subject("sky", 0.9),
    "cat": Subject("ground", 1.0),
    "dog": Subject("ground", 1.0),
    "bird": Subject("sky", 0.9),
    "fish": Subject("water", 0.9),
    "rabbit": Subject("ground", 1.0),
    "castle": Subject("ground", 1.2),
    "butterfly": Subject("sky", 0.9),
    "duck": Subject("water", 0.9),
    "tent": Subject("ground", 1.0),
    "robot": Subject("ground", 1.0),
    "pumpkin": Subject("ground", 0.9),
    "turtle": Subject("ground", 0.9),
}

COLOURS: dict[str, RGB] = {
    "red": (214, 48, 44),
    "orange": (242, 132, 30),
    "yellow": (250, 208, 44),
    "green": (62, 152, 66),
    "teal": (30, 168, 172),
    "blue": (44, 96, 206),
    "purple": (126, 66, 172),
    "pink": (244, 134, 176),
    "brown": (128, 80, 46),
    "black": (44, 44, 50),
    "grey": (146, 148, 152),
    "white": (246, 244, 238),
}


@dataclass(frozen=True, slots=True)
class Setting:
    """A place. `horizon` and `stand` are heights in the picture, 0 at the top, 1 at the bottom.

    `horizon` is where sky meets ground; a subject of middle distance stands at `stand`.
    One without `has_sky` has neither time nor weather of its own (space).
    """

    floor: Literal["ground", "water"]
    horizon: float
    stand: float
    has_sky: bool = True


SETTINGS: dict[str, Setting] = {
    "sea": Setting("water", 0.52, 0.78),
    "beach": Setting("ground", 0.46, 0.82),
    "lake": Setting("water", 0.50, 0.80),
    "meadow": Setting("ground", 0.56, 0.82),
    "forest": Setting("ground", 0.58, 0.84),
    "desert": Setting("ground", 0.56, 0.82),
    "mountains": Setting("ground", 0.60, 0.84),
    "street": Setting("ground", 0.60, 0.84),
    "room": Setting("ground", 0.62, 0.84),
    "space": Setting("ground", 0.72, 0.86, has_sky=False),
}

TIMES = ("dawn", "day", "sunset", "night")
WEATHERS = ("clear", "cloudy", "rain", "snow")
SIZES: dict[str, float] = {"small": 0.26, "medium": 0.40, "large": 0.56}
RELATIONS = ("left of", "right of", "above", "below", "in front of", "behind")
STYLES = ("flat", "ink", "watercolour", "pixel")
