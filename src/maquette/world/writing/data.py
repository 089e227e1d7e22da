"""The words of the grammar, read from the YAML beside it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from maquette.world.writing.pairs import Pair

FACTS = ("does", "has", "benefits", "moments", "who", "materials", "like")
# What a slot of a pattern is filled from; the others are of the product itself.
SLOT_FACTS = {
    "does": "does",
    "has": "has",
    "benefit": "benefits",
    "moment": "moments",
    "who": "who",
    "material": "materials",
    "like": "like",
}

_HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Category:
    """A kind of product, and all that may be said of one."""

    key: str
    noun: Pair
    a: Pair
    kin: str
    facts: Mapping[str, Sequence[Pair]]  # by FACTS


@dataclass(frozen=True, slots=True)
class Figure:
    """One of a story's cast."""

    a: Pair
    the: Pair
    trait: Pair
    wants: Sequence[Pair]
    can: Sequence[Pair]


@dataclass(frozen=True, slots=True)
class Stories:
    """What stories of the picture-book world are made of."""

    names: Sequence[Pair]
    cast: Mapping[str, Figure]
    places: Mapping[str, Mapping[str, Pair]]
    patterns: Mapping[str, Sequence[Pair]]


@cache
def categories() -> Mapping[str, Category]:
    """All kinds of product by their keys, in order."""
    found: dict[str, Category] = {}
    for path in sorted((_HERE / "products").glob("*.yaml")):
        for key, one in _read(path).items():
            facts = {name: _pairs(one[name]) for name in FACTS}
            found[key] = Category(key, Pair(*one["noun"]), Pair(*one["a"]), one["kin"], facts)
    return dict(sorted(found.items()))


@cache
def patterns() -> Mapping[str, Mapping[str, Sequence[Pair]]]:
    """Sentence patterns by tone and role."""
    return {
        path.stem: {role: _pairs(those) for role, those in _read(path).items()}
        for path in sorted((_HERE / "patterns").glob("*.yaml"))
    }


@cache
def stories() -> Stories:
    """What `stories.yaml` says."""
    read = _read(_HERE / "stories.yaml")
    cast = {
        key: Figure(
            Pair(*one["a"]),
            Pair(*one["the"]),
            Pair(*one["is"]),
            _pairs(one["wants"]),
            _pairs(one["can"]),
        )
        for key, one in read["cast"].items()
    }
    places = {
        key: {name: Pair(*pair) for name, pair in one.items()}
        for key, one in read["places"].items()
    }
    told = {stage: _pairs(those) for stage, those in read["patterns"].items()}
    return Stories(_pairs(read["names"]), cast, places, told)


@cache
def phrases() -> Mapping[str, Sequence[Pair]]:
    """The fixed phrases of layouts, instructions and talk, by what they are for."""
    return {name: _pairs(those) for name, those in _read(_HERE / "phrases.yaml").items()}


@cache
def talk() -> Mapping[str, Mapping[str, Sequence[Sequence[str]]]]:
    """What `talk.yaml` says: asks and answers, by topic."""
    return _read(_HERE / "talk.yaml")


def _read(path: Path) -> dict[str, Any]:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def _pairs(rows: Sequence[Sequence[str]]) -> tuple[Pair, ...]:
    return tuple(Pair(*row) for row in rows)
