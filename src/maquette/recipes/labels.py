"""A scene's true answers as class numbers: of the whole, and of each part of an 8 × 8 grid."""

import torch
import torch.nn.functional as F
from torch import Tensor

from maquette.recipes.pictures import Item
from maquette.train.batch import Metrics
from maquette.world.captions import VALUES, attributes
from maquette.world.scene import Figure, Scene

NOT_ASKED = -100  # what cross-entropy ignores
GRID = 8  # parts a side
SUBJECT_NAMES, COLOUR_NAMES = VALUES["subject"], VALUES["colour"]
NO_SUBJECT = len(SUBJECT_NAMES)
# What a picture is asked as a whole.
CLASSES = {name: values for name, values in VALUES.items() if name not in ("subject", "colour")}
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
    """Class numbers of a scene's attributes as scalars, and what its parts show as `cells`.

    `cells` and `cell_colours` are (GRID, GRID): the subject in the middle of whose figure a part
    of the picture lies, or NO_SUBJECT where no figure is near, and that figure's colour.
    What has no answer (the weather in space, the count of a pair, a figure's rim) is NOT_ASKED.
    """
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
    cells, colours = _cells(scene)
    return {"cells": cells, "cell_colours": colours, **numbers}


# What a caption may say, in the order of `said`.
SAID: dict[str, tuple[str, ...]] = {
    "subject": SUBJECT_NAMES,
    "colour": COLOUR_NAMES,
    "second_subject": SUBJECT_NAMES,
    "second_colour": COLOUR_NAMES,
    **CLASSES,
}


def said(scene: Scene, mentions: frozenset[str]) -> Tensor:
    """Class numbers of what a caption with these mentions says: (len(SAID),), NOT_ASKED where it
    says nothing.
    """
    values = attributes(scene)
    found: dict[str, str] = {}
    for name, value in values.items():
        if name in mentions and isinstance(value, tuple):
            found |= dict(zip((name, f"second_{name}"), value, strict=False))
        elif name in mentions and name in CLASSES:
            found[name] = str(value)
    return torch.tensor(
        [known.index(found[n]) if n in found else NOT_ASKED for n, known in SAID.items()]
    )


def _reach(figure: Figure, side: int) -> Tensor:
    """How far each part of a grid is from a figure's middle, as a square grows: (side, side)."""
    middles = (torch.arange(side) + 0.5) / side
    across = (middles - figure.x).abs()[None, :]
    down = (middles - figure.y + figure.height / 2).abs()[:, None]
    return torch.maximum(across, down)


def _cells(scene: Scene) -> tuple[Tensor, Tensor]:
    cells = torch.full((GRID, GRID), NO_SUBJECT)
    colours = torch.full((GRID, GRID), NOT_ASKED)
    # As they are drawn: what stands lower in the picture is nearer and covers the rest.
    for figure in sorted(scene.figures, key=lambda f: f.y):
        reach = _reach(figure, GRID)
        near = reach < 0.5 * figure.height + 0.5 / GRID
        cells[near & (cells == NO_SUBJECT)] = NOT_ASKED
        # At least the part that holds the figure's middle.
        middle = reach <= max(0.25 * figure.height, 0.5 / GRID)
        cells[middle] = SUBJECT_NAMES.index(figure.subject)
        colours[middle] = COLOUR_NAMES.index(figure.colour)
    return cells, colours


def figure_mask(scene: Scene, side: int) -> Tensor:
    """Where a scene's figures are drawn, on a grid of `side` parts a side: (side, side) bool."""
    mask = torch.zeros(side, side, dtype=torch.bool)
    for figure in scene.figures:
        mask |= _reach(figure, side) < 0.5 * figure.height + 0.5 / side
    return mask


def parts_loss(subjects: Tensor, colours: Tensor, batch: Item) -> tuple[Tensor, Metrics]:
    """Cross-entropy of what each part shows, and the shares right among the parts with a figure.

    subjects: (B, NO_SUBJECT + 1, GRID, GRID) logits; colours: (B, colours, GRID, GRID).
    """
    # Most parts of a picture show no subject: weigh the others up.
    weight = torch.ones(NO_SUBJECT + 1, device=subjects.device)
    weight[NO_SUBJECT] = 0.15
    truth, tints = batch["cells"], batch["cell_colours"]
    value = F.cross_entropy(subjects.float(), truth, weight)
    value = value + F.cross_entropy(colours.float(), tints)
    shown = tints != NOT_ASKED
    figures = {
        "subject_parts": (shown & (subjects.argmax(1) == truth)).sum() / shown.sum(),
        "colour_parts": (shown & (colours.argmax(1) == tints)).sum() / shown.sum(),
    }
    return value, figures
