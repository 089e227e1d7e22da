"""What goes over the wire of speech, with its examples."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from maquette.api.fields import Float, Int, told
from maquette.core.speech_requests import (
    DEFAULT_LOUDNESS_LUFS,
    DEFAULT_PAUSE_MS,
    DEFAULT_VOICE,
    LEAST_LOUDNESS_LUFS,
    LEAST_SPEED,
    MOST_LOUDNESS_LUFS,
    MOST_PAUSE_MS,
    MOST_PITCH_SEMITONES,
    MOST_PRONUNCIATIONS,
    MOST_SPEECH_CHARACTERS,
    MOST_SPEED,
    SPEECH_FORMATS,
    By,
    SpeechFormat,
    SpeechParams,
    SpeechRequest,
)
from maquette.engines.catalog import ESPEAK
from maquette.jobs.store import Job, Priority
from maquette.speech.ssml import as_ssml, is_ssml

MOST_NAME = 100


class SpeechIn(BaseModel):
    """A text to be said, plain or as SSML."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"text": "Good morning. The boat is red."}]},
    )

    text: Annotated[str, told(maxLength=MOST_SPEECH_CHARACTERS)]
    model: Annotated[str, Field(max_length=200)] = ESPEAK.model_id
    voice: Annotated[str, Field(max_length=MOST_NAME)] = DEFAULT_VOICE
    language: Annotated[
        str | None, Field(max_length=MOST_NAME, description="A tag, such as pt-BR; null: its own.")
    ] = None
    speed: Annotated[Float, told(minimum=LEAST_SPEED, maximum=MOST_SPEED)] = 1.0
    pitch_semitones: Annotated[
        Float, told(minimum=-MOST_PITCH_SEMITONES, maximum=MOST_PITCH_SEMITONES)
    ] = 0.0
    pause_ms: Annotated[Int, told(minimum=0, maximum=MOST_PAUSE_MS)] = DEFAULT_PAUSE_MS
    ssml: Annotated[
        bool, Field(description="It is SSML, and the <speak> around it may be left out.")
    ] = False
    pronunciations: Annotated[
        dict[str, str],
        told(maxProperties=MOST_PRONUNCIATIONS, description="How words are said, by the word."),
    ] = {}
    loudness_lufs: Annotated[
        Float, told(minimum=LEAST_LOUDNESS_LUFS, maximum=MOST_LOUDNESS_LUFS)
    ] = DEFAULT_LOUDNESS_LUFS
    format: Annotated[SpeechFormat, told(enum=SPEECH_FORMATS)] = "wav"
    captions: Annotated[By, Field(description="What a cue of the captions has.")] = "sentence"
    priority: Priority = "interactive"  # which comes before batch

    def request(self) -> SpeechRequest:
        """What was asked for. Raises InvalidRequest naming what does not fit."""
        params = SpeechParams(
            self.voice,
            self.language,
            self.speed,
            self.pitch_semitones,
            self.pause_ms,
            tuple(self.pronunciations.items()),
            self.loudness_lufs,
            self.format,
        )
        return SpeechRequest(as_ssml(self.text) if self.ssml else self.text, params)

    @classmethod
    def of(cls, job: Job) -> "SpeechIn":
        """What a job was asked for."""
        params = dict(job.request["params"])
        return cls(
            text=job.request["text"],
            model=job.request["model"],
            captions=job.request["captions"],
            pronunciations=dict(params.pop("pronunciations")),
            ssml=is_ssml(job.request["text"]),
            priority=job.priority,
            **params,
        )


class SpeechQuoteOut(BaseModel):
    """What a request for speech would cost."""

    model: str
    characters: int
    price_microcredits: int


class LanguageOut(BaseModel):
    """A language by its tag, and its name in English."""

    language: str
    name: str


class VoiceOut(BaseModel):
    """What a model speaks as and in: `voices` are its speakers. One without languages goes by the
    text.
    """

    model: str
    voices: list[str]
    languages: list[LanguageOut]
    tells_words: Annotated[
        bool, Field(description="Whether it tells when words are heard, not sentences alone.")
    ]
    has_others: Annotated[
        bool, Field(description="Whether its server alone knows all that it speaks as.")
    ]
    thousand_characters_microcredits: int


class VoiceList(BaseModel):
    """All voices there are."""

    data: list[VoiceOut]
