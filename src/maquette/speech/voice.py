"""What all voices have in common: they say sentences, and tell the times of words if they can."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from maquette.speech.reading import Speaker
from maquette.speech.script import Sentence

Samples = NDArray[np.float32]  # (T,), one channel; full scale is from -1 to 1


@dataclass(frozen=True, slots=True)
class SaidWord:
    """From when to when a word is heard, in seconds of the samples, and its place in what is said:
    the number of characters before it.
    """

    at: int
    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class Spoken:
    """A sentence as samples, `rate` of them a second. A voice that knows no `words` says None."""

    samples: Samples
    rate: int
    words: Sequence[SaidWord] | None


class Voice(Speaker, Protocol):
    """Something that speaks."""

    @property
    def voice_id(self) -> str:
        """What messages call it."""
        ...

    def say(self, sentence: Sentence) -> Spoken:
        """Raises InvalidRequest where the sentence cannot be said, VoiceUnavailable where what
        speaks fails.
        """
        ...
