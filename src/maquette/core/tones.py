"""Names the tone of a text by its words: a naive Bayes classifier on runs of words."""

from collections import Counter
from collections.abc import Mapping, Sequence
from math import exp, log

from maquette.core.measures import words_of

RUNS = (1, 2, 3)  # words
SMOOTHING = 0.3


class ToneJudge:
    """What tone a text has, as far as texts of one tone have runs of words in common.

    `counts` are how often a run comes in texts of each tone, by tone.
    """

    def __init__(self, counts: Mapping[str, Mapping[str, int]]) -> None:
        self._counts = counts
        self._known = {run for those in counts.values() for run in those}
        self._totals = {
            tone: sum(those.values()) + SMOOTHING * len(self._known)
            for tone, those in counts.items()
        }

    def name(self, text: str) -> str:
        """The likeliest tone."""
        found = self._likelihoods(text)
        return max(sorted(found), key=found.__getitem__)

    def shares(self, text: str) -> dict[str, float]:
        """How likely each tone is, the likeliest first; all alike where no word is known."""
        found = self._likelihoods(text)
        most = max(found.values())
        weights = {tone: exp(likelihood - most) for tone, likelihood in found.items()}
        total = sum(weights.values())
        return {tone: weights[tone] / total for tone in sorted(weights, key=lambda t: -weights[t])}

    def _likelihoods(self, text: str) -> dict[str, float]:
        runs = [run for run in runs_of(text) if run in self._known]
        return {
            tone: sum(log((those.get(run, 0) + SMOOTHING) / self._totals[tone]) for run in runs)
            for tone, those in self._counts.items()
        }


def telling_runs(counts: Mapping[str, Counter[str]], most: int) -> dict[str, dict[str, int]]:
    """So many runs of at most two words that tell tones apart best, as counts by tone: by how far
    the tone of a run's texts is from what any text's is, times how often it comes.
    """
    totals = {tone: sum(those.values()) for tone, those in counts.items()}
    every = sum(totals.values())
    runs = sum(counts.values(), Counter[str]())

    def tells(run: str) -> float:
        said = sum(
            (n := counts[tone][run]) and n * log(n / runs[run] * every / totals[tone])
            for tone in counts
        )
        return said

    short = [run for run, times in runs.items() if times >= 5 and run.count(" ") < 2]
    kept = sorted(short, key=lambda run: (-tells(run), run))[:most]
    return {tone: {run: those[run] for run in kept if those[run]} for tone, those in counts.items()}


def runs_of(text: str) -> Sequence[str]:
    """The runs of words of a text."""
    words = [word.lower() for word in words_of(text)]
    return [
        " ".join(words[start : start + length])
        for length in RUNS
        for start in range(len(words) - length + 1)
    ]
