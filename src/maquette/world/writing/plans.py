"""A text before it is said: paragraphs of lines, each a pattern with what fills it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random

from maquette.world.writing.data import SLOT_FACTS, patterns
from maquette.world.writing.pairs import Language, Pair, say
from maquette.world.writing.products import Supply

EMPTY, SPACE = Pair("", ""), Pair(" ", "")


@dataclass(frozen=True, slots=True)
class Line:
    """A sentence of a text: which role it plays, in which pattern, with which values."""

    role: str
    pattern: Pair
    values: Mapping[str, Pair]

    def said(self, language: Language) -> str:
        """The line in a language."""
        return say(self.pattern, self.values, language)


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Lines that follow each other, after a label such as "Subject: "; `before` parts it from what
    precedes.
    """

    lines: Sequence[Line]
    label: Pair = EMPTY
    before: str = "\n\n"
    between: Pair = SPACE

    def said(self, language: Language) -> str:
        """The paragraph in a language."""
        lines = self.between.said(language).join(line.said(language) for line in self.lines)
        return self.label.said(language) + lines


@dataclass(frozen=True, slots=True)
class Plan:
    """A whole text, in no language yet."""

    paragraphs: Sequence[Paragraph]

    def said(self, language: Language) -> str:
        """The text in a language."""
        text = ""
        for paragraph in self.paragraphs:
            text += (paragraph.before if text else "") + paragraph.said(language)
        return text

    @property
    def lines(self) -> list[Line]:
        """All lines, in order."""
        return [line for paragraph in self.paragraphs for line in paragraph.lines]

    def with_lines(self, lines: Sequence[Line | None]) -> "Plan":
        """The same paragraphs with other lines, one for each; without those that are None."""
        left = iter(lines)
        paragraphs = []
        for paragraph in self.paragraphs:
            kept = [line for line in (next(left) for _ in paragraph.lines) if line is not None]
            if kept or not paragraph.lines:
                paragraphs.append(replace(paragraph, lines=kept))
        return Plan(paragraphs)


class Writer:
    """Makes lines about one product in one tone; no pattern comes twice."""

    def __init__(self, rng: Random, tone: str, supply: Supply) -> None:
        self._rng, self._tone, self.supply = rng, tone, supply
        self._used: set[Pair] = set()

    def line(self, role: str, needs: str | None = None) -> Line | None:
        """A line of a role that its facts suffice for, with the slot that it `needs`; None where
        there is none.
        """
        fitting = [
            one
            for one in patterns()[self._tone][role]
            if one not in self._used
            and (needs is None or needs in one.slots)
            and self.supply.has(one.slots)
        ]
        if not fitting:
            return None
        telling = [one for one in fitting if one.slots & set(SLOT_FACTS)]
        pattern = self._rng.choice(telling if telling and self._rng.random() < 0.5 else fitting)
        self._used.add(pattern)
        values = self.supply.take(pattern.slots)
        if self._tone == "formal":
            values = {slot: _politely(value) for slot, value in values.items()}
        return Line(role, pattern, values)

    def lines(self, *roles: str) -> list[Line]:
        """A line of each role, of those that can be."""
        made = (self.line(role) for role in roles)
        return [line for line in made if line is not None]

    def facts(self, most: int) -> list[Line]:
        """A line for each fact that is yet to be said, in any order, at most so many."""
        order = [slot for slot, fact in SLOT_FACTS.items() for _ in range(self.supply.left(fact))]
        self._rng.shuffle(order)
        made: list[Line] = []
        for slot in order:
            if len(made) == most:
                break
            if slot == "like" or not self.supply.left(SLOT_FACTS[slot]):
                continue
            line = self.line(slot, slot)
            if line is not None:
                made.append(line)
        return made


def _politely(value: Pair) -> Pair:
    """In formal Chinese the reader is 您, whatever a fact calls them."""
    return Pair(value.en, value.zh.replace("你", "您"))


def said_anew(line: Line, rng: Random, tone: str) -> Line | None:
    """A line of the same role with the same facts in other words, of that tone; None where there is
    none.
    """
    facts = line.pattern.slots & set(SLOT_FACTS)
    others = [
        one
        for one in patterns()[tone].get(line.role, ())
        if one != line.pattern
        and one.slots & set(SLOT_FACTS) == facts
        and one.slots <= set(line.values)
    ]
    return Line(line.role, rng.choice(others), line.values) if others else None
