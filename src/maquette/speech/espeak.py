"""The embedded voice: espeak-ng in a process of its own, small, in over a hundred languages."""

import math
from collections.abc import Iterator, Sequence
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import espeakng_loader
import numpy as np

from maquette.speech.delivering import EMPHASIS_DB, GAP_S
from maquette.speech.espeak_client import EspeakClient
from maquette.speech.espeak_languages import shipped_names
from maquette.speech.espeak_process import WORD
from maquette.speech.joining import join
from maquette.speech.script import Delivery, Piece, Sentence
from maquette.speech.sentences import can_be_said
from maquette.speech.sound import faster, higher
from maquette.speech.voice import SaidWord, Samples, Spoken

LIMIT_S = 20.0  # for a sentence, which takes milliseconds
USUAL_RATE, USUAL_PITCH, USUAL_VOLUME = 175, 50, 60  # louder, it clips
# Within these espeak-ng itself is asked, which is clearer than to stretch what it said. Its words
# a minute are true to a tenth there; its pitch was measured (tests/speech/test_espeak.py).
LEAST_RATE, MOST_RATE = 0.6, 2.0
LEAST_PITCH, MOST_PITCH = -3.0, 8.0
PITCH_A_SEMITONE_BELOW, PITCH_A_SEMITONE_ABOVE = 6.9, 5.6


class EspeakVoice:
    """Says sentences, one at a time. Use as a context manager, or close it.

    Its speakers are the variants of espeak-ng, such as "f3".
    """

    voice_id = "espeak"

    def __init__(self, limit_s: float = LIMIT_S) -> None:
        data = Path(espeakng_loader.get_data_path())
        self.names = shipped_names()
        self._client = EspeakClient(Path(espeakng_loader.get_library_path()), data.parent, limit_s)

    def __enter__(self) -> "EspeakVoice":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends its process."""
        self._client.close()

    def usual_language(self, text: str, speaker: str) -> str:
        """By its letters."""
        return self.names.usual_language(text, speaker)

    def check(self, delivery: Delivery) -> None:
        """Raises InvalidRequest where it has no such speaker or language, naming the nearest."""
        self.names.check(delivery)

    def say(self, sentence: Sentence) -> Spoken:
        """The sentence, with the times of its words. Raises VoiceUnavailable."""
        at, parts = 0, list[tuple[int, Spoken]]()
        for leftover, pieces in groupby(sentence.pieces, key=self._leftover):
            group = tuple(pieces)
            if can_be_said("".join(piece.said for piece in group)):
                parts.append((at, self._say_alike(group, *leftover)))
            at += sum(len(piece.said) for piece in group)
        return join(parts, GAP_S)

    def phonemes(self, text: str, language: str, ipa: bool = True) -> str:
        """How it says a text, in the alphabet of the IPA or in espeak-ng's own, which has tones;
        a clause a line. Raises InvalidRequest for a language it does not know, VoiceUnavailable.
        """
        asked = {"do": "phonemes", "text": text, "voice": self._file(language), "ipa": ipa}
        return self._client.ask(asked, text)[0]["phonemes"]

    def _file(self, language: str) -> str:
        return self.names.files[self.names.code(language)]

    def _leftover(self, piece: Piece) -> tuple[str, float, float]:
        """Its voice, and by how much what espeak-ng says is to be made faster and higher."""
        one = piece.delivery
        voice = self._file(one.language)
        if one.voice != "default":
            voice += f"+{one.voice}"
        rate = one.rate / _within(one.rate, LEAST_RATE, MOST_RATE)
        pitch = one.pitch_semitones - _within(one.pitch_semitones, LEAST_PITCH, MOST_PITCH)
        return voice, rate, pitch

    def _say_alike(self, pieces: Sequence[Piece], voice: str, rate: float, pitch: float) -> Spoken:
        loudest_db = max(piece.delivery.volume_db for piece in pieces)
        text = _Text(pieces, loudest_db)
        asked: dict[str, Any] = {
            "do": "say",
            "text": text.ssml,
            "voice": voice,
            "rate": USUAL_RATE,
            "pitch": USUAL_PITCH,
            "volume": USUAL_VOLUME,
        }
        told, raw = self._client.ask(asked, "".join(piece.said for piece in pieces))
        gain = 0.0 if loudest_db == -math.inf else 10 ** (loudest_db / 20)
        samples: Samples = np.frombuffer(raw, "<i2").astype(np.float32) * np.float32(gain / 32768)
        if rate != 1.0:
            samples = faster(samples, told["rate"], rate)
        if pitch != 0.0:
            samples = higher(samples, told["rate"], pitch)
        words = _words(told["events"], text.places, told["rate"] * rate)
        return Spoken(samples, told["rate"], tuple(words))


def _within(value: float, least: float, most: float) -> float:
    return min(most, max(least, value))


class _Text:
    """What espeak-ng is given, and of each of its characters the place in what is said."""

    def __init__(self, pieces: Sequence[Piece], loudest_db: float) -> None:
        self._parts: list[str] = []
        self.places: list[int] = []
        self._at = 0
        self._add("<speak>")
        for piece in pieces:
            self._add_piece(piece, loudest_db)
        self._add("</speak>")

    @property
    def ssml(self) -> str:
        return "".join(self._parts)

    def _add(self, markup: str) -> None:
        self._parts.append(markup)
        self.places += [self._at] * len(markup)

    def _add_piece(self, piece: Piece, loudest_db: float) -> None:
        one = piece.delivery
        pitch = _within(one.pitch_semitones, LEAST_PITCH, MOST_PITCH)
        slope = PITCH_A_SEMITONE_BELOW if pitch < 0 else PITCH_A_SEMITONE_ABOVE
        softer_db = 0.0 if one.volume_db == loudest_db else one.volume_db - loudest_db
        softer_db += EMPHASIS_DB[one.emphasis]
        volume = round(USUAL_VOLUME * 10 ** (softer_db / 20))
        rate = round(100 * _within(one.rate, LEAST_RATE, MOST_RATE))
        plain = (rate, round(slope * pitch), volume) == (100, 0, USUAL_VOLUME)
        emphatic = one.emphasis != "none"
        if emphatic:
            self._add(f'<emphasis level="{one.emphasis}">')
        if not plain:
            pitch_value = USUAL_PITCH + round(slope * pitch)
            self._add(f'<prosody rate="{rate}%" pitch="{pitch_value}" volume="{volume}">')
        for letter in piece.said:
            self._add(escape(letter))
            self._at += 1
        if not plain:
            self._add("</prosody>")
        if emphatic:
            self._add("</emphasis>")


def _words(
    events: Sequence[tuple[int, int, int]], places: Sequence[int], rate: float
) -> Iterator[SaidWord]:
    """The words of the library's events; a word lasts until the next, or the end of its clause."""
    for (kind, position, sample), (_, _, until) in pairwise(events):
        if kind == WORD and until > sample:
            place = places[min(max(position - 1, 0), len(places) - 1)]
            yield SaidWord(place, sample / rate, until / rate)
