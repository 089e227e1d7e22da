"""Scenes that differ in one attribute, so that a caption of the one is false of the other."""

from dataclasses import replace
from random import Random

from maquette.recipes.labels import INVERSE
from maquette.world.captions import VALUES
from maquette.world.holdout import scene_is_held_out
from maquette.world.scene import Scene
from maquette.world.vocabulary import SETTINGS

_UNDER_SKY = tuple(name for name, setting in SETTINGS.items() if setting.has_sky)


def altered(scene: Scene, attribute: str, rng: Random) -> Scene:
    """The scene with another value of one attribute that it has (a name in `captions.VALUES`),
    again one that training may see.

    It is there to be spoken of, not to be drawn: figures stay where they were. Of a pair, one has
    another subject or colour, or the two swap their colours.
    """
    while True:
        other = _altered(scene, attribute, rng)
        if not scene_is_held_out(other):
            return other


def _altered(scene: Scene, attribute: str, rng: Random) -> Scene:
    match attribute:
        case "subject" | "colour":
            return _recast(scene, attribute, rng)
        case "count":
            number = int(_other(rng, VALUES["count"], str(scene.count)))
            return replace(scene, figures=scene.figures[:1] * number)
        case "relation":
            assert scene.relation is not None
            # The inverse is the likeliest to be confused.
            inverse = INVERSE[scene.relation]
            rest = tuple(r for r in VALUES["relation"] if r != inverse)
            chosen = inverse if rng.random() < 0.5 else _other(rng, rest, scene.relation)
            return replace(scene, relation=chosen)
        case "setting":
            places = _UNDER_SKY if scene.time else tuple(SETTINGS)
            return replace(scene, setting=_other(rng, places, scene.setting))
        case "time" | "weather" | "style":
            value = getattr(scene, attribute)
            return replace(scene, **{attribute: _other(rng, VALUES[attribute], value)})
        case _:
            raise ValueError(f"{attribute!r} is not one of {', '.join(VALUES)}")


def _recast(scene: Scene, attribute: str, rng: Random) -> Scene:
    values = [getattr(figure, attribute) for figure in scene.figures]
    if attribute == "colour" and len(set(values)) > 1 and rng.random() < 0.5:
        values.reverse()  # a red cat and a blue dog for a blue cat and a red dog
    else:
        new = rng.choice([v for v in VALUES[attribute] if v not in values])
        chosen = rng.randrange(2) if scene.relation else None
        values = [new if chosen in (None, n) else v for n, v in enumerate(values)]
    # Any variant will do that has all of the subject's names.
    return replace(
        scene,
        figures=tuple(
            f if getattr(f, attribute) == value else replace(f, **{attribute: value}, variant=0)
            for f, value in zip(scene.figures, values, strict=True)
        ),
    )


def _other(rng: Random, values: tuple[str, ...], value: str | None) -> str:
    return rng.choice([v for v in values if v != value])
