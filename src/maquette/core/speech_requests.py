"""What is asked of a voice: small frozen values, checked when they are made."""

import unicodedata
from collections import Counter
from dataclasses import dataclass
from typing import Literal, get_args

from maquette.core.errors import InvalidRequest, did_you_mean
from maquette.core.requests import is_unicode

SpeechFormat = Literal["wav", "mp3", "opus", "flac", "aac", "pcm"]
By = Literal["sentence", "word"]  # what a caption has
SPEECH_FORMATS: tuple[SpeechFormat, ...] = get_args(SpeechFormat)
MOST_SPEECH_CHARACTERS = 50_000  # nearly an hour
LEAST_SPEED, MOST_SPEED = 0.25, 4.0
MOST_PITCH_SEMITONES = 12.0
MOST_PAUSE_MS = 10_000
MOST_PRONUNCIATIONS = 200
MOST_WORD_CHARACTERS = 80
LEAST_LOUDNESS_LUFS, MOST_LOUDNESS_LUFS = -40.0, -14.0
DEFAULT_VOICE = "default"
DEFAULT_PAUSE_MS = 300
DEFAULT_LOUDNESS_LUFS = -16.0
MAY_CONTROL = "\t\n\r"  # of the characters that are not printed, those that text files have


def check_speed(speed: float) -> None:
    """Raises InvalidRequest naming a speed that nothing is said at; 1 is the usual one."""
    if not LEAST_SPEED <= speed <= MOST_SPEED:
        raise InvalidRequest(f"speed {speed:g} must be between {LEAST_SPEED:g} and {MOST_SPEED:g}")


def check_pitch(pitch_semitones: float) -> None:
    """Raises InvalidRequest naming a pitch that no voice is moved by."""
    if not abs(pitch_semitones) <= MOST_PITCH_SEMITONES:
        raise InvalidRequest(
            f"pitch {pitch_semitones:g} must be between {-MOST_PITCH_SEMITONES:g} and "
            f"{MOST_PITCH_SEMITONES:g} semitones"
        )


def _check_pronunciations(pairs: tuple[tuple[str, str], ...]) -> None:
    if len(pairs) > MOST_PRONUNCIATIONS:
        raise InvalidRequest(
            f"{len(pairs)} pronunciations are too many; at most {MOST_PRONUNCIATIONS}"
        )
    for word, said in pairs:
        for name, text in (("word", word), ("pronunciation", said)):
            if not text.strip():
                raise InvalidRequest(
                    f"the {name} of {word!a}: {said!a} is empty; write how the word is said"
                )
            if len(text) > MOST_WORD_CHARACTERS:
                raise InvalidRequest(
                    f"the {name} {text[:20]!a}… has {len(text)} characters; "
                    f"at most {MOST_WORD_CHARACTERS}"
                )
            _check_text(name, text)
    for word, times in Counter(word.casefold() for word, _ in pairs).items():
        if times > 1:
            raise InvalidRequest(f"{word!a} has {times} pronunciations; leave one")


def _check_text(name: str, text: str) -> None:
    if not is_unicode(text):
        raise InvalidRequest(f"the {name} {text[:40]!a} is not valid UTF-8; type it anew")
    for place, one in enumerate(text):
        if unicodedata.category(one) == "Cc" and one not in MAY_CONTROL:
            raise InvalidRequest(
                f"the {name} has the control character U+{ord(one):04X} at its character "
                f"{place + 1}, which cannot be said; remove it"
            )


@dataclass(frozen=True, slots=True)
class SpeechParams:
    """How a text is said. Which speakers (`voice`) and languages there are, the engine knows;
    without a language it takes its own, or goes by the text.

    `pronunciations` are pairs of a word and how it is said instead, as it would be written: whole
    words, in capitals or not. Between two sentences it is silent for `pause_ms`, twice as long
    between two paragraphs. `loudness_lufs` is the integrated loudness of ITU-R BS.1770. Raises
    InvalidRequest naming the value that does not fit.
    """

    voice: str = DEFAULT_VOICE
    language: str | None = None
    speed: float = 1.0
    pitch_semitones: float = 0.0
    pause_ms: int = DEFAULT_PAUSE_MS
    pronunciations: tuple[tuple[str, str], ...] = ()
    loudness_lufs: float = DEFAULT_LOUDNESS_LUFS
    format: SpeechFormat = "wav"

    def __post_init__(self) -> None:
        for name, text in (("voice", self.voice), ("language", self.language)):
            if text is not None and not (text.strip() and is_unicode(text)):
                raise InvalidRequest(f"the {name} {text!a} names none; leave it out or name one")
        check_speed(self.speed)
        check_pitch(self.pitch_semitones)
        if not 0 <= self.pause_ms <= MOST_PAUSE_MS:
            raise InvalidRequest(f"pause {self.pause_ms} ms must be between 0 and {MOST_PAUSE_MS}")
        if not LEAST_LOUDNESS_LUFS <= self.loudness_lufs <= MOST_LOUDNESS_LUFS:
            raise InvalidRequest(
                f"loudness {self.loudness_lufs:g} LUFS must be between {LEAST_LOUDNESS_LUFS:g} and "
                f"{MOST_LOUDNESS_LUFS:g}; {DEFAULT_LOUDNESS_LUFS:g} is usual for speech"
            )
        if self.format not in SPEECH_FORMATS:
            hint = did_you_mean(self.format, SPEECH_FORMATS)
            raise InvalidRequest(f"unknown format {self.format!r}; {hint}")
        _check_pronunciations(self.pronunciations)


@dataclass(frozen=True, slots=True)
class SpeechRequest:
    """A text to say, plain or as SSML: it is SSML where it begins with <speak>."""

    text: str
    params: SpeechParams = SpeechParams()

    def __post_init__(self) -> None:
        if not self.text.strip():
            raise InvalidRequest('the text is empty; say what to read, such as "Good morning."')
        if self.characters > MOST_SPEECH_CHARACTERS:
            raise InvalidRequest(
                f"the text has {self.characters} characters, and at most {MOST_SPEECH_CHARACTERS} "
                "are read at once; make several of it"
            )
        _check_text("text", self.text)

    @property
    def characters(self) -> int:
        """How many the text has: as it is typed, for a bare <speak> around it may be left out."""
        bare = self.text.startswith("<speak>") and self.text.endswith("</speak>")
        return len(self.text) - len("<speak></speak>") * bare
