"""What goes over the wire, with its examples."""

import json
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any, Literal, cast
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, computed_field

from maquette.api.code_schemas import CodeIn, CodeModelOut
from maquette.api.context_fields import CaptionerName, Names
from maquette.api.copy_schemas import CopyIn
from maquette.api.fields import Float, Int, told
from maquette.api.speech_schemas import SpeechIn
from maquette.core import tracing
from maquette.core.requests import (
    DEFAULT_SIDE_PX,
    MAX_ADAPTER_SCALE,
    MAX_ADAPTERS,
    MAX_GUIDANCE,
    MAX_PICTURES,
    MAX_SIZE_PX,
    MAX_STEPS,
    MIN_SIZE_PX,
    SAMPLER_NAMES,
    SIZE_STEP_PX,
    AdapterUse,
    SamplingParams,
)
from maquette.core.speech_requests import (
    LEAST_SPEED,
    MOST_PITCH_SEMITONES,
    MOST_SPEECH_CHARACTERS,
    MOST_SPEED,
    SPEECH_FORMATS,
    SpeechFormat,
)
from maquette.core.text_requests import (
    DEFAULT_TEMPERATURE,
    DEFAULT_TOKENS,
    DEFAULT_TOP_P,
    MOST_PROMPT_CHARACTERS,
    MOST_STOPS,
    MOST_TEMPERATURE,
    MOST_TEXTS,
    MOST_TOKENS,
    Message,
    Role,
    TextParams,
    TextRequest,
)
from maquette.engines.catalog import SHIPPED, UsualValues
from maquette.jobs.store import Job, JobState, Priority
from maquette.ledger.prices import CAPTIONS
from maquette.service.context import CAPTIONER, CONTEXT
from maquette.service.outcomes import Outcome
from maquette.service.queues import CODE, IMAGE, SPEECH, TEXT
from maquette.service.submissions import COPY

Kind = Literal["image", "text", "speech", "code"]  # what a request makes
MOST_MESSAGES = 1000
Hash = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


Side = Annotated[Int, told(minimum=MIN_SIZE_PX, maximum=MAX_SIZE_PX, multipleOf=SIZE_STEP_PX)]
Share = Annotated[Float, told(minimum=0, maximum=1)]


class AdapterIn(BaseModel):
    """A LoRA by its name, and how strongly it acts."""

    model_config = ConfigDict(extra="forbid", from_attributes=True)

    adapter: Annotated[str, Field(min_length=1, max_length=200)]
    scale: Annotated[Float, told(minimum=-MAX_ADAPTER_SCALE, maximum=MAX_ADAPTER_SCALE)] = 1.0


