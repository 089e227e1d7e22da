"""Kokoro's voices: a small network in an ONNX file, and a file of styles for each speaker.

What it is given is what its own pipeline gives it (https://github.com/hexgrad/kokoro): the ids of
phonemes between two zeros, the style that the speaker has for so many, and the speed.
"""

import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import onnxruntime

from maquette.core.errors import InvalidRequest, VoiceUnavailable, WeightsDamaged, first_line
from maquette.core.speech_requests import DEFAULT_VOICE
from maquette.speech.delivering import say_by_delivery
from maquette.speech.kokoro_config import POSITIONS, STYLE, KokoroConfig
from maquette.speech.kokoro_phonemes import kokoro_phonemes
from maquette.speech.own_voices import OwnVoice
from maquette.speech.phonemes import Phonemes
from maquette.speech.script import Delivery, Sentence
from maquette.speech.sound import faster
from maquette.speech.voice import Samples, Spoken

RATE = 24_000
PAD = 0
# At other speeds it was not taught to speak, so what it says is stretched.
LEAST_SPEED, MOST_SPEED = 0.5, 2.0


class KokoroVoice:
    """A voice from its folder; `ipa` and `own` are espeak-ng's phonemes by text and language, in
    the alphabet of the IPA and in its own. It tells no times of words.

    Raises WeightsDamaged.
    """

    def __init__(self, voice: OwnVoice, ipa: Phonemes, own: Phonemes) -> None:
        self._voice, self._ipa, self._own = voice, ipa, own
        self._config = KokoroConfig.read(voice.path)
        self._styles: dict[str, np.ndarray] = {}
        path, options = self._config.network, onnxruntime.SessionOptions()
        options.log_severity_level = 3
        try:
            self._session = onnxruntime.InferenceSession(
                path, options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # its own kinds have no common one
            raise WeightsDamaged(
                f"{path} is no whole ONNX model: {first_line(error)}; get it again"
            ) from None
        takes = {one.name: one.type for one in self._session.get_inputs()}
        self._names = "input_ids" if "input_ids" in takes else "tokens"  # as earlier ones have it
        if not {self._names, "style", "speed"} <= takes.keys():
            raise WeightsDamaged(
                f"{path} takes {', '.join(sorted(takes))}; no voice of Kokoro does"
            )
        self._has_speed = takes["speed"] == "tensor(float)"  # of some it is a whole number

    @property
    def voice_id(self) -> str:
        return self._voice.name

    def usual_language(self, text: str, speaker: str) -> str:
        """The speaker's."""
        return self._voice.usual_language(text, speaker)

    def check(self, delivery: Delivery) -> None:
        """Raises InvalidRequest for another language or an unknown speaker."""
        self._voice.check(delivery)

    def say(self, sentence: Sentence) -> Spoken:
        """Raises InvalidRequest where it knows no phoneme, VoiceUnavailable where it fails."""
        return say_by_delivery(sentence, self._say, has_speed=True)

    def ids(self, text: str, language: str) -> list[int]:
        """The ids of a text, without the zeros around. What the voice knows no id for is left out,
        as Kokoro has it.
        """
        known = self._config.ids
        letters: list[str] = []
        for one in kokoro_phonemes(text, language, self._ipa, self._own):
            letters += one if one in known else unicodedata.normalize("NFD", one)
        return [known[one] for one in letters if one in known]

    def _say(self, text: str, delivery: Delivery) -> Spoken:
        ids = self.ids(text, delivery.language)
        if not any(one != self._config.ids.get(" ") for one in ids):
            raise InvalidRequest(f"{self.voice_id} cannot say {text[:40]!r}; write it in words")
        speed = min(MOST_SPEED, max(LEAST_SPEED, delivery.rate)) if self._has_speed else 1.0
        styles = self._styles_of(self._speaker(delivery))
        parts = [self._samples(part, styles, speed, text) for part in self._parts(ids)]
        samples = np.concatenate(parts)
        if delivery.rate != speed:
            samples = faster(samples, RATE, delivery.rate / speed)
        return Spoken(samples, RATE, None)

    def _parts(self, ids: Sequence[int]) -> Iterator[Sequence[int]]:
        """Of a sentence that is longer than the network reads, cut between words."""
        space = self._config.ids.get(" ")
        while len(ids) > POSITIONS:
            spaces = [at for at in range(1, POSITIONS) if ids[at] == space]
            at = spaces[-1] if spaces else POSITIONS
            yield ids[:at]
            ids = ids[at:]
        yield ids

    def _samples(self, ids: Sequence[int], styles: np.ndarray, speed: float, text: str) -> Samples:
        style = styles[min(len(ids), len(styles)) - 1]  # (1, 256)
        given = {
            self._names: np.array([[PAD, *ids, PAD]], np.int64),
            "style": style,
            "speed": np.array([speed], np.float32 if self._has_speed else np.int32),
        }
        try:
            return np.asarray(self._session.run(None, given)[0], np.float32).reshape(-1)
        except Exception as error:  # as above: an id that the model does not have, no memory
            raise VoiceUnavailable(
                f"{self.voice_id} failed at {text[:40]!r}: {first_line(error)}; "
                "get it again, or choose another voice"
            ) from None

    def _speaker(self, delivery: Delivery) -> str:
        if delivery.voice != DEFAULT_VOICE:
            return delivery.voice
        return self._voice.speaker_of(delivery.language)

    def _styles_of(self, speaker: str) -> np.ndarray:
        """(510, 1, 256): a style for each number of ids."""
        if speaker not in self._styles:
            self._styles[speaker] = read_styles(self._config.style_file(speaker))
        return self._styles[speaker]


def read_styles(path: Path) -> np.ndarray:
    """The styles of a speaker, (N, 1, 256). Raises WeightsDamaged where the file has none."""
    try:
        styles = np.fromfile(path, "<f4")
    except OSError as error:
        raise WeightsDamaged(
            f"{path} does not describe a voice: {first_line(error)}; get it again"
        ) from None
    if not styles.size or styles.size % STYLE or not np.isfinite(styles).all():
        raise WeightsDamaged(f"{path} does not describe a voice; get it again")
    return styles.reshape(-1, 1, STYLE)
