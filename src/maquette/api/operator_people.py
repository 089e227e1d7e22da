"""For operators: who there is, what they may do, and what was done by those who may do much."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

import sqlalchemy as sa
from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from maquette.api.dependencies import OperatorDep, Transaction
from maquette.api.me import Line
from maquette.api.schemas import problems
from maquette.core.errors import NotAllowed
from maquette.people.audit import read_audit
from maquette.people.persons import Person, Role, get_person, list_people
from maquette.service.people_admin import available_credits, set_role, set_suspended

router = APIRouter(prefix="/v1/operator", tags=["operator"])
PROBLEMS = problems(400, 404)
Limit = Annotated[int, Query(ge=1, le=100)]
AccountId = Annotated[str, Field(max_length=100, pattern=r"^[A-Za-z0-9_/.@+-]+$")]


class PersonOut(BaseModel):
    """Someone who has an account."""

    account_id: str
    name: str
    email: str | None
    email_verified: bool
    role: Role
    suspended: bool
    created_at: datetime
    available_microcredits: int


class PersonIn(BaseModel):
    """What is to be changed of someone; roles by admins alone."""

    model_config = ConfigDict(extra="forbid")

    suspended: bool | None = None
    role: Role | None = None


class AuditOut(BaseModel):
    """One act: of whom, on what."""

    model_config = ConfigDict(from_attributes=True)

    number: int
    actor_id: str
    act: str
    subject: str
    details: Mapping[str, Any]
    created_at: datetime


@router.get("/people", responses=PROBLEMS)
def list_persons(
    operator: OperatorDep,
    connection: Transaction,
    query: Line = "",
    limit: Limit = 50,
    before: AccountId | None = None,
) -> list[PersonOut]:
    """The newest first; those whose name, address or account has `query` in it. `before` is the
    account of the last one of the page before.
    """
    found = list_people(connection, limit, before, query)
    credits = available_credits(connection, [one.account_id for one in found])
    return [_person(one, credits) for one in found]


@router.get("/people/{account_id}", responses=PROBLEMS)
def get_one(account_id: AccountId, operator: OperatorDep, connection: Transaction) -> PersonOut:
    """Someone, with what they may spend."""
    return _told(connection, get_person(connection, account_id))


@router.patch("/people/{account_id}", responses=PROBLEMS)
def change_one(
    account_id: AccountId, asked: PersonIn, operator: OperatorDep, connection: Transaction
) -> PersonOut:
    """Shut someone out or let them in again; as an admin, give them another role. It is written
    down.
    """
    if asked.role is not None:
        if operator.role != "admin":
            raise NotAllowed("this is for admins; ask one")
        set_role(connection, operator.account_id, account_id, asked.role)
    if asked.suspended is not None:
        actor = (operator.account_id, operator.role)
        set_suspended(connection, *actor, account_id, asked.suspended)
    return _told(connection, get_person(connection, account_id))


@router.get("/audit", responses=PROBLEMS)
def list_audit(
    operator: OperatorDep,
    connection: Transaction,
    limit: Limit = 50,
    before: Annotated[int, Query(ge=1, le=2**62)] | None = None,
) -> list[AuditOut]:
    """What was done by those who may do much, the newest first; before a number."""
    return [AuditOut.model_validate(one) for one in read_audit(connection, limit, before)]


def _told(connection: sa.Connection, who: Person) -> PersonOut:
    return _person(who, available_credits(connection, [who.account_id]))


def _person(who: Person, credits: Mapping[str, int]) -> PersonOut:
    return PersonOut(
        account_id=who.account_id,
        name=who.name,
        email=who.email,
        email_verified=who.email_verified_at is not None,
        role=who.role,
        suspended=who.suspended_at is not None,
        created_at=who.created_at,
        available_microcredits=credits.get(who.account_id, 0),
    )
