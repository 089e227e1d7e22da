"""For operators: other servers that write texts and speak."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, status
from pydantic import BaseModel, ConfigDict, Field

from maquette.api.dependencies import OperatorDep, TextServersDep
from maquette.api.schemas import Int, problems
from maquette.service.server_voices import OfferedVoice
from maquette.service.text_servers import OfferedModel, ServerChange

router = APIRouter(prefix="/v1/operator/text-servers", tags=["operator"])
PROBLEMS = problems(400, 404, 502)


class OfferedModelIn(BaseModel):
    """A model of a server that people may use, as NAME/MODEL, and its price."""

    model_config = ConfigDict(extra="forbid", from_attributes=True)

    name: Annotated[str, Field(min_length=1, max_length=200)]
    thousand_tokens_microcredits: Annotated[Int, Field(ge=0, le=10**12)] = 0


VoiceName = Annotated[str, Field(min_length=1, max_length=100)]


class OfferedVoiceIn(BaseModel):
    """A model of a server that people may have speak, as NAME/MODEL; `voices` are its speakers, the
    usual one first, none where the server alone knows them.
    """

    model_config = ConfigDict(extra="forbid", from_attributes=True)

    name: Annotated[str, Field(min_length=1, max_length=200)]
    voices: Annotated[list[VoiceName], Field(max_length=200)] = []
    thousand_characters_microcredits: Annotated[Int, Field(ge=0, le=10**12)] = 0


Url = Annotated[str, Field(max_length=500, examples=["http://127.0.0.1:11434/v1"])]
Key = Annotated[str, Field(max_length=1000, description="It is kept encrypted, and never told.")]
Models = Annotated[list[OfferedModelIn], Field(max_length=200)]
Speech = Annotated[list[OfferedVoiceIn], Field(max_length=200)]


class TextServerIn(BaseModel):
    """A server to be added."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(max_length=32, description="Small letters, digits, strokes.")]
    url: Url
    key: Key = ""
    models: Models = []
    speech: Speech = []


class TextServerChangeIn(BaseModel):
    """What is to be changed of one; an empty key takes it away."""

    model_config = ConfigDict(extra="forbid")

    url: Url | None = None
    key: Key | None = None
    models: Models | None = None
    speech: Speech | None = None
    disabled: bool | None = None


class TextServerOut(BaseModel):
    """A server, without its key."""

    model_config = ConfigDict(from_attributes=True)

    server_id: UUID
    name: str
    url: str
    has_key: bool
    models: list[OfferedModelIn]
    speech: list[OfferedVoiceIn]
    created_at: datetime
    created_by: str
    disabled: bool


class FoundServerOut(BaseModel):
    """A server that listens on this machine, and the program that usually does so there."""

    model_config = ConfigDict(from_attributes=True)

    program: str
    url: str
    models: list[str]


class CheckedServerOut(BaseModel):
    """The models that a server has right now, and how long it took to say so."""

    model_config = ConfigDict(from_attributes=True)

    took_ms: float
    models: list[str]


@router.get("", responses=PROBLEMS)
def list_text_servers(operator: OperatorDep, servers: TextServersDep) -> list[TextServerOut]:
    """All that were added, by their names."""
    return [TextServerOut.model_validate(one) for one in servers.list()]


@router.post("", status_code=status.HTTP_201_CREATED, responses=PROBLEMS)
def add_text_server(
    asked: TextServerIn, operator: OperatorDep, servers: TextServersDep
) -> TextServerOut:
    """Add a server; it is not asked for that. It is written down."""
    offered = _models(asked.models), _speech(asked.speech)
    made = servers.add(operator.account_id, asked.name, asked.url, asked.key, *offered)
    return TextServerOut.model_validate(made)


@router.get("/found", responses=PROBLEMS)
def find_text_servers(operator: OperatorDep, servers: TextServersDep) -> list[FoundServerOut]:
    """Servers that listen on this machine where Ollama, vLLM, llama.cpp and LM Studio usually do.
    They are asked when this is called and at no other time, and nothing is used of them.
    """
    return [FoundServerOut.model_validate(one) for one in servers.found()]


@router.patch("/{server_id}", responses=PROBLEMS)
def change_text_server(
    server_id: UUID, asked: TextServerChangeIn, operator: OperatorDep, servers: TextServersDep
) -> TextServerOut:
    """Change what is given; a new address wants the key anew. It is written down."""
    models = None if asked.models is None else _models(asked.models)
    speech = None if asked.speech is None else _speech(asked.speech)
    change = ServerChange(asked.url, asked.key, models, asked.disabled, speech)
    return TextServerOut.model_validate(servers.change(operator.account_id, server_id, change))


@router.delete("/{server_id}", status_code=204, responses=PROBLEMS)
def remove_text_server(server_id: UUID, operator: OperatorDep, servers: TextServersDep) -> None:
    """Let a server and its key go. It is written down."""
    servers.remove(operator.account_id, server_id)


@router.post("/{server_id}/check", responses=PROBLEMS)
def check_text_server(
    server_id: UUID, operator: OperatorDep, servers: TextServersDep
) -> CheckedServerOut:
    """Ask a server right now for its models; 502 says why it does not answer."""
    return CheckedServerOut.model_validate(servers.check(server_id))


def _models(given: list[OfferedModelIn]) -> list[OfferedModel]:
    return [OfferedModel(one.name, one.thousand_tokens_microcredits) for one in given]


def _speech(given: list[OfferedVoiceIn]) -> list[OfferedVoice]:
    return [
        OfferedVoice(one.name, tuple(one.voices), one.thousand_characters_microcredits)
        for one in given
    ]
