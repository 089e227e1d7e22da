"""The voices there are by name: what ships, a folder's, other servers'; loads none of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import sqlalchemy as sa

from maquette.core.errors import InvalidRequest, ModelNotFound, did_you_mean
from maquette.core.speech_requests import By, SpeechRequest
from maquette.engines.catalog import ESPEAK
from maquette.service.queues import SLASH, SPEECH
from maquette.service.server_voices import OfferedVoice, offered_voices
from maquette.service.speech_price import thousand_characters_of
from maquette.speech.espeak_languages import EspeakNames, shipped_names
from maquette.speech.languages import family
from maquette.speech.own_voices import OwnVoice, list_voices
from maquette.speech.reading import read
from maquette.speech.script import Script

VOICES = "voices"  # the folder of them, in that of all data


@dataclass(frozen=True, slots=True)
class VoiceModel:
    """A voice as people choose it: its speakers, and the names of its languages by their tags, none
    where it goes by the text; its price; and whether it may have more speakers than are known.
    """

    model: str
    speakers: Sequence[str]
    languages: Mapping[str, str]
    tells_words: bool
    thousand_characters_microcredits: int
    has_others: bool = False


class Voices:
    """espeak-ng, the voices of a folder, and what the servers that speak offer by the `database`;
    both are looked at each time.
    """

    def __init__(self, folder: Path | None, database: sa.Engine | None = None) -> None:
        self._folder, self._database = folder, database

    def list(self) -> Sequence[VoiceModel]:
        """All of them, espeak-ng first."""
        names = shipped_names()
        espeak, price = ESPEAK.model_id, thousand_characters_of(ESPEAK.model_id)
        shipped = VoiceModel(espeak, names.speakers, names.languages, True, price)
        own = (
            VoiceModel(
                one.name,
                one.speakers,
                {tag: _name_of(tag) for tag in one.languages},
                one.tells_words,
                thousand_characters_of(one.name),
            )
            for one in self._own().values()
        )
        elsewhere = (
            VoiceModel(
                model,
                one.speakers,
                {},
                one.tells_words,
                one.thousand_characters_microcredits,
                has_others=not one.voices,
            )
            for model, one in self._elsewhere().items()
        )
        return [shipped, *own, *elsewhere]

    def find(self, model: str) -> EspeakNames | OwnVoice | OfferedVoice:
        """What is known of a voice. Raises ModelNotFound naming what there is."""
        if model == ESPEAK.model_id:
            return shipped_names()
        known: Mapping[str, OwnVoice | OfferedVoice]
        known = self._elsewhere() if SLASH in model else self._own()
        if model in known:
            return known[model]
        names = [one.model for one in self.list()]
        raise ModelNotFound(f"no {SPEECH} model named {model!r}; {did_you_mean(model, names)}")

    def read(self, request: SpeechRequest, model: str, captions: By) -> tuple[Script, int]:
        """What is to be said, and what a thousand characters of it cost. Raises ModelNotFound, and
        InvalidRequest where the text, the speaker, the language or the captions do not fit, as far
        as is known before it is said.
        """
        voice = self.find(model)
        script = read(request, voice)
        ships = isinstance(voice, EspeakNames)
        if captions == "word" and not ships and not voice.tells_words:
            raise InvalidRequest(
                "this voice does not tell when its words are heard; ask for captions by sentence"
            )
        if isinstance(voice, OfferedVoice):
            return script, voice.thousand_characters_microcredits
        return script, thousand_characters_of(model)

    def _elsewhere(self) -> Mapping[str, OfferedVoice]:
        return offered_voices(self._database) if self._database else {}

    def _own(self) -> Mapping[str, OwnVoice]:
        """Those that can be loaded here; none that has the name of what ships."""
        can_onnx = find_spec("onnxruntime") is not None
        return {
            name: one
            for name, one in list_voices(self._folder).items()
            if name != ESPEAK.model_id and (can_onnx or one.made_for == "transformers")
        }


def _name_of(language: str) -> str:
    """In English, as far as espeak-ng knows it."""
    names = shipped_names()
    for tag in (language, family(language)):
        if tag.lower() in names.codes:
            return names.languages[names.codes[tag.lower()]]
    return language
