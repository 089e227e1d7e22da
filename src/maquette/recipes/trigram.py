"""A trigram model of words, which the language model is measured beside."""

from collections import Counter
from collections.abc import Iterable, Sequence
from math import log

from maquette.core.measures import words_of

_START, _END = "<s>", "</s>"
SHARES = (0.6, 0.25, 0.1499, 0.0001)  # of trigrams, bigrams, words, and any word there might be
VOCABULARY = 1_000_000  # that there might be


class Trigrams:
    """Counts of one, two and three words, interpolated (Jelinek & Mercer 1980)."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._counts: tuple[Counter[tuple[str, ...]], ...] = (Counter(), Counter(), Counter())
        self._contexts: tuple[Counter[tuple[str, ...]], ...] = (Counter(), Counter(), Counter())
        for text in texts:
            words = _padded(text)
            for place in range(2, len(words)):
                for length in (1, 2, 3):
                    run = tuple(words[place - length + 1 : place + 1])
                    self._counts[length - 1][run] += 1
                    self._contexts[length - 1][run[:-1]] += 1

    def surprise(self, text: str) -> float:
        """Nats that a text takes, its end included."""
        words = _padded(text)
        return -sum(log(self._likelihood(words, place)) for place in range(2, len(words)))

    def _likelihood(self, words: Sequence[str], place: int) -> float:
        likelihood = SHARES[3] / VOCABULARY
        for length, share in zip((3, 2, 1), SHARES, strict=False):
            run = tuple(words[place - length + 1 : place + 1])
            seen = self._contexts[length - 1][run[:-1]]
            if seen:
                likelihood += share * self._counts[length - 1][run] / seen
        return likelihood


def _padded(text: str) -> list[str]:
    return [_START, _START, *(word.lower() for word in words_of(text)), _END]
