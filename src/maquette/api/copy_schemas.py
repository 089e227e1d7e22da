"""A request for copy as it goes over the wire: a template, and what is filled in."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from maquette.api.context_fields import CaptionerName, Names
from maquette.api.fields import Int
from maquette.copydesk.assignment import Assignment, Length
from maquette.copydesk.template import Language, Plain
from maquette.copydesk.voice import Line, Voice
from maquette.core.text_requests import MOST_TEXTS
from maquette.engines.catalog import SHIPPED
from maquette.jobs.store import Job, Priority
from maquette.ledger.prices import CAPTIONS
from maquette.service.context import CAPTIONER, CONTEXT
from maquette.service.queues import TEXT
from maquette.service.submissions import COPY

Lines = Annotated[list[Annotated[Plain, Field(max_length=2000)]], Field(max_length=200)]
TextOrLines = Annotated[Plain, Field(max_length=20_000)] | Lines


class CopyQuoteOut(BaseModel):
    """What copy can cost at most, in all tries. That much is held when it is asked for; what was
    read and written is charged at its end.
    """

    kind: Literal["at_most"] = "at_most"
    model: str
    price_microcredits: int


class CopyIn(BaseModel):
    """A request for copy: a template filled in, in so many variants side by side."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"template": "tagline", "inputs": {"product": "Alder, a kettle"}}]
        },
    )

    template: Annotated[str, Field(max_length=100)]
    inputs: dict[str, TextOrLines] = {}
    voice_id: Annotated[UUID | None, Field(description="A brand voice of yours.")] = None
    language: Language = "en"  # of the text
    tone: Annotated[Plain, Field(max_length=100)] = ""
    length: Length | None = None
    include: Annotated[list[Line], Field(max_length=20)] = []
    avoid: Annotated[list[Line], Field(max_length=200)] = []
    context: Names = []
    captioner: CaptionerName = CAPTIONS
    count: Annotated[Int, Field(ge=1, le=MOST_TEXTS)] = 1
    model: str = SHIPPED[TEXT][0].model_id
    seed: Annotated[Int, Field(ge=0, lt=2**53)] | None = None
    priority: Priority = "interactive"  # which comes before batch

    def assignment(self, voice: Voice | None) -> Assignment:
        """What was asked for, in a voice as it is now."""
        return Assignment(
            template=self.template,
            inputs=self.inputs,
            language=self.language,
            tone=self.tone,
            length=self.length,
            include=self.include,
            avoid=self.avoid,
            voice=voice,
        )

    @classmethod
    def of(cls, job: Job) -> "CopyIn":
        """What a job was asked for."""
        request, unsaid = job.request, ("voice", "seen")
        asked = {name: value for name, value in request[COPY].items() if name not in unsaid}
        asked |= {name: request[name] for name in (CONTEXT, CAPTIONER) if name in request}
        seed, count = request["params"]["seed"], request["count"]
        return cls(**asked, count=count, model=request["model"], seed=seed, priority=job.priority)
