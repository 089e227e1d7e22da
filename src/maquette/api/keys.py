"""API keys: made, listed, deleted by their person."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, status
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from maquette.api.dependencies import SignedInDep, Transaction
from maquette.api.me import Line
from maquette.api.schemas import Int, problems
from maquette.core.errors import NotFound
from maquette.people.budgets import Period
from maquette.people.keys import Scope, add_key, delete_keys, list_keys

router = APIRouter(prefix="/v1/keys", tags=["keys"])
PROBLEMS = problems(400, 404)
Amount = Annotated[Int, Field(ge=1, le=2**53)]


class KeyIn(BaseModel):
    """A key to be made: what it may do, and how much it may spend in a period, or in all."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[Line, Field(min_length=1)]
    scopes: Annotated[list[Scope], Field(min_length=1, max_length=4)]
    budget_microcredits: Amount | None = None
    budget_period: Period | None = None
    expires_at: AwareDatetime | None = None


class KeyOut(BaseModel):
    """A key, without what it is known by."""

    model_config = ConfigDict(from_attributes=True)

    key_id: UUID
    name: str
    prefix: str
    scopes: list[Scope]
    budget_microcredits: int | None
    budget_period: Period | None
    spent_microcredits: int
    created_at: datetime
    last_used_at: datetime | None
    expires_at: datetime | None


class NewKeyOut(KeyOut):
    """A key as it is shown once."""

    key: str


@router.get("", responses=PROBLEMS)
def list_my_keys(caller: SignedInDep, connection: Transaction) -> list[KeyOut]:
    """Your keys, the newest first."""
    return [KeyOut.model_validate(one) for one in list_keys(connection, caller.account_id)]


@router.post("", status_code=status.HTTP_201_CREATED, responses=PROBLEMS)
def make_key(asked: KeyIn, caller: SignedInDep, connection: Transaction) -> NewKeyOut:
    """Make a key. It is shown this once; send it as `Authorization: Bearer KEY`."""
    made, shown = add_key(
        connection,
        caller.account_id,
        asked.name,
        asked.scopes,
        asked.budget_microcredits,
        asked.budget_period,
        asked.expires_at,
    )
    return NewKeyOut(**KeyOut.model_validate(made).model_dump(), key=shown)


@router.delete("/{key_id}", status_code=204, responses=PROBLEMS)
def delete_key(key_id: UUID, caller: SignedInDep, connection: Transaction) -> None:
    """Delete a key; it opens nothing from now on."""
    if not delete_keys(connection, caller.account_id, key_id):
        raise NotFound(f"{key_id} is not here")