class GenerationIn(BaseModel):
    """A request for pictures."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"prompt": "a red boat on a calm sea at night"}]},
    )

    prompt: Annotated[str, Field(max_length=4000)]
    negative_prompt: Annotated[str, Field(max_length=4000)] = ""
    model: str = "starter"
    count: Annotated[Int, Field(ge=1, le=MAX_PICTURES)] = 1
    seed: Annotated[Int, Field(ge=0, lt=2**53)] | None = None
    # What is not given here is as the model usually has it.
    num_inference_steps: Annotated[Int | None, told(minimum=1, maximum=MAX_STEPS)] = None
    guidance_scale: Annotated[Float | None, told(minimum=0, maximum=MAX_GUIDANCE)] = None
    guidance_interval: tuple[Share, Share] = (0.0, 1.0)
    width: Side = DEFAULT_SIDE_PX
    height: Side = DEFAULT_SIDE_PX
    sampler: Annotated[str | None, told(enum=[*SAMPLER_NAMES, None])] = None
    strength: Annotated[Float, told(exclusiveMinimum=0, maximum=1)] = 1.0
    adapters: Annotated[list[AdapterIn], told(maxItems=MAX_ADAPTERS)] = []
    source: Hash | None = None
    mask: Hash | None = None
    priority: Priority = "interactive"  # which comes before batch

    def params(self, seed: int, usual: UsualValues) -> SamplingParams:
        """What was asked for, and the model's usual values where nothing was. Raises InvalidRequest
        naming what does not fit.
        """
        names = SamplingParams.__dataclass_fields__.keys() - {"seed", "adapters"}
        given = {name: getattr(self, name) for name in names}
        given |= asdict(usual.unless(**{name: given[name] for name in asdict(usual)}))
        adapters = tuple(AdapterUse(one.adapter, one.scale) for one in self.adapters)
        return SamplingParams(**given, adapters=adapters, seed=seed)

    @classmethod
    def of(cls, job: Job) -> "GenerationIn":
        """What a job was asked for."""
        asked = dict(job.request)
        asked.pop(tracing.PARENT, None)  # goes with a request, and is none of it
        return cls(**asked.pop("params"), **asked, priority=job.priority)


class MessageIn(BaseModel):
    """What one side of a talk says."""

    model_config = ConfigDict(extra="forbid")

    role: Role
    content: Annotated[str, Field(max_length=MOST_PROMPT_CHARACTERS)]


class TextIn(BaseModel):
    """A request for texts: a talk whose next answer is to be written."""

    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
        json_schema_extra={
            "examples": [
                {"messages": [{"role": "user", "content": "A tagline for Alder, a kettle."}]}
            ]
        },
    )

    messages: Annotated[list[MessageIn], Field(min_length=1, max_length=MOST_MESSAGES)]
    model: str = SHIPPED[TEXT][0].model_id
    count: Annotated[Int, Field(ge=1, le=MOST_TEXTS)] = 1
    seed: Annotated[Int, Field(ge=0, lt=2**53)] | None = None
    max_tokens: Annotated[Int, told(minimum=1, maximum=MOST_TOKENS)] = DEFAULT_TOKENS
    temperature: Annotated[Float, told(minimum=0, maximum=MOST_TEMPERATURE)] = DEFAULT_TEMPERATURE
    top_p: Annotated[Float, told(exclusiveMinimum=0, maximum=1)] = DEFAULT_TOP_P
    stop: Annotated[list[str], told(maxItems=MOST_STOPS)] = []
    json_schema: Annotated[
        dict[str, Any] | None, Field(description="What the text is to satisfy, as JSON.")
    ] = None
    context: Names = []
    captioner: CaptionerName = CAPTIONS
    priority: Priority = "interactive"  # which comes before batch

    def request(self, seed: int) -> TextRequest:
        """What was asked for. Raises InvalidRequest naming what does not fit."""
        schema = None if self.json_schema is None else json.dumps(self.json_schema)
        params = TextParams(
            self.max_tokens, self.temperature, self.top_p, seed, tuple(self.stop), schema
        )
        messages = tuple(Message(one.role, one.content) for one in self.messages)
        return TextRequest(messages, params, self.count)

    @classmethod
    def of(cls, job: Job) -> "TextIn":
        """What a job was asked for."""
        params = dict(job.request["params"])
        schema = params.pop("schema")
        return cls(
            messages=job.request["messages"],
            model=job.request["model"],
            count=job.request["count"],
            json_schema=None if schema is None else json.loads(schema),
            context=job.request.get(CONTEXT, []),
            captioner=job.request.get(CAPTIONER, CAPTIONS),
            priority=job.priority,
            **params,
        )


class TextGist(BaseModel):
    """A request for texts as lists have it: its talk may be long, and is whole where one request is
    asked for.
    """

    last_message: Annotated[str, Field(description="Its first 200 characters.")]
    message_count: int
    model: str
    count: int
    seed: int
    max_tokens: int
    temperature: float
    top_p: float
    priority: Priority

    @classmethod
    def of(cls, job: Job) -> "TextGist":
        """What a job was asked for."""
        params = {name: job.request["params"][name] for name in _SAMPLED}
        told = {name: job.request[name] for name in _TALK}
        return cls(**told, **params, priority=job.priority)


_TALK = ("last_message", "message_count", "model", "count")
_SAMPLED = ("seed", "max_tokens", "temperature", "top_p")


class AssetOut(BaseModel):
    """One thing that was made: a picture, a text, a narration, captions of it, code."""

    model_config = ConfigDict(from_attributes=True)

    asset_id: UUID
    media_type: str
    content_hash: str
    size_bytes: int
    seed: int | None

    @computed_field
    @property
    def url(self) -> str:
        """Where its bytes are."""
        return f"/v1/assets/{self.asset_id}"


class GenerationOut(BaseModel):
    """A request, how far it is, and what came of it."""

    generation_id: UUID
    kind: Kind
    state: JobState
    error: str | None
    request: GenerationIn | CopyIn | TextIn | TextGist | SpeechIn | CodeIn
    assets: list[AssetOut]
    created_at: datetime
    expected_at: Annotated[
        datetime | None,
        Field(description="Its end, as estimated when it was accepted; null if unknown."),
    ]
    started_at: datetime | None
    finished_at: datetime | None
    price_microcredits: Annotated[
        int | None, Field(description="What is held for it; null where it was made before prices.")
    ]
    charged_microcredits: Annotated[
        int | None,
        Field(description="What it cost: null until it has ended, 0 where nothing came of it."),
    ]
    events_url: str

    @classmethod
    def of(cls, job: Job, outcome: Outcome) -> "GenerationOut":
        hold = outcome.hold
        return cls(
            generation_id=job.job_id,
            kind=cast(Kind, job.kind),
            state=job.state,
            error=job.error,
            request=_asked(job),
            assets=[AssetOut.model_validate(asset) for asset in outcome.assets],
            created_at=job.created_at,
            expected_at=job.expected_at,
            started_at=job.started_at,
            finished_at=job.finished_at,
            price_microcredits=hold and hold.amount_microcredits,
            charged_microcredits=hold.posted_microcredits if hold and job.ended else None,
            events_url=f"/v1/generations/{job.job_id}/events",
        )


def _asked(job: Job) -> GenerationIn | CopyIn | TextIn | TextGist | SpeechIn | CodeIn:
    if job.kind == IMAGE:
        return GenerationIn.of(job)
    if job.kind == SPEECH:
        return SpeechIn.of(job)
    if job.kind == CODE:
        return CodeIn.of(job)
    if COPY in job.request:
        return CopyIn.of(job)
    return TextIn.of(job) if "messages" in job.request else TextGist.of(job)


class StyleOut(BaseModel):
    """A style that a model knows, what a prompt says for it, and a picture in it."""

    model_config = ConfigDict(from_attributes=True)

    name: str
    label: dict[str, str]  # by language, as `words` are
    words: dict[str, list[str]]  # any of them asks for it, the first is the usual one
    picture: str


class ModelOut(BaseModel):
    """A model by its name. `object`, `created` and `owned_by` are for clients of OpenAI's."""

    id: str
    object: Literal["model"] = "model"
    created: int = 0
    owned_by: str = "maquette"


