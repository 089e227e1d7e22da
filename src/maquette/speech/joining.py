"""Puts what was said apart behind one another, so that nothing is heard of where it was joined."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from maquette.speech.sound import MARGIN_S, at_rate, edges, faded, without_offset
from maquette.speech.voice import SaidWord, Samples, Spoken

EDGE_FADE_S = 0.002  # of what a voice says, which may begin with a hard sound
FADE_IN_S, FADE_OUT_S = 0.005, 0.012  # of the silence around it


def trimmed(spoken: Spoken) -> Spoken:
    """Without the silence around it, but for MARGIN_S on both sides; words are moved along. What is
    silent has no samples.

    A voice may begin or stop in full sound, so its ends are softened before silence is put there.
    """
    rate, margin = spoken.rate, round(MARGIN_S * spoken.rate)
    padded = np.pad(faded(spoken.samples, rate, EDGE_FADE_S, EDGE_FADE_S), margin)
    samples = without_offset(padded, rate)
    first, last = edges(samples[margin : len(samples) - margin], rate)
    if first == last:
        return Spoken(samples[:0], rate, spoken.words and ())
    samples = faded(samples[first : last + 2 * margin], rate, FADE_IN_S, FADE_OUT_S)
    words = spoken.words and _moved(spoken.words, (margin - first) / rate, len(samples) / rate)
    return Spoken(samples, rate, words)


def join(parts: Sequence[tuple[int, Spoken]], gap_s: float) -> Spoken:
    """Parts of a sentence, each with its place in what is said, with a short gap between them. The
    first part's rate is that of all.
    """
    if len(parts) == 1 and parts[0][0] == 0:
        return parts[0][1]
    rate = parts[0][1].rate if parts else 16_000
    joined: list[Samples] = []
    words: list[SaidWord] = []
    told = True
    at_s = 0.0
    for place, spoken in parts:
        part = trimmed(spoken)
        if joined:
            joined.append(np.zeros(round(gap_s * rate), np.float32))
            at_s += len(joined[-1]) / rate
        joined.append(at_rate(part.samples, part.rate, rate))
        length_s = len(joined[-1]) / rate
        told = told and part.words is not None
        words += [
            replace(one, at=place + one.at, start_s=at_s + one.start_s, end_s=at_s + one.end_s)
            for one in part.words or ()
        ]
        at_s += length_s
    samples = np.concatenate(joined) if joined else np.zeros(0, np.float32)
    return Spoken(samples, rate, tuple(words) if told else None)


def _moved(words: Sequence[SaidWord], by_s: float, length_s: float) -> tuple[SaidWord, ...]:
    return tuple(
        replace(
            one,
            start_s=min(max(one.start_s + by_s, 0.0), length_s),
            end_s=min(max(one.end_s + by_s, 0.0), length_s),
        )
        for one in words
    )
