"""Brand voices: learned from texts, kept, changed, deleted."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, status
from pydantic import BaseModel, ConfigDict, Field

from maquette.api.dependencies import Account, CallerDep, Transaction
from maquette.api.schemas import problems
from maquette.copydesk import brand_voices, learning
from maquette.copydesk.template import Plain
from maquette.copydesk.voice import Line, Voice

router = APIRouter(prefix="/v1/brand-voices", tags=["copy"])
PROBLEMS = problems(400, 404, 413)


class BrandVoiceIn(BaseModel):
    """A voice, and the name that its people know it by."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[Line, Field(max_length=100)]
    voice: Voice = Voice()


class BrandVoiceOut(BaseModel):
    """A voice of yours."""

    model_config = ConfigDict(from_attributes=True)

    voice_id: UUID
    name: str
    voice: Voice
    created_at: datetime
    changed_at: datetime


class LearnIn(BaseModel):
    """Texts of a brand's own, pasted one after another."""

    model_config = ConfigDict(extra="forbid")

    text: Annotated[Plain, Field(max_length=4 * learning.MOST_CHARACTERS)]


@router.get("", responses=PROBLEMS)
def list_brand_voices(connection: Transaction, account: Account) -> list[BrandVoiceOut]:
    """Your brand voices, by name."""
    found = brand_voices.list_voices(connection, account)
    return [BrandVoiceOut.model_validate(one) for one in found]


@router.post("", status_code=status.HTTP_201_CREATED, responses=PROBLEMS)
def add_brand_voice(
    asked: BrandVoiceIn, connection: Transaction, account: Account
) -> BrandVoiceOut:
    """Keep a new brand voice."""
    made = brand_voices.add_voice(connection, account, asked.name, asked.voice)
    return BrandVoiceOut.model_validate(made)


@router.post("/learn", responses=PROBLEMS)
def learn_brand_voice(asked: LearnIn, caller: CallerDep) -> Voice:
    """Draft a voice from texts: its names, facts, tone, examples and manner. It is made by counting
    words, without a model; nothing is kept.
    """
    return learning.learn(asked.text)


@router.get("/{voice_id}", responses=PROBLEMS)
def get_brand_voice(voice_id: UUID, connection: Transaction, account: Account) -> BrandVoiceOut:
    """One voice."""
    return BrandVoiceOut.model_validate(brand_voices.get_voice(connection, account, voice_id))


@router.put("/{voice_id}", responses=PROBLEMS)
def change_brand_voice(
    voice_id: UUID, asked: BrandVoiceIn, connection: Transaction, account: Account
) -> BrandVoiceOut:
    """Change a voice; what was written in it stays as it is."""
    changed = brand_voices.change_voice(connection, account, voice_id, asked.name, asked.voice)
    return BrandVoiceOut.model_validate(changed)


@router.delete("/{voice_id}", status_code=status.HTTP_204_NO_CONTENT, responses=PROBLEMS)
def delete_brand_voice(voice_id: UUID, connection: Transaction, account: Account) -> None:
    """Delete a voice; campaigns and documents in it go on without one."""
    brand_voices.delete_voice(connection, account, voice_id)
