"""Voices of Piper: a VITS in an ONNX file, with what it needs to know in the JSON file beside it.

The phonemes come from espeak-ng, which is asked in its own process. The ids are those of Piper's
format: a beginning, a gap, each phoneme with a gap behind it, an end.
"""

import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

from maquette.core.errors import (
    InvalidRequest,
    ModelNotFound,
    VoiceUnavailable,
    WeightsDamaged,
    did_you_mean,
    first_line,
)
from maquette.core.speech_requests import DEFAULT_VOICE
from maquette.speech.delivering import say_by_delivery
from maquette.speech.languages import family
from maquette.speech.phonemes import Phonemes, phonemes_of
from maquette.speech.piper_config import BEGIN, END, GAP, PiperConfig
from maquette.speech.script import Delivery, Sentence
from maquette.speech.voice import Spoken


class PiperVoice:
    """A voice from a folder's `NAME.onnx` and `NAME.onnx.json`; `phonemes` are espeak-ng's, by text
    and language. It tells no times of words.

    Raises ModelNotFound, WeightsDamaged, InvalidRequest.
    """

    def __init__(self, path: Path, phonemes: Phonemes) -> None:
        if not path.is_file():
            raise ModelNotFound(f"there is no voice {path}; name a file NAME.onnx")
        self.config = PiperConfig.read(path.with_name(f"{path.name}.json"))
        self._name, self._phonemes = path.stem, phonemes
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        try:
            self._session = onnxruntime.InferenceSession(
                path, options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # its own kinds have no common one
            raise WeightsDamaged(
                f"{path} is no whole ONNX model: {first_line(error)}; get it again"
            ) from None
        takes = {one.name for one in self._session.get_inputs()}
        if not {"input", "input_lengths", "scales"} <= takes:
            raise WeightsDamaged(f"{path} takes {', '.join(sorted(takes))}; no voice of Piper does")
        self._has_speakers = "sid" in takes

    @property
    def voice_id(self) -> str:
        return self._name

    def usual_language(self, text: str, speaker: str) -> str:
        """Its own."""
        return self.config.language

    def check(self, delivery: Delivery) -> None:
        """Raises InvalidRequest for another language or an unknown speaker."""
        if family(delivery.language) != family(self.config.language):
            raise InvalidRequest(
                f"{self._name} speaks {self.config.language}, not {delivery.language!r}; "
                "choose another voice"
            )
        self._speaker(delivery.voice)

    def say(self, sentence: Sentence) -> Spoken:
        """Raises InvalidRequest where it knows no phoneme, VoiceUnavailable where it fails."""
        return say_by_delivery(sentence, self._say, has_speed=True)

    def ids(self, text: str) -> list[int]:
        """The ids of a text. What the voice knows no id for is left out, as Piper has it."""
        ids = [*self.config.ids[BEGIN], *self.config.ids[GAP]]
        for phoneme in self._all_phonemes(text):
            if phoneme in self.config.ids:
                ids += [*self.config.ids[phoneme], *self.config.ids[GAP]]
        return [*ids, *self.config.ids[END]]

    def _all_phonemes(self, text: str) -> str:
        if self.config.espeak_voice is None:
            return unicodedata.normalize("NFD", text)
        return phonemes_of(text, self.config.espeak_voice, self._phonemes)

    def _say(self, text: str, delivery: Delivery) -> Spoken:
        ids = self.ids(text)
        if len(ids) <= 3:
            raise InvalidRequest(f"{self._name} cannot say {text[:40]!r}; write it in words")
        noise, length, length_noise = self.config.scales
        given: dict[str, Any] = {
            "input": np.array([ids], np.int64),
            "input_lengths": np.array([len(ids)], np.int64),
            "scales": np.array([noise, length / delivery.rate, length_noise], np.float32),
        }
        if self._has_speakers:
            given["sid"] = np.array([self._speaker(delivery.voice)], np.int64)
        try:
            samples = np.asarray(self._session.run(None, given)[0], np.float32).reshape(-1)
        except Exception as error:  # as above: an id that the model does not have, no memory
            raise VoiceUnavailable(
                f"{self._name} failed at {text[:40]!r}: {first_line(error)}; "
                "get it again, or choose another voice"
            ) from None
        return Spoken(samples, self.config.rate, None)

    def _speaker(self, name: str) -> int:
        known: Sequence[str] = [DEFAULT_VOICE, *self.config.speakers]
        if name == DEFAULT_VOICE:
            return 0
        if name not in self.config.speakers:
            raise InvalidRequest(
                f"unknown voice {name!r} of {self._name}; {did_you_mean(name, known)}"
            )
        return self.config.speakers[name]
