"""A scene's true answers as class numbers, for the probe that scores pictures."""

import torch

from maquette.recipes.pictures import Item
from maquette.world.scene import Scene
from maquette.world.vocabulary import (
    COLOURS,
    RELATIONS,
    SETTINGS,
    STYLES,
    SUBJECTS,
    TIMES,
    WEATHERS,
)

NOT_ASKED = -100  # what cross-entropy ignores
SUBJECT_NAMES = tuple(SUBJECTS)
COLOUR_NAMES = tuple(COLOURS)
COUNTS = ("1", "2", "3", "4")
CLASSES: dict[str, tuple[str, ...]] = {
    "count": COUNTS,
    "relation": RELATIONS,
    "setting": tuple(SETTINGS),
    "time": TIMES,
    "weather": WEATHERS,
    "style": STYLES,
}
INVERSE = {
    "left of": "right of",
    "right of": "left of",
    "above": "below",
    "below": "above",
    "in front of": "behind",
    "behind": "in front of",
}


def canonical_relation(first: str, second: str, relation: str) -> str:
    """The relation as told from whichever of the two subjects the vocabulary lists first.

    "A left of B" and "B right of A" are one picture, so they must be one class.
    """
    told_first = SUBJECT_NAMES.index(first) < SUBJECT_NAMES.index(second)
    return relation if told_first else INVERSE[relation]


def labels(scene: Scene) -> Item:
    """Class numbers: `cast` (subjects,) is 0 where absent, else 1 + colour; the others are scalars.

    What a scene has no answer to (the weather in space, the count of a pair) is NOT_ASKED.
    """
    cast = torch.zeros(len(SUBJECT_NAMES), dtype=torch.long)
    for figure in scene.figures:
        cast[SUBJECT_NAMES.index(figure.subject)] = 1 + COLOUR_NAMES.index(figure.colour)
    relation = None
    if scene.relation:
        first, second = (f.subject for f in scene.figures)
        relation = canonical_relation(first, second, scene.relation)
    answers = {
        "count": None if scene.relation else str(scene.count),
        "relation": relation,
        "setting": scene.setting,
        "time": scene.time,
        "weather": scene.weather,
        "style": scene.style,
    }
    numbers = {
        name: torch.tensor(NOT_ASKED if answer is None else CLASSES[name].index(answer))
        for name, answer in answers.items()
    }
    return {"cast": cast, **numbers}
