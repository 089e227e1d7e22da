"""Scores pictures against what they should show, by the probe's answers."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import torch
from PIL import Image
from torch import Tensor

from maquette.core.errors import InvalidRequest
from maquette.recipes.labels import (
    CLASSES,
    COLOUR_NAMES,
    SUBJECT_NAMES,
    canonical_relation,
)
from maquette.recipes.pictures import to_tensor
from maquette.recipes.probe import Probe
from maquette.world.captions import attributes
from maquette.world.scene import Scene

CATEGORIES = ("subject", "colour", *CLASSES)
Answers = dict[str, Tensor]  # the probe's logits, rows are pictures


@dataclass(frozen=True, slots=True)
class Expectation:
    """What a picture should show; absent categories are not scored.

    `subject` and `colour` are one, or two in the order the relation speaks of.
    """

    subject: tuple[str, ...] = ()
    colour: tuple[str, ...] = ()
    other: Mapping[str, str] | None = None  # count, relation, setting, time, weather, style

    @classmethod
    def of(cls, scene: Scene, mentions: Iterable[str]) -> "Expectation":
        """What a caption with these mentions asks for."""
        said, values = set(mentions), attributes(scene)
        other = {n: str(values[n]) for n in CLASSES if n in said and values[n] is not None}
        subject, colour = values["subject"], values["colour"]
        assert isinstance(subject, tuple)
        assert isinstance(colour, tuple)
        return cls(subject, colour if "colour" in said else (), other)

    @classmethod
    def parse(cls, given: Mapping[str, object]) -> "Expectation":
        """From JSON. Raises InvalidRequest naming a category or value that is unknown."""
        known = {
            "subject": SUBJECT_NAMES,
            "colour": COLOUR_NAMES,
            **CLASSES,
        }
        values: dict[str, tuple[str, ...]] = {}
        for category, value in given.items():
            if category not in known:
                raise InvalidRequest(
                    f"expect has unknown category {category!r}; use {', '.join(CATEGORIES)}"
                )
            listed = value if isinstance(value, list) else [value]
            values[category] = tuple(str(v) for v in listed)
            if not listed or (len(listed) > 1 and category not in ("subject", "colour")):
                raise InvalidRequest(f"{category} must be one value, not {len(listed)}")
            for name in values[category]:
                if name not in known[category]:
                    choices = ", ".join(known[category])
                    raise InvalidRequest(f"{category} {name!r} is not one of {choices}")
        subject, colour = values.pop("subject", ()), values.pop("colour", ())
        if len(set(subject)) < len(subject):
            raise InvalidRequest(f"subject {subject[0]!r} is named twice; give a count instead")
        if colour and len(colour) != len(subject):
            raise InvalidRequest(f"{len(colour)} colours for {len(subject)} subjects; give as many")
        if "relation" in values and len(subject) != 2:
            raise InvalidRequest("a relation needs a list of two subjects")
        return cls(subject, colour, {n: v[0] for n, v in values.items()})


@torch.inference_mode()
def ask(probe: Probe, pictures: Sequence[Image.Image]) -> tuple[Answers, Tensor]:
    """The probe's logits and mean features (N, D) of pictures, which it sees at 256 px."""
    import numpy as np

    answers: list[Answers] = []
    features: list[Tensor] = []
    for start in range(0, len(pictures), 16):
        some = [p.convert("RGB").resize((256, 256)) for p in pictures[start : start + 16]]
        pixels = torch.stack([to_tensor(np.array(p)) for p in some])
        answers.append(probe(pixels))
        features.append(answers[-1].pop("features"))
    joined = {name: torch.cat([a[name] for a in answers]) for name in answers[0]}
    return joined, torch.cat(features)


def score(answers: Answers, row: int, expected: Expectation) -> dict[str, bool]:
    """Whether each expected category is right in picture `row`.

    A subject more than was asked for is not counted against the picture. A colour is read where the
    subject asked for seems likeliest, a relation only where both subjects are right.
    """
    right: dict[str, bool] = {}
    numbers = [SUBJECT_NAMES.index(s) for s in expected.subject]
    if numbers:
        present = answers["subject"][row].topk(len(numbers)).indices.tolist()
        right["subject"] = set(present) == set(numbers)
    if expected.colour:
        named = [COLOUR_NAMES[int(answers["colour"][row, n].argmax())] for n in numbers]
        right["colour"] = tuple(named) == expected.colour
    for category, value in (expected.other or {}).items():
        if category == "relation":
            value = canonical_relation(*expected.subject, value)
        answer = CLASSES[category][int(answers[category][row].argmax())]
        right[category] = answer == value and (category != "relation" or right["subject"])
    return right


def accuracy(results: Iterable[Mapping[str, bool]]) -> dict[str, float]:
    """The share right of each category over the pictures asked about it, and their mean."""
    listed = list(results)
    table: dict[str, float] = {}
    for category in CATEGORIES:
        asked = [r[category] for r in listed if category in r]
        if asked:
            table[category] = sum(asked) / len(asked)
    if table:
        table["mean"] = sum(table.values()) / len(table)
    return table


def frechet_distance(first: Tensor, second: Tensor) -> float:
    """Distance of two feature sets (N, D), (M, D) seen as Gaussians (Heusel et al. 2017)."""
    a, b = first.double(), second.double()
    cov_a, cov_b = torch.cov(a.T), torch.cov(b.T)
    # The trace of the root of cov_a cov_b is the sum of the roots of its eigenvalues.
    roots = torch.linalg.eigvals(cov_a @ cov_b).real.clamp(min=0).sqrt().sum()
    means = (a.mean(0) - b.mean(0)).square().sum()
    return float(means + cov_a.trace() + cov_b.trace() - 2 * roots)