class TextModelOut(ModelOut):
    """A language model, with the usual values and limits of what is asked of it."""

    media: Literal["text"] = "text"
    max_tokens: int = DEFAULT_TOKENS
    temperature: float = DEFAULT_TEMPERATURE
    top_p: float = DEFAULT_TOP_P
    most_tokens: int = MOST_TOKENS
    most_texts: int = MOST_TEXTS
    thousand_tokens_microcredits: Annotated[
        int, Field(description="That are said; four that are read cost as much as one.")
    ]


class ImageModelOut(ModelOut):
    """An image model, its usual values, and what it takes."""

    media: Literal["image"] = "image"
    side_px: int = DEFAULT_SIDE_PX
    num_inference_steps: int
    guidance_scale: float
    sampler: str
    samplers: tuple[str, ...] = SAMPLER_NAMES
    least_side_px: int = MIN_SIZE_PX
    most_side_px: int = MAX_SIZE_PX
    side_step_px: int = SIZE_STEP_PX
    most_pictures: int = MAX_PICTURES
    adapters: list[str] = []
    # Of a model that knows few things, their names by language, the usual one first.
    subjects: list[dict[str, list[str]]] = []
    styles: list[StyleOut] = []


class SpeechModelOut(ModelOut):
    """A model that speaks, and the limits of what is asked of it; its voices have a route."""

    media: Literal["speech"] = "speech"
    thousand_characters_microcredits: int
    most_characters: int = MOST_SPEECH_CHARACTERS
    least_speed: float = LEAST_SPEED
    most_speed: float = MOST_SPEED
    most_pitch_semitones: float = MOST_PITCH_SEMITONES
    formats: tuple[SpeechFormat, ...] = SPEECH_FORMATS


class CaptionerModelOut(ModelOut):
    """A model that says what pictures show which a request names."""

    media: Literal["captions"] = "captions"
    thousand_tokens_microcredits: Annotated[
        int, Field(description="That are said; four that are read cost as much as one.")
    ]


class ModelList(BaseModel):
    """All models there are."""

    object: Literal["list"] = "list"
    data: list[ImageModelOut | TextModelOut | SpeechModelOut | CodeModelOut | CaptionerModelOut]


class Problem(BaseModel):
    """What is wrong, in one line that names the value and the remedy."""

    error: str
    needs: str | None = None  # what is yet to be given: the "code" of a second factor


def problems(*codes: int) -> dict[int | str, dict[str, Any]]:
    """What a route may answer but success, for its documentation; 400 where a body is none."""
    return {code: {"model": Problem} for code in (400, 401, 403, 422, 503, *codes)}
