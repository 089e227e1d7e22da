"""Voices that a person put into a folder: what is known of each before it is loaded."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from maquette.core.errors import (
    InvalidRequest,
    MaquetteError,
    ModelNotFound,
    WeightsDamaged,
    did_you_mean,
    first_line,
)
from maquette.core.requests import is_unicode
from maquette.core.speech_requests import DEFAULT_VOICE
from maquette.speech.kokoro_config import KokoroConfig, is_kokoro
from maquette.speech.languages import family, guess_language
from maquette.speech.piper_config import MOST_SPEAKERS, PiperConfig, read_name, read_whole
from maquette.speech.script import Delivery

KINDS = ("bark", "vits")  # of `transformers`, by `model_type`
PHONEME_LANGUAGE = "en-us"  # of the checkpoints that were trained on phonemes
PIPER_SUFFIX = ".onnx"


@dataclass(frozen=True, slots=True)
class OwnVoice:
    """A voice of Piper, of Kokoro or a model of `transformers`: its file or folder, its language
    (None where it has several), its speakers, whether it tells when words are heard, and the
    languages of its speakers where each has its own, the usual ones of a language first.
    """

    name: str
    path: Path
    made_for: Literal["piper", "kokoro", "transformers"]
    language: str | None
    speakers: tuple[str, ...]
    tells_words: bool
    languages_of: Mapping[str, str] = field(default_factory=dict)

    @property
    def languages(self) -> Sequence[str]:
        """All that are known."""
        return [self.language] if self.language else [*dict.fromkeys(self.languages_of.values())]

    def speaker_of(self, language: str) -> str:
        """Who speaks a language where no one is named."""
        exact = [s for s, its in self.languages_of.items() if its == language.lower()]
        near = [s for s, its in self.languages_of.items() if family(its) == family(language)]
        return (exact or near)[0]

    def usual_language(self, text: str, speaker: str) -> str:
        """Its own, or its speaker's; by the letters where it has several."""
        usual = self.language or guess_language(text)
        if self.languages and family(usual) not in map(family, self.languages):
            usual = self.languages[0]
        return self.languages_of.get(speaker, usual)

    def check(self, delivery: Delivery) -> None:
        """Raises InvalidRequest for another language or an unknown speaker."""
        its = self.languages_of.get(delivery.voice)
        known, name = ([its], delivery.voice) if its else (self.languages, self.name)
        if known and family(delivery.language) not in map(family, known):
            raise InvalidRequest(
                f"{name} speaks {', '.join(known)}, not {delivery.language!r}; choose another voice"
            )
        if delivery.voice not in self.speakers:
            hint = did_you_mean(delivery.voice, self.speakers)
            raise InvalidRequest(f"unknown voice {delivery.voice!r} of {self.name}; {hint}")


def list_voices(folder: Path | None) -> dict[str, OwnVoice]:
    """The voices of a folder by name: files `NAME.onnx`, there or in a folder of their own, and
    folders of models. What is no voice, or none that can be read, is passed over.
    """
    found: dict[str, OwnVoice] = {}
    for path in _inside(folder) if folder else ():
        for one in (path, *(one for one in _inside(path) if one.suffix == PIPER_SUFFIX)):
            try:
                voice = read_voice(one)
            except (MaquetteError, OSError):
                continue
            found.setdefault(voice.name, voice)
    return found


def _inside(folder: Path) -> Sequence[Path]:
    """What is in a folder; nothing where it is none, or cannot be read."""
    try:
        return sorted(folder.iterdir())
    except OSError:
        return ()


def read_voice(path: Path) -> OwnVoice:
    """What is known of the voice in a file `NAME.onnx`, or in the folder of a model.

    Raises ModelNotFound where there is none, WeightsDamaged where what describes it is broken,
    InvalidRequest for a kind that is not supported.
    """
    if not is_unicode(path.name):
        raise ModelNotFound(f"the name of {str(path)!a} is not valid UTF-8; rename it")
    if path.suffix == PIPER_SUFFIX and path.is_file():
        config = PiperConfig.read(path.with_name(f"{path.name}.json"))
        speakers = (DEFAULT_VOICE, *config.speakers)
        return OwnVoice(path.stem, path, "piper", config.language, speakers, tells_words=False)
    if not (path / "config.json").is_file():
        raise ModelNotFound(
            f"there is no voice {path}; name a file NAME.onnx, or the folder of a model"
        )
    config = _json(path / "config.json")
    if is_kokoro(config):
        its = KokoroConfig.read(path).languages
        names = (DEFAULT_VOICE, *its)
        return OwnVoice(path.name, path, "kokoro", None, names, tells_words=False, languages_of=its)
    kind = config.get("model_type")
    if kind not in KINDS:
        raise InvalidRequest(f"models of the kind {kind!r} do not speak; vits and bark do")
    if kind == "bark":
        return OwnVoice(path.name, path, "transformers", None, (DEFAULT_VOICE,), tells_words=False)
    return _vits(path, config)


def _vits(path: Path, config: Mapping[str, Any]) -> OwnVoice:
    tokenizer = _json(path / "tokenizer_config.json")
    on_phonemes = bool(tokenizer.get("phonemize", True))
    language = PHONEME_LANGUAGE if on_phonemes else tokenizer.get("language")
    try:
        several = read_whole("num_speakers", config.get("num_speakers", 1), 0, MOST_SPEAKERS)
        language = None if language is None else read_name("language", language)
    except ValueError as error:
        raise WeightsDamaged(
            f"{path} does not describe a voice: {first_line(error)}; get it again"
        ) from None
    return OwnVoice(
        path.name,
        path,
        "transformers",
        language,
        (DEFAULT_VOICE, *map(str, range(several if several > 1 else 0))),
        tells_words=not on_phonemes,
    )


def _json(path: Path) -> Mapping[str, Any]:
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise WeightsDamaged(
            f"{path} does not describe a voice: {first_line(error)}; get it again"
        ) from None
    if not isinstance(told, dict):
        raise WeightsDamaged(f"{path} does not describe a voice; get it again")
    return told
