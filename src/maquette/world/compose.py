"""One seed gives one scene: who is in it, where, when, and how it is laid out."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from maquette.world.holdout import is_held_out
from maquette.world.scene import Figure, Scene
from maquette.world.subjects import variants
from maquette.world.vocabulary import (
    COLOURS,
    RELATIONS,
    SETTINGS,
    SIZES,
    STYLES,
    SUBJECTS,
    TIMES,
    WEATHERS,
)

Split = Literal["train", "held_out"]

# The tallest a figure may be, as a fraction of the picture, when so many share it.
TALLEST = {1: 0.58, 2: 0.42, 3: 0.30, 4: 0.225}
# Where each of several figures stands: x, and how far it is set back.
PLACES = {
    2: ((0.27, 0.0), (0.73, 0.02)),
    3: ((0.19, 0.02), (0.5, -0.02), (0.81, 0.02)),
    4: ((0.15, 0.03), (0.385, -0.03), (0.62, 0.03), (0.85, -0.03)),
}


def compose(seed: int, split: Split = "train") -> Scene:
    """The scene of this seed.

    Scenes of the train split hold no held-out combination of subject, colour and setting; in
    scenes of the held-out split the first figure makes one.
    """
    rng = random.Random(f"{split}/{seed}")
    setting = rng.choice(tuple(SETTINGS))
    has_sky = SETTINGS[setting].has_sky
    shape = rng.choices(("one", "several", "pair"), (0.42, 0.28, 0.30))[0]
    relation = rng.choice(RELATIONS) if shape == "pair" else None
    first = _cast(rng, setting, held_out=split == "held_out")
    if relation:
        size, figures = _pair(rng, setting, relation, first, split)
    else:
        count = rng.choice((2, 3, 4)) if shape == "several" else 1
        size, figures = _several(rng, setting, first, count)
    return Scene(
        seed=seed,
        setting=setting,
        time=rng.choice(TIMES) if has_sky else None,
        weather=rng.choice(WEATHERS) if has_sky else None,
        style=rng.choice(STYLES),
        size=size,
        figures=figures,
        relation=relation,
        backdrop=rng.getrandbits(32),
    )


@dataclass(frozen=True, slots=True)
class Wish:
    """What someone wants to see: who, each with a colour where one was said, at most four; None is
    left open. Two that a `relation` is said of are a pair, in its order.
    """

    cast: Sequence[tuple[str, str | None]]
    setting: str | None = None
    time: str | None = None
    weather: str | None = None
    style: str | None = None
    size: str | None = None
    relation: str | None = None


def arrange(wish: Wish, seed: int) -> Scene:
    """The scene of a wish. What it leaves open is as usual: by day, under a clear sky, in the flat
    style, where its first figure is at home; colours, places and the backdrop are the seed's.
    """
    rng = random.Random(f"wish/{seed}")
    cast = [(subject, colour or rng.choice(tuple(COLOURS))) for subject, colour in wish.cast]
    setting = wish.setting or rng.choice(_HOMES[SUBJECTS[cast[0][0]].habitat])
    if wish.relation and len(cast) == 2:
        size, figures = _placed_pair(rng, setting, wish.relation, cast, wish.size)
    else:
        size = wish.size or ("medium" if len(cast) < 3 else "small")
        figures = _side_by_side(rng, setting, cast, min(SIZES[size], TALLEST[len(cast)]))
    has_sky = SETTINGS[setting].has_sky
    return Scene(
        seed=seed,
        setting=setting,
        time=(wish.time or "day") if has_sky else None,
        weather=(wish.weather or "clear") if has_sky else None,
        style=wish.style or "flat",
        size=size,
        figures=figures,
        relation=wish.relation if len(cast) == 2 else None,
        backdrop=rng.getrandbits(32),
    )


_HOMES = {
    "water": ("sea", "lake"),
    "sky": ("meadow", "sea", "mountains"),
    "ground": ("meadow", "forest", "street"),
}


def _side_by_side(
    rng: random.Random, setting: str, cast: Sequence[tuple[str, str]], height: float
) -> tuple[Figure, ...]:
    """Figures of any kind, from left to right; those of one subject are drawn alike."""
    places = PLACES.get(len(cast)) or ((rng.uniform(0.42, 0.58), 0.0),)
    drawn = {subject: rng.randrange(variants(subject)) for subject, _ in cast}
    figures: list[Figure] = []
    for one, (x, depth) in zip(cast, places, strict=True):
        aloft = SUBJECTS[one[0]].habitat == "sky"
        y = _standing(setting, height, aloft) + depth * (2.4 if aloft else 1.0)
        figures.append(_figure(one, drawn[one[0]], x, y, height, rng.random() < 0.5))
    return tuple(figures)


def _cast(rng: random.Random, setting: str, held_out: bool) -> tuple[str, str]:
    """A subject and its colour, from the asked side of the hold-out rule."""
    while True:
        subject, colour = rng.choice(tuple(SUBJECTS)), rng.choice(tuple(COLOURS))
        if is_held_out(subject, colour, setting) == held_out:
            return subject, colour


def _several(
    rng: random.Random, setting: str, cast: tuple[str, str], count: int
) -> tuple[str, tuple[Figure, ...]]:
    """One to four figures of one subject and colour, side by side and clear of each other."""
    sizes = {1: tuple(SIZES), 2: ("small", "medium")}.get(count, ("medium",))
    size = rng.choice(sizes)
    height = min(SIZES[size], TALLEST[count])
    aloft = SUBJECTS[cast[0]].habitat == "sky"
    places = PLACES.get(count) or ((rng.uniform(0.34, 0.66), 0.0),)
    variant, mirrored = rng.randrange(variants(cast[0])), rng.random() < 0.5
    shift = rng.uniform(-0.02, 0.02)
    figures = tuple(
        _figure(
            cast,
            variant,
            x + shift + rng.uniform(-0.012, 0.012),
            _standing(setting, height, aloft) + depth * (2.4 if aloft else 1.0),
            height * rng.uniform(0.95, 1.03),
            mirrored,
        )
        for x, depth in places
    )
    return size, figures


def _pair(
    rng: random.Random, setting: str, relation: str, first: tuple[str, str], split: Split
) -> tuple[str, tuple[Figure, ...]]:
    """Two different subjects placed so that the relation plainly holds for the first."""
    second = first
    while second[0] == first[0]:
        # A held-out scene needs one held-out figure; its partner may be of either kind.
        side = rng.random() < 0.1 if split == "held_out" else False
        second = _cast(rng, setting, held_out=side)
    return _placed_pair(rng, setting, relation, (first, second), None)


def _placed_pair(
    rng: random.Random,
    setting: str,
    relation: str,
    pair: Sequence[tuple[str, str]],
    size: str | None,
) -> tuple[str, tuple[Figure, ...]]:
    """A pair where its relation has it; of a `size`, or of one that the generator says."""
    beside = relation in ("left of", "right of")
    size = size or (rng.choice(("small", "medium")) if beside else "medium")
    figures: list[Figure] = []
    for cast, (x, y, height, elevated) in zip(pair, _PAIR_PLACES[relation], strict=True):
        aloft = SUBJECTS[cast[0]].habitat == "sky"
        height *= 0.72 if size == "small" else 1.0
        if y is None:
            y = _standing(setting, height, aloft and relation in ("left of", "right of"))
        figures.append(
            _figure(
                cast,
                rng.randrange(variants(cast[0])),
                x + rng.uniform(-0.025, 0.025),
                y,
                height * rng.uniform(0.96, 1.04),
                rng.random() < 0.5,
                elevated=elevated,
            )
        )
    if relation in ("in front of", "behind") and rng.random() < 0.5:
        figures = [replace(f, x=1.0 - f.x) for f in figures]
    return size, tuple(figures)


# x, y (None: where the setting has it stand), height, elevated: for the first and the second.
_Place = tuple[float, float | None, float, bool]
_LEFT: _Place = (0.27, None, 0.40, False)
_RIGHT: _Place = (0.73, None, 0.40, False)
_UPPER: _Place = (0.5, 0.43, 0.34, True)
_LOWER: _Place = (0.5, 0.90, 0.36, False)
_FRONT: _Place = (0.38, 0.94, 0.36, False)
_BACK: _Place = (0.61, 0.78, 0.46, False)
_PAIR_PLACES: dict[str, tuple[_Place, _Place]] = {
    "left of": (_LEFT, _RIGHT),
    "right of": (_RIGHT, _LEFT),
    "above": (_UPPER, _LOWER),
    "below": (_LOWER, _UPPER),
    "in front of": (_FRONT, _BACK),
    "behind": (_BACK, _FRONT),
}


def _standing(setting: str, height: float, aloft: bool) -> float:
    """Where the foot of a figure of this height is: taller is nearer, so lower in the picture."""
    if aloft:
        return max(0.56, height + 0.10)
    return min(0.95, SETTINGS[setting].stand + (height - 0.34) * 0.3)


def _figure(
    cast: tuple[str, str],
    variant: int,
    x: float,
    y: float,
    height: float,
    mirrored: bool,
    elevated: bool = False,
) -> Figure:
    subject, colour = cast
    tall = height * SUBJECTS[subject].height
    return Figure(subject, colour, variant, x, y, min(tall, y - 0.02), mirrored, elevated)
