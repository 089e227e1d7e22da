"""Scenes that differ in one attribute, so that a caption of the one is false of the other."""

from dataclasses import replace
from random import Random

from maquette.recipes.labels import INVERSE
from maquette.world.captions import VALUES
from maquette.world.scene import Scene
from maquette.world.vocabulary import SETTINGS

_OUTDOORS = tuple(name for name, setting in SETTINGS.items() if setting.has_sky)


def altered(scene: Scene, attribute: str, rng: Random) -> Scene:
    """The scene with another value of one of its attributes (a name in `captions.VALUES`).

    It is there to be spoken of, not to be drawn: figures stay where they were. Of a pair, one of
    the two has another subject or colour.
    """
    match attribute:
        case "subject" | "colour":
            taken = [getattr(figure, attribute) for figure in scene.figures]
            value = rng.choice([v for v in VALUES[attribute] if v not in taken])
            chosen = rng.randrange(2) if scene.relation else None
            figures = tuple(
                replace(f, **{attribute: value}, variant=0) if chosen in (None, n) else f
                for n, f in enumerate(scene.figures)
            )
            return replace(scene, figures=figures)
        case "count":
            number = rng.choice([n for n in range(2, 5) if n != scene.count])
            return replace(scene, figures=scene.figures[:1] * number)
        case "relation":
            assert scene.relation is not None
            # The inverse is the likeliest to be confused: half the time it is that.
            others = [r for r in VALUES["relation"] if r != scene.relation]
            inverse = rng.random() < 0.5
            return replace(
                scene, relation=INVERSE[scene.relation] if inverse else rng.choice(others)
            )
        case "setting":
            return replace(scene, setting=_other(rng, _OUTDOORS, scene.setting))
        case "time":
            return replace(scene, time=_other(rng, VALUES["time"], scene.time))
        case "weather":
            return replace(scene, weather=_other(rng, VALUES["weather"], scene.weather))
        case "style":
            return replace(scene, style=_other(rng, VALUES["style"], scene.style))
        case _:
            raise ValueError(f"{attribute!r} is not one of {', '.join(VALUES)}")


def _other(rng: Random, values: tuple[str, ...], value: str | None) -> str:
    return rng.choice([v for v in values if v != value])
