"""Copy by templates: which there are, having one written, and what a text misses."""

import secrets
from collections.abc import Mapping, Sequence
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, status
from pydantic import BaseModel, ConfigDict, Field

from maquette.api.context import Finder, FinderDep
from maquette.api.copy_schemas import CopyIn, CopyQuoteOut, TextOrLines
from maquette.api.dependencies import CallerDep, PeopleDep, StudioDep, TextServersDep
from maquette.api.generations import PROBLEMS
from maquette.api.idempotency import OnceDep
from maquette.api.schemas import GenerationOut, problems
from maquette.copydesk.assignment import TONES, Length, named_in
from maquette.copydesk.checks import Demands, Finding, check, figures
from maquette.copydesk.template import (
    GROUPS,
    Group,
    Input,
    Kind,
    Language,
    Limits,
    Pair,
    Template,
    find_template,
    templates,
)
from maquette.copydesk.voice import Line, Voice
from maquette.core import logs
from maquette.service.context import of_seen_copy
from maquette.service.copydesk import voice_of
from maquette.service.submissions import Submission, of_copy
from maquette.service.text_servers import TextServers

router = APIRouter(prefix="/v1", tags=["copy"])
MOST_CHARACTERS = 200_000


class ExampleOut(BaseModel):
    """Inputs as someone filled them in, and a good text for them."""

    model_config = ConfigDict(from_attributes=True)

    language: Language
    inputs: Mapping[str, str | list[str]]
    result: str


class TemplateOut(BaseModel):
    """A template; pairs are in English and in Chinese."""

    model_config = ConfigDict(from_attributes=True)

    name: str
    label: Pair
    group: Group
    about: Pair
    kind: Kind
    languages: Sequence[Language]
    inputs: Sequence[Input]
    checks: Limits
    examples: Sequence[ExampleOut]

    @classmethod
    def of(cls, name: str, template: Template) -> "TemplateOut":
        """A template by its name."""
        fields = cls.model_fields.keys() - {"name"}
        return cls.model_validate({"name": name, **template.model_dump(include=set(fields))})


class TemplatesOut(BaseModel):
    """All templates, group by group, and the tones that the starter model knows."""

    groups: Sequence[Group] = GROUPS
    tones: Mapping[str, Pair]
    templates: list[TemplateOut]


class ChecksIn(BaseModel):
    """A text, and what it has to meet: a template's limits, a voice, and what else is asked. Of
    what was filled in, it must name what the template has as `named`.
    """

    model_config = ConfigDict(extra="forbid")

    text: Annotated[str, Field(max_length=MOST_CHARACTERS)]
    template: Annotated[str | None, Field(max_length=100)] = None
    inputs: Annotated[dict[str, TextOrLines], Field(max_length=20)] = {}
    voice_id: UUID | None = None
    language: Language | None = None
    length: Length | None = None
    include: Annotated[list[Line], Field(max_length=20)] = []
    avoid: Annotated[list[Line], Field(max_length=200)] = []


class FindingOut(BaseModel):
    """One thing that a text misses; `line` says it by language, `start` and `end` where that is,
    in Unicode characters.
    """

    model_config = ConfigDict(from_attributes=True)

    check: str
    line: Mapping[str, str]
    demanded: bool
    start: int | None
    end: int | None


class ReadingOut(BaseModel):
    """How hard a text is to read: the school year that reads it, or characters a sentence."""

    model_config = ConfigDict(from_attributes=True)

    measure: Literal["grade", "sentence_characters"]
    value: float
    hard: bool


class ChecksOut(BaseModel):
    """What a text misses, and what is counted of it."""

    met: bool
    findings: list[FindingOut]
    words: int
    characters: int
    most_characters: int | None
    sentences: int
    language: str
    reading: ReadingOut | None


@router.get("/templates", responses=problems())
def list_templates(caller: CallerDep) -> TemplatesOut:
    """All templates of copy."""
    found = [TemplateOut.of(name, one) for name, one in templates().items()]
    return TemplatesOut(tones=TONES, templates=found)


@router.post("/copy", status_code=status.HTTP_202_ACCEPTED, responses=PROBLEMS)
def create_copy(
    asked: CopyIn,
    studio: StudioDep,
    people: PeopleDep,
    caller: CallerDep,
    once: OnceDep,
    servers: TextServersDep,
    finder: FinderDep,
) -> GenerationOut:
    """Have copy written by a template. Each variant is checked, and written up to three times until
    it meets its checks; the best is kept, and the last event says what each misses. What all tries
    can cost at most is held, what they cost is charged.
    """
    with people.database.connect() as connection:
        voice = voice_of(connection, caller.account_id, asked.voice_id)
    seed = secrets.randbits(32) if asked.seed is None else asked.seed
    job, outcome = studio.accept(
        caller.account_id,
        lambda: _submission(asked, voice, seed, servers, finder),
        caller.payer_id,
        asked.priority,
        once(status.HTTP_202_ACCEPTED, GenerationOut.of),
        caller.key_id,
    )
    logs.add(job_id=str(job.job_id))
    return GenerationOut.of(job, outcome)


@router.post("/copy/quotes", responses=PROBLEMS)
def create_copy_quote(
    asked: CopyIn,
    people: PeopleDep,
    caller: CallerDep,
    servers: TextServersDep,
    finder: FinderDep,
) -> CopyQuoteOut:
    """What copy would cost at most, without having it written; refuses what that would."""
    voice = None
    if asked.voice_id is not None:
        with people.database.connect() as connection:
            voice = voice_of(connection, caller.account_id, asked.voice_id)
    made = _submission(asked, voice, 0, servers, finder)
    return CopyQuoteOut(model=asked.model, price_microcredits=made.price_microcredits)


def _submission(
    asked: CopyIn, voice: Voice | None, seed: int, servers: TextServers, finder: Finder
) -> Submission:
    filled = asked.assignment(voice)
    return of_seen_copy(
        filled,
        lambda one: of_copy(one, asked.model, asked.count, seed, servers.price_of),
        finder.filled_in(filled, asked.context, asked.captioner),
    )


@router.post("/copy/checks", responses=problems(404))
def check_copy(asked: ChecksIn, people: PeopleDep, caller: CallerDep) -> ChecksOut:
    """What a text misses of what it is to meet; nothing is kept, and it costs nothing."""
    voice = None
    if asked.voice_id is not None:
        with people.database.connect() as connection:
            voice = voice_of(connection, caller.account_id, asked.voice_id)
    limits = find_template(asked.template).checks if asked.template else Limits()
    found = check(asked.text, _demands(asked, limits, voice or Voice()))
    counted = figures(asked.text, limits)
    return ChecksOut(
        met=not any(one.demanded for one in found),
        findings=[_finding(one) for one in found],
        words=counted.words,
        characters=counted.characters,
        most_characters=counted.most_characters,
        sentences=counted.sentences,
        language=counted.language,
        reading=counted.reading and ReadingOut.model_validate(counted.reading),
    )


def _demands(asked: ChecksIn, limits: Limits, voice: Voice) -> Demands:
    return Demands(
        limits,
        asked.language,
        (asked.length.least, asked.length.most) if asked.length else None,
        asked.include,
        [*asked.avoid, *voice.banned],
        voice.glossary,
        voice.terms,
        voice.style,
        named=named_in(asked.template, asked.inputs, voice, asked.avoid) if asked.template else (),
    )


def _finding(one: Finding) -> FindingOut:
    return FindingOut.model_validate(one)
