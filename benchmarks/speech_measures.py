"""How speech is measured: clicks at its joins, times of its words, and what is understood of it."""

import random
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pocketsphinx import Decoder
from scipy.signal import butter, sosfiltfilt

from maquette.speech.narrate import Narration
from maquette.speech.sound import MARGIN_S, at_rate
from maquette.speech.voice import Samples

CLICK_HZ = 1000.0  # above which a click has its energy, and the hum of a voice has none
AROUND_S = 0.005
HEARD_RATE = 16_000  # of the recogniser's model
# A room and a microphone are never silent; digital silence misleads a recogniser that learned from
# recordings. Speech at -16 LUFS is some 35 dB above this.
ROOM_DBFS = -50.0
ROOM_S = 0.3
DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
DIGIT_GRAMMAR = f"#JSGF V1.0;\ngrammar digits;\npublic <digits> = ({' | '.join(DIGITS)})+ ;\n"
SLOTS = {
    "size": ("small", "old", "big", "new"),
    "colour": ("red", "blue", "white", "black", "green"),
    "thing": ("boat", "dog", "cat", "car", "train", "child", "bird", "house"),
    "verb": ("is", "sleeps", "waits", "stands", "stays"),
    "where": ("on", "under", "near", "behind", "by"),
    "place": ("sea", "tree", "bridge", "window", "door", "hill", "river", "garden"),
    "when": ("tonight", "today", "in the morning", "before seven", "at nine"),
}
SENTENCE_GRAMMAR = (
    "#JSGF V1.0;\ngrammar sentences;\n"
    + "".join(f"<{name}> = {' | '.join(words)} ;\n" for name, words in SLOTS.items())
    + "public <sentence> = the [<size>] [<colour>] <thing> <verb> <where> the <place> [<when>] ;\n"
)


def click_db(samples: Samples, rate: int, joins_s: Sequence[float]) -> float:
    """The worst of the joins: the power above CLICK_HZ within AROUND_S of it, beside that of all
    speech, in dB. Raises ValueError where there is no join.
    """
    sections = butter(4, CLICK_HZ, "highpass", fs=rate, output="sos")
    high = np.square(sosfiltfilt(sections, samples))
    speech = high[np.abs(samples) > 10 ** (-50 / 20)].mean()
    around = round(AROUND_S * rate)
    joins = [round(at * rate) for at in joins_s]
    powers = [high[max(0, at - around) : at + around].mean() for at in joins]
    return 10 * np.log10(max(1e-15, *powers, 0.0) / speech)


def joins_s(narration: Narration) -> list[float]:
    """Where sentences were joined to the pauses between them."""
    ends = [one.end_s + MARGIN_S for one in narration.sentences[:-1]]
    return ends + [one.start_s - MARGIN_S for one in narration.sentences[1:]]


def bursts_s(samples: Samples, rate: int, least_pause_s: float) -> list[tuple[float, float]]:
    """From when to when something is heard between pauses that are at least so long: by the energy
    in 5 ms, 40 dB below the loudest.
    """
    size = round(0.005 * rate)
    frames = np.square(samples[: len(samples) // size * size].reshape(-1, size)).mean(axis=1)
    loud = np.flatnonzero(frames > frames.max() * 1e-4)
    cuts = np.flatnonzero(np.diff(loud) * 0.005 > least_pause_s)
    starts, ends = loud[[0, *(cuts + 1)]], loud[[*cuts, len(loud) - 1]] + 1
    return [(float(s) * 0.005, float(e) * 0.005) for s, e in zip(starts, ends, strict=True)]


def digit_texts(count: int, length: int = 6) -> list[str]:
    """Digits in words, the same each time."""
    rng = random.Random(0)
    return [" ".join(rng.choices(DIGITS, k=length)) for _ in range(count)]


def sentence_texts(count: int) -> list[str]:
    """Short sentences of SENTENCE_GRAMMAR, the same each time."""
    rng = random.Random(0)

    def one_of(name: str, share: float = 1.0) -> str:
        return f" {rng.choice(SLOTS[name])}" if rng.random() < share else ""

    return [
        f"the{one_of('size', 0.5)}{one_of('colour', 0.5)}{one_of('thing')}{one_of('verb')}"
        f"{one_of('where')} the{one_of('place')}{one_of('when', 0.5)}"
        for _ in range(count)
    ]


class Recogniser:
    """pocketsphinx with its own English model, which knows nothing of ours; it chooses among what
    a grammar of JSGF allows.
    """

    def __init__(self, grammar: str, folder: Path) -> None:
        path = folder / "grammar.jsgf"
        path.write_text(grammar)
        self._decoder = Decoder(jsgf=str(path), samprate=HEARD_RATE, loglevel="FATAL")

    def hear(self, narration: Narration) -> str:
        """What it understands."""
        samples = in_a_room(at_rate(narration.samples, narration.rate, HEARD_RATE))
        raw = (np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes()
        self._decoder.start_utt()
        self._decoder.process_raw(raw, full_utt=True)
        self._decoder.end_utt()
        heard = self._decoder.hyp()
        return heard.hypstr if heard else ""


def in_a_room(samples: Samples) -> NDArray[np.float64]:
    """With the noise of a quiet room, before and after too."""
    padded = np.pad(samples, round(ROOM_S * HEARD_RATE))
    noise = np.random.default_rng(0).normal(size=len(padded)) * 10 ** (ROOM_DBFS / 20)
    return padded + noise


def word_errors(said: str, heard: str) -> int:
    """The fewest words that are to be put in, left out or changed (Levenshtein)."""
    ours, theirs = said.split(), heard.split()
    row = list(range(len(theirs) + 1))
    for i, one in enumerate(ours, 1):
        above, row = row, [i]
        for j, other in enumerate(theirs, 1):
            row.append(min(above[j] + 1, row[-1] + 1, above[j - 1] + (one != other)))
    return row[-1]


def understood(said: Sequence[str], heard: Sequence[str]) -> float:
    """The share of words that were understood."""
    errors = sum(word_errors(*pair) for pair in zip(said, heard, strict=True))
    return 1 - errors / sum(len(text.split()) for text in said)
