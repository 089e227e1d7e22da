"""What is asked of a writer, and how people and forms put it."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random
from typing import Any, Literal

import yaml

from maquette.world.writing.data import FACTS
from maquette.world.writing.pairs import Language, Pair, fill, say
from maquette.world.writing.products import Facts, Product

FORM_SHARE = 0.45  # of asks that are filled-in forms; the others are sentences


@dataclass(frozen=True, slots=True)
class Length:
    """How many words a text is to have: from `low` to `high`, which `said` puts in one of three
    ways.
    """

    low: int
    high: int
    said: Literal["most", "about", "between"]

    @property
    def slots(self) -> dict[str, Pair]:
        """What fills the patterns of lengths."""
        n = self.high if self.said == "most" else (self.low + self.high) // 2
        numbers = {"n": n, "low": self.low, "high": self.high}
        return {name: Pair(str(number), str(number)) for name, number in numbers.items()}


@dataclass(frozen=True, slots=True)
class Assignment:
    """A piece of copy as it is asked for. `facts` are those that are given, and then no others may
    be claimed; `language` is the text's, `asked_in` the ask's.
    """

    kind: str
    product: Product
    tone: str | None
    facts: Facts
    length: Length | None
    include: Sequence[str]
    avoid: Sequence[str]
    language: Language
    asked_in: Language
    branded: bool  # whether the ask names who makes it


def ask(assignment: Assignment, rng: Random) -> str:
    """The assignment in words."""
    if rng.random() < FORM_SHARE:
        return _form(assignment, rng)
    return _sentences(assignment, rng)


@cache
def asking() -> dict[str, Any]:
    """What `assignments.yaml` says."""
    path = Path(__file__).with_name("assignments.yaml")
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def term(group: str, key: str, rng: Random) -> Pair:
    """One of the names of a kind, a tone or a language."""
    return Pair(*rng.choice(asking()[group][key]))


def put(group: str, rng: Random, language: Language, /, **values: Pair) -> str:
    """One of the ways to say something."""
    return say(Pair(*rng.choice(asking()[group])), values, language)


def _form(assignment: Assignment, rng: Random) -> str:
    said, product = assignment.asked_in, assignment.product
    named = Pair(f"{product.name.en}, {product.a.en}", f"{product.name.zh}，{product.a.zh}")
    lines = [
        _field("what", term("kinds", assignment.kind, rng), said),
        _field("product", named, said),
    ]
    if assignment.branded:
        lines.append(_field("brand", product.brand, said))
    if facts := _facts(assignment, rng):
        lines.append(_field("facts", _same(("; " if said == "en" else "；").join(facts)), said))
    if assignment.tone is not None:
        lines.append(_field("tone", term("tones", assignment.tone, rng), said))
    if assignment.length is not None:
        pattern = Pair(*asking()["form"][assignment.length.said][0])
        lines.append(fill(pattern, assignment.length.slots, said))
    for name, words in (("include", assignment.include), ("avoid", assignment.avoid)):
        if words:
            lines.append(_field(name, _same(_listed(words, said)), said))
    if assignment.language != said or rng.random() < 0.3:
        lines.append(_field("language", term("languages", assignment.language, rng), said))
    return "\n".join(lines)


def _sentences(assignment: Assignment, rng: Random) -> str:
    said, product = assignment.asked_in, assignment.product
    patterns = [
        one
        for one in (Pair(*row) for row in asking()["products"])
        if ("brand" in one.slots) == assignment.branded
    ]
    about = fill(rng.choice(patterns), product.itself, said)
    what = term("kinds", assignment.kind, rng)
    first = put("asks", rng, said, what=what, product=_same(about))
    more: list[str] = []
    if assignment.tone is not None:
        more.append(put("tone", rng, said, tone=term("tones", assignment.tone, rng)))
    if assignment.length is not None:
        more.append(put(assignment.length.said, rng, said, **assignment.length.slots))
    if facts := _facts(assignment, rng):
        more.append(put("facts", rng, said, facts=_same(_listed(facts, said))))
    for name, words in (("include", assignment.include), ("avoid", assignment.avoid)):
        if words:
            more.append(put(name, rng, said, words=_same(_listed(words, said))))
    if assignment.language != said:
        more.append(
            put("language", rng, said, language=term("languages", assignment.language, rng))
        )
    rng.shuffle(more)
    return (" " if said == "en" else "").join([first, *more])


def _facts(assignment: Assignment, rng: Random) -> list[str]:
    facts = [
        one.said(assignment.asked_in) for name in FACTS for one in assignment.facts.get(name, ())
    ]
    rng.shuffle(facts)
    return facts


def _listed(words: Sequence[str], language: Language) -> str:
    return (", " if language == "en" else "、").join(words)


def _field(name: str, value: Pair, language: Language) -> str:
    return fill(Pair(*asking()["form"][name][0]), {"value": value}, language)


def _same(text: str) -> Pair:
    return Pair(text, text)
