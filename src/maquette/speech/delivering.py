"""What a voice cannot do itself is done to its samples: pitch, volume, emphasis, maybe speed."""

import math
from collections.abc import Callable
from dataclasses import replace
from itertools import groupby

import numpy as np

from maquette.speech.joining import join
from maquette.speech.script import Delivery, Sentence
from maquette.speech.sentences import can_be_said
from maquette.speech.sound import faster, higher
from maquette.speech.voice import Spoken

GAP_S = 0.05  # where the delivery changes within a sentence
EMPHASIS_DB = {"none": 0.0, "reduced": -3.0, "moderate": 2.0, "strong": 4.0}


def say_by_delivery(
    sentence: Sentence, say: Callable[[str, Delivery], Spoken], has_speed: bool
) -> Spoken:
    """The parts of a sentence with a delivery each, said by a voice that knows of none, or of their
    speed alone.
    """
    at, parts = 0, list[tuple[int, Spoken]]()
    for delivery, pieces in groupby(sentence.pieces, key=lambda piece: piece.delivery):
        text = "".join(piece.said for piece in pieces)
        if can_be_said(text):
            parts.append((at, delivered(say(text, delivery), delivery, has_speed)))
        at += len(text)
    return join(parts, GAP_S)


def delivered(spoken: Spoken, delivery: Delivery, has_speed: bool) -> Spoken:
    """What was said as usual, as it is to be delivered."""
    samples, rate, words = spoken.samples, spoken.rate, spoken.words
    if delivery.rate != 1.0 and not has_speed:
        samples = faster(samples, rate, delivery.rate)
        words = words and tuple(
            replace(w, start_s=w.start_s / delivery.rate, end_s=w.end_s / delivery.rate)
            for w in words
        )
    if delivery.pitch_semitones != 0.0:
        samples = higher(samples, rate, delivery.pitch_semitones)
    volume_db = delivery.volume_db + EMPHASIS_DB[delivery.emphasis]
    gain = 0.0 if volume_db == -math.inf else 10 ** (volume_db / 20)
    return Spoken(samples * np.float32(gain), rate, words)
