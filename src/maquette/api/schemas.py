"""What goes over the wire, with its examples."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, computed_field
from pydantic_core import PydanticKnownError

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
from maquette.engines.catalog import UsualValues
from maquette.jobs.store import Job, JobState, Priority
from maquette.service.studio import Outcome

Hash = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


def _told(**limits: Any) -> Any:
    """Limits for the document alone: `SamplingParams` checks them, and says what to do instead."""
    return Field(json_schema_extra=limits)


def _no_other(kind: Literal["int_type", "float_type"]) -> BeforeValidator:
    """Refuses what JSON does not call a number, for Pydantic takes `true` for 1 and "5" for 5."""

    def check(value: object) -> object:
        if isinstance(value, (bool, str)):
            raise PydanticKnownError(kind)
        return value

    return BeforeValidator(check)


Int = Annotated[int, _no_other("int_type")]
Float = Annotated[float, _no_other("float_type")]
Side = Annotated[Int, _told(minimum=MIN_SIZE_PX, maximum=MAX_SIZE_PX, multipleOf=SIZE_STEP_PX)]
Share = Annotated[Float, _told(minimum=0, maximum=1)]


class AdapterIn(BaseModel):
    """A LoRA by its name, and how strongly it acts."""

    model_config = ConfigDict(extra="forbid", from_attributes=True)

    adapter: Annotated[str, Field(min_length=1, max_length=200)]
    scale: Annotated[Float, _told(minimum=-MAX_ADAPTER_SCALE, maximum=MAX_ADAPTER_SCALE)] = 1.0


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
    num_inference_steps: Annotated[Int | None, _told(minimum=1, maximum=MAX_STEPS)] = None
    guidance_scale: Annotated[Float | None, _told(minimum=0, maximum=MAX_GUIDANCE)] = None
    guidance_interval: tuple[Share, Share] = (0.0, 1.0)
    width: Side = DEFAULT_SIDE_PX
    height: Side = DEFAULT_SIDE_PX
    sampler: Annotated[str | None, _told(enum=[*SAMPLER_NAMES, None])] = None
    strength: Annotated[Float, _told(exclusiveMinimum=0, maximum=1)] = 1.0
    adapters: Annotated[list[AdapterIn], _told(maxItems=MAX_ADAPTERS)] = []
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


class AssetOut(BaseModel):
    """One picture that was made."""

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
    state: JobState
    error: str | None
    request: GenerationIn
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
        asked, hold = dict(job.request), outcome.hold
        asked.pop(tracing.PARENT, None)  # goes with a request, and is none of it
        return cls(
            generation_id=job.job_id,
            state=job.state,
            error=job.error,
            request=GenerationIn(**asked.pop("params"), **asked, priority=job.priority),
            assets=[AssetOut.model_validate(asset) for asset in outcome.assets],
            created_at=job.created_at,
            expected_at=job.expected_at,
            started_at=job.started_at,
            finished_at=job.finished_at,
            price_microcredits=hold and hold.amount_microcredits,
            charged_microcredits=hold.posted_microcredits if hold and job.ended else None,
            events_url=f"/v1/generations/{job.job_id}/events",
        )


class StyleOut(BaseModel):
    """A style that a model knows, what a prompt says for it, and a picture in it."""

    model_config = ConfigDict(from_attributes=True)

    name: str
    label: dict[str, str]  # by language, as `words` are
    words: dict[str, list[str]]  # any of them asks for it, the first is the usual one
    picture: str


class ModelOut(BaseModel):
    """A model: its name, its usual values, and what it takes."""

    id: str
    media: str = "image"
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


class ModelList(BaseModel):
    """All models there are."""

    data: list[ModelOut]


class Problem(BaseModel):
    """What is wrong, in one line that names the value and the remedy."""

    error: str
    needs: str | None = None  # what is yet to be given: the "code" of a second factor


def problems(*codes: int) -> dict[int | str, dict[str, Any]]:
    """What else than success a route may answer, for its documentation."""
    return {code: {"model": Problem} for code in (401, 403, 422, 503, *codes)}
