"""Sentences that the grammar has as a whole: none of their words is drawn."""

import re
from collections.abc import Iterator
from functools import cache
from itertools import chain

from maquette.core.measures import sentences
from maquette.world.writing.data import patterns, phrases, stories, talk
from maquette.world.writing.pairs import Language, Pair, say

_PATTERN = re.compile(r"\{[^}]*\}")
_SLOT = "\x1a"  # stands for what is drawn, so that sentences can be told apart


def is_fixed(sentence: str) -> bool:
    """Whether a sentence, without the label that a layout puts before it, is one that lessons have
    whatever they are about.
    """
    return not fixed_sentences().isdisjoint((sentence, without_label(sentence)))


def without_label(sentence: str) -> str:
    """A sentence without what its layout puts first, such as "Voice: " or "- "."""
    return next((sentence[len(one) :] for one in _labels() if sentence.startswith(one)), sentence)


@cache
def fixed_sentences() -> frozenset[str]:
    """Of all patterns of copy, layouts, tales and talk the sentences without slots."""
    languages: tuple[Language, ...] = ("en", "zh")
    return frozenset(
        sentence
        for pair in _every_pattern()
        for language in languages
        for sentence in sentences(say(_masked(pair), {}, language))
        if _SLOT not in sentence
    )


def _masked(pair: Pair) -> Pair:
    """A pattern with a mark where it has slots."""
    return Pair(*(_PATTERN.sub(_SLOT, side) for side in (pair.en, pair.zh)))


def _every_pattern() -> Iterator[Pair]:
    by_tone = (those for roles in patterns().values() for those in roles.values())
    yield from chain.from_iterable(chain(by_tone, phrases().values()))
    yield from chain.from_iterable(stories().patterns.values())
    yield from (Pair(*row) for topic in talk().values() for row in topic["answers"])


@cache
def _labels() -> tuple[str, ...]:
    """What stands before sentences in layouts, the longest first."""
    pairs = chain.from_iterable(phrases().values())
    sides = {side for pair in pairs for side in (pair.en, pair.zh)}
    labels = {one for one in sides if one.endswith((" ", "：")) and not _PATTERN.search(one)}
    return tuple(sorted(labels | {"- ", "# ", "## "}, key=len, reverse=True))
