"""Teams: founded, joined, their members changed."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

import sqlalchemy as sa
from fastapi import APIRouter, status
from pydantic import BaseModel, ConfigDict, Field

from maquette.api.dependencies import CallerDep, PeopleDep, SendDep, SignedInDep, Transaction
from maquette.api.keys import Amount
from maquette.api.me import Line
from maquette.api.operator_people import AccountId
from maquette.api.schemas import problems
from maquette.api.sign_in import Address, Token
from maquette.people.teams import (
    Membership,
    TeamRole,
    change_member,
    limit_member,
    list_members,
    owned_team,
    remove_member,
    team_of,
    teams_of,
)
from maquette.service.teams import accept, found_team, invite

router = APIRouter(prefix="/v1", tags=["teams"])
PROBLEMS = problems(400, 404, 429)


class TeamIn(BaseModel):
    """A team to be founded."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[Line, Field(min_length=1)]


class InvitationIn(BaseModel):
    """Who is asked to join."""

    model_config = ConfigDict(extra="forbid")

    email: Address


class AcceptIn(BaseModel):
    """What the link of an invitation ends in."""

    model_config = ConfigDict(extra="forbid")

    token: Token


class MemberIn(BaseModel):
    """What is to be changed of a member; a limit of null is none."""

    model_config = ConfigDict(extra="forbid")

    role: TeamRole | None = None
    monthly_limit_microcredits: Amount | None = None


class MemberOut(BaseModel):
    """Someone who is of a team."""

    model_config = ConfigDict(from_attributes=True)

    account_id: str
    name: str
    email: str | None
    role: TeamRole
    monthly_limit_microcredits: int | None
    spent_microcredits: int


class TeamOut(BaseModel):
    """A team, with who is of it."""

    team_id: UUID
    account_id: str
    name: str
    members: Sequence[MemberOut]

    @classmethod
    def of(cls, connection: sa.Connection, team: Membership) -> "TeamOut":
        members = list_members(connection, team.team_id)
        return cls(
            team_id=team.team_id,
            account_id=team.account_id,
            name=team.name,
            members=[MemberOut.model_validate(one) for one in members],
        )


@router.get("/teams", responses=PROBLEMS)
def list_teams(caller: CallerDep, connection: Transaction) -> list[TeamOut]:
    """The teams that you are of."""
    return [TeamOut.of(connection, one) for one in teams_of(connection, caller.account_id)]


@router.post("/teams", status_code=status.HTTP_201_CREATED, responses=PROBLEMS)
def make_team(asked: TeamIn, caller: SignedInDep, connection: Transaction) -> TeamOut:
    """Found a team, which has an account of its own."""
    return TeamOut.of(connection, found_team(connection, asked.name, caller.account_id))


@router.post("/teams/{team_id}/invitations", status_code=202, responses=PROBLEMS)
def invite_someone(
    team_id: UUID, asked: InvitationIn, caller: SignedInDep, people: PeopleDep, send: SendDep
) -> None:
    """As an owner, ask someone by mail to join."""
    invite(people, team_id, caller.account_id, asked.email, send)


@router.post("/invitations/accept", responses=PROBLEMS)
def accept_invitation(asked: AcceptIn, caller: SignedInDep, connection: Transaction) -> TeamOut:
    """Join a team, by the link of a mail."""
    return TeamOut.of(connection, accept(connection, caller.account_id, asked.token))


@router.patch("/teams/{team_id}/members/{account_id}", responses=PROBLEMS)
def change_team_member(
    team_id: UUID,
    account_id: AccountId,
    asked: MemberIn,
    caller: SignedInDep,
    connection: Transaction,
) -> TeamOut:
    """As an owner, change what a member is, or may spend in a month of UTC."""
    team = owned_team(connection, team_id, caller.account_id)
    change_member(connection, team_id, account_id, asked.role)
    if "monthly_limit_microcredits" in asked.model_fields_set:
        limit_member(connection, team_id, account_id, asked.monthly_limit_microcredits)
    return TeamOut.of(connection, team)


@router.delete("/teams/{team_id}/members/{account_id}", status_code=204, responses=PROBLEMS)
def remove_team_member(
    team_id: UUID, account_id: AccountId, caller: SignedInDep, connection: Transaction
) -> None:
    """Leave a team, or as an owner have someone leave it. They pay for themselves from now on."""
    if account_id == caller.account_id:
        team_of(connection, team_id, caller.account_id)
    else:
        owned_team(connection, team_id, caller.account_id)
    remove_member(connection, team_id, account_id)
