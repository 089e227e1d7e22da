"""Sentences that a language model has from its lessons, word for word, and what keeps it off."""

from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import chain
from multiprocessing import get_context
from pathlib import Path

from maquette.core.measures import count_words, sentences
from maquette.decoding.learned import LONG_WORDS, write_learned
from maquette.world.writing.fixed import is_fixed, without_label
from maquette.world.writing.lessons import lesson

_LOOK = 1_000  # lessons between two words of how far it is
_ENDS = ".!?。！？… "


@dataclass(frozen=True, slots=True)
class Copies:
    """The copied sentences of texts: those that the grammar has whole, with nothing drawn in them;
    those that the ask has, too; and the others.
    """

    fixed: Sequence[str]
    given: Sequence[str]
    others: Sequence[str]


def long_sentences(text: str) -> list[str]:
    """Those that count as copied where a lesson has them."""
    return [one for one in sentences(text) if count_words(one) > LONG_WORDS]


def learned_among(
    said: Collection[str],
    lessons: int,
    on_lesson: Callable[[int, int], None] = lambda done, total: None,
) -> frozenset[str]:
    """Those of these sentences that an answer of the first so many lessons has. No lesson is kept,
    so that more cost but the time of writing them: half a millisecond each. An update of the
    training has 27.5 of them, and the first 8,820 had 243,000.
    """
    left, found = {*said}, set[str]()
    for number in range(lessons):
        for one in left.intersection(sentences(lesson(number).answer)):
            left.remove(one)
            found.add(one)
        if (number + 1) % _LOOK == 0 or number + 1 == lessons:
            on_lesson(number + 1, lessons)
    return frozenset(found)


def keep_learned(folder: Path, lessons: range, workers: int = 0) -> None:
    """Writes the long sentences of the lessons that a model had beside its weights, so that copy
    has none of them; but for those that the grammar has whole, which all may say. The lessons are
    written by `workers` processes, or in this one.
    """
    parts = [lessons[at : at + _LOOK] for at in range(0, len(lessons), _LOOK)]
    if workers:
        with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
            found = {*chain.from_iterable(pool.map(_long_sentences_of, parts))}
    else:
        found = {*chain.from_iterable(map(_long_sentences_of, parts))}
    write_learned(folder, [one for one in found if not is_fixed(one)])


def _long_sentences_of(lessons: range) -> set[str]:
    return {one for number in lessons for one in long_sentences(lesson(number).answer)}


def copies_in(texts: Sequence[tuple[str, str]], learned: Collection[str]) -> Copies:
    """What of texts, each after its ask, is among learned sentences."""
    fixed: list[str] = []
    given: list[str] = []
    others: list[str] = []
    for asked, text in texts:
        for one in long_sentences(text):
            if one not in learned:
                continue
            is_given = without_label(one).strip(_ENDS).casefold() in asked.casefold()
            (fixed if is_fixed(one) else given if is_given else others).append(one)
    return Copies(fixed, given, others)
