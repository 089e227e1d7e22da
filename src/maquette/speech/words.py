"""From when words of what is said are heard to when those that are shown are."""

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

import numpy as np

from maquette.speech.script import Sentence
from maquette.speech.sentences import WIDE, can_be_said, weight
from maquette.speech.sound import FRAME_S, loud_frames
from maquette.speech.voice import Spoken

GAP_S, NEAR_S = 0.08, 0.08
# A word with the punctuation around it; of a language without spaces, a character.
_WORD = re.compile(f"[^\\w\\s]*[{WIDE}][^\\w\\s]*|[^\\s{WIDE}]+")


@dataclass(frozen=True, slots=True)
class Heard:
    """A text, and from when to when it is heard."""

    text: str
    start_s: float
    end_s: float


def shown_words(sentence: Sentence, spoken: Spoken) -> tuple[Heard, ...]:
    """The words of a sentence as they are written; none where the voice cannot tell their times.

    What the voice says as one has its time shared out by length. A word begins where something is
    heard and ends where it falls silent.
    """
    found = [one for one in _WORD.finditer(sentence.shown) if can_be_said(one[0])]
    if not spoken.words or not found:
        return ()
    starts = [one.start() for one in found]
    heard: list[tuple[float, float] | None] = [None] * len(found)
    places = _Places(sentence)
    for word in spoken.words:
        number = max(0, bisect_right(starts, places.shown(word.at)) - 1)
        if places.shown(word.at) >= found[number].end() and number + 1 < len(found):
            number += 1  # it was placed in the space before
        before = heard[number]
        heard[number] = (before[0] if before else word.start_s, word.end_s)
    texts = [one[0] for one in found]
    loud_s = np.flatnonzero(loud_frames(spoken.samples, spoken.rate)) * FRAME_S
    return tuple(
        Heard(text, *_heard_within(loud_s, *times))
        for text, times in zip(texts, _at_onsets(_shared(texts, heard), loud_s), strict=True)
    )


class _Places:
    """Places in what is shown, for those in what is said."""

    def __init__(self, sentence: Sentence) -> None:
        self._pieces = sentence.pieces
        self._said = [0, *accumulate(len(one.said) for one in self._pieces)]
        self._shown = [0, *accumulate(len(one.shown) for one in self._pieces)]

    def shown(self, said: int) -> int:
        number = min(bisect_right(self._said, said) - 1, len(self._pieces) - 1)
        within = 0 if self._pieces[number].whole else said - self._said[number]
        return self._shown[number] + within


def _shared(
    texts: Sequence[str], heard: Sequence[tuple[float, float] | None]
) -> list[tuple[float, float]]:
    """The times of all words: those without share that of the one before, or of the first."""
    known = [number for number, times in enumerate(heard) if times is not None]
    groups = [0, *known[1:], len(texts)]
    times: list[tuple[float, float]] = []
    for (first, last), number in zip(pairwise(groups), known, strict=True):
        start_s, end_s = heard[number] or (0.0, 0.0)
        weights = [weight(text) for text in texts[first:last]]
        borders = [
            start_s,
            *(start_s + (end_s - start_s) * w / sum(weights) for w in accumulate(weights)),
        ]
        times += pairwise(borders)
    return times


def _at_onsets(times: list[tuple[float, float]], loud_s: np.ndarray) -> list[tuple[float, float]]:
    """The times, with the borders between words moved to where sound sets in after a pause, where
    that is near: a voice tells them from its plan, and what it says is some milliseconds off.
    """
    onsets = loud_s[np.diff(loud_s, prepend=-GAP_S) > GAP_S]
    moved = times[:]
    for number, (start_s, end_s) in enumerate(times):
        near = onsets[np.abs(onsets - start_s) < NEAR_S]
        if len(near) and near[-1] < end_s:
            at = float(near[np.abs(near - start_s).argmin()])
            moved[number] = (at, end_s)
            if number and times[number - 1][1] > at > moved[number - 1][0]:
                moved[number - 1] = (moved[number - 1][0], at)
    return moved


def _heard_within(loud_s: np.ndarray, start_s: float, end_s: float) -> tuple[float, float]:
    """The first and the last moment between two in which something is heard; both where nothing
    is. `loud_s` is when the frames begin in which it is.
    """
    frames = loud_s[(loud_s > start_s - FRAME_S) & (loud_s < end_s)]
    if not len(frames):
        return start_s, end_s
    return max(start_s, float(frames[0])), min(end_s, float(frames[-1]) + FRAME_S)
