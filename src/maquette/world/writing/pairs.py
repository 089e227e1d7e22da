"""What is said in both languages, and how the slots of a pattern are filled."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import Literal

Language = Literal["en", "zh"]

_SLOT = re.compile(r"\{(\w+)\}")
_NUMBER = re.compile(r"\{n(?::(\d+)-(\d+))?\}")
_SENTENCE_START = re.compile(r"(^(?:- |[“\"])?|[.!?]”? |\n)([a-z])")


@dataclass(frozen=True, slots=True)
class Pair:
    """The same in English and in Simplified Chinese; a pattern where it has `{slots}`."""

    en: str
    zh: str

    def said(self, language: Language) -> str:
        """This in one of the languages."""
        return self.en if language == "en" else self.zh

    @property
    def slots(self) -> frozenset[str]:
        """The names of the slots of either side."""
        return frozenset(_SLOT.findall(self.en)) | frozenset(_SLOT.findall(self.zh))

    def settled(self, rng: Random) -> "Pair":
        """This with `{n:LOW-HIGH}`, or `{n}` on the other side, the same number on both."""
        bounds = [found for found in _NUMBER.findall(self.en + self.zh) if found[0]]
        if not bounds:
            return self
        low, high = map(int, bounds[0])
        number = str(rng.randint(low, high))
        return Pair(_NUMBER.sub(number, self.en), _NUMBER.sub(number, self.zh))


def fill(pattern: Pair, values: Mapping[str, Pair], language: Language) -> str:
    """A pattern as part of a text. Raises KeyError naming a slot that has no value."""
    return _SLOT.sub(lambda slot: values[slot[1]].said(language), pattern.said(language))


def say(pattern: Pair, values: Mapping[str, Pair], language: Language) -> str:
    """A pattern as sentences, which in English begin with capitals; raises as `fill` does."""
    text = fill(pattern, values, language)
    if language == "zh":
        return text
    return _SENTENCE_START.sub(lambda found: found[1] + found[2].upper(), text)
