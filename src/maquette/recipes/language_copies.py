"""Sentences that a language model has word for word from its lessons, and of what sort they are."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from maquette.core.measures import count_words, sentences
from maquette.world.writing.fixed import is_fixed, without_label
from maquette.world.writing.lessons import lesson

LONG_WORDS = 12  # a sentence of more that is in a lesson was copied
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
