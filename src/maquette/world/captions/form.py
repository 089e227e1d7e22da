"""Sentence forms as data: `{slot}` is always filled, `[...{slot}...]` goes where it is unsaid."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from string import Formatter

from maquette.world.scene import Figure

# What a slot states beyond the figures themselves; other slots (who, verb...) always have words.
STATES: dict[str, frozenset[str]] = {
    "where": frozenset({"setting"}),
    "place": frozenset({"setting"}),
    "time": frozenset({"time"}),
    "hour": frozenset({"time"}),
    "weather": frozenset({"weather"}),
    "sky": frozenset({"weather"}),
    "moment": frozenset({"time", "weather"}),
    "style": frozenset({"style"}),
    "label": frozenset({"style"}),
    "fact": frozenset({"relation"}),
}
# Slots that state an attribute if it is to be said and stay neutral otherwise ("a picture").
NEUTRAL: dict[str, frozenset[str]] = {"picture": frozenset({"style"})}
_CIRCUMSTANCES = frozenset({"setting", "time", "weather", "style"})


@dataclass(frozen=True, slots=True)
class Form:
    """One way to put a caption; every piece is (text before, slot or "", text after)."""

    template: str
    pieces: tuple[tuple[str, str, str], ...]
    needs: frozenset[str]  # attributes without which it cannot be said
    covers: frozenset[str]  # attributes it has room for

    def suits(self, said: frozenset[str]) -> bool:
        """Whether this form can say exactly these attributes."""
        return self.needs <= said and said & _CIRCUMSTANCES <= self.covers

    def fill(self, words: Mapping[str, str]) -> str:
        """The text; a piece whose slot has no words is left out."""
        text = "".join(
            before + (words[slot] if slot else "") + after
            for before, slot, after in self.pieces
            if not slot or words[slot]
        )
        return text[0].upper() + text[1:] if text.endswith(".") else text


def parse(template: str) -> Form:
    """The form of a template such as "{who}[ {where}][, {style}]".

    Raises KeyError naming a bracket's slot that states no attribute.
    """
    pieces: list[tuple[str, str, str]] = []
    needs: frozenset[str] = frozenset()
    covers: frozenset[str] = frozenset()
    for chunk in re.split(r"(\[[^\]]*\])", template):
        if chunk.startswith("["):
            before, slot, after = re.split(r"\{(\w+)\}", chunk[1:-1])
            pieces.append((before, slot, after))
            covers |= STATES[slot]
            continue
        for literal, slot, _, _ in Formatter().parse(chunk):
            pieces.append((literal, slot or "", ""))
            needs |= STATES.get(slot or "", frozenset())
            covers |= NEUTRAL.get(slot or "", frozenset())
    return Form(template, tuple(pieces), needs, covers | needs)


def pick(rng: Random, words: tuple[str, ...]) -> str:
    """The first, canonical word three times in five, else one of its synonyms."""
    if len(words) == 1 or rng.random() < 0.6:
        return words[0]
    return words[1 + int(rng.random() * (len(words) - 1))]


def true_nouns(
    nouns: Mapping[str, tuple[str, ...]],
    untrue: Mapping[tuple[str, int], tuple[str, ...]],
    figure: Figure,
) -> tuple[str, ...]:
    """The subject's nouns without those that its drawn variant belies."""
    belied = untrue.get((figure.subject, figure.variant), ())
    return tuple(noun for noun in nouns[figure.subject] if noun not in belied)
