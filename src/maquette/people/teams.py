"""Teams: people who share the credits of one account, each up to a limit a month."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from maquette.core.errors import InvalidRequest, NotAllowed, NotFound
from maquette.db.locks import lock_name
from maquette.db.tables.people import budget, person, team, team_member
from maquette.people.budgets import close_budgets, open_budget, set_limit, spent_now
from maquette.people.persons import Person

TeamRole = Literal["owner", "member"]
MOST_TEAMS = 20  # that one person is of
MOST_MEMBERS = 500


@dataclass(frozen=True, slots=True)
class Membership:
    """A team that someone is of, and as what."""

    team_id: UUID
    account_id: str  # the team's
    name: str
    role: TeamRole


@dataclass(frozen=True, slots=True)
class Member:
    """Someone who is of a team, and what they spend of its credits this month."""

    account_id: str
    name: str
    email: str | None
    role: TeamRole
    monthly_limit_microcredits: int | None
    spent_microcredits: int
    budget_id: UUID


def account_of(team_id: UUID) -> str:
    """The account that a team's credits are on."""
    return f"team/{team_id}"


def teams_of(connection: sa.Connection, account_id: str) -> Sequence[Membership]:
    """The teams that someone is of, by name."""
    query = (
        sa.select(team.c.team_id, team.c.account_id, team.c.name, team_member.c.role)
        .join(team_member, team_member.c.team_id == team.c.team_id)
        .where(team_member.c.account_id == account_id)
        .order_by(team.c.name, team.c.team_id)
    )
    return [Membership(*row) for row in connection.execute(query)]


def team_of(connection: sa.Connection, team_id: UUID, account_id: str) -> Membership:
    """A team, for who is of it. Raises NotFound to others."""
    for one in teams_of(connection, account_id):
        if one.team_id == team_id:
            return one
    raise NotFound(f"{team_id} is not here")


def owned_team(connection: sa.Connection, team_id: UUID, account_id: str) -> Membership:
    """A team, for its owners. Raises NotFound, NotAllowed for other members."""
    found = team_of(connection, team_id, account_id)
    if found.role != "owner":
        raise NotAllowed("this is for the team's owners; ask one")
    return found


def keepers_of(connection: sa.Connection, account_id: str) -> Sequence[Person]:
    """Who decides over an account: its person, or the owners of its team; not who is suspended."""
    owners = (
        sa.select(team_member.c.account_id)
        .join(team, team.c.team_id == team_member.c.team_id)
        .where(team.c.account_id == account_id, team_member.c.role == "owner")
    )
    keeps = (person.c.account_id == account_id) | person.c.account_id.in_(owners)
    query = sa.select(person).where(keeps, person.c.suspended_at.is_(None))
    rows = connection.execute(query.order_by(person.c.account_id))
    return [Person(**row._mapping) for row in rows]


def belongs_to_anyone(connection: sa.Connection, account_id: str) -> bool:
    """Whether an account is a person's or a team's; who went leaves theirs to no one."""
    return connection.execute(sa.select(is_anyones(sa.literal(account_id)))).scalar_one()


def is_anyones(account_id: sa.ColumnElement[str]) -> sa.ColumnElement[bool]:
    """Likewise, as a condition of a query."""
    theirs = [sa.exists().where(one.c.account_id == account_id) for one in (person, team)]
    return sa.or_(*theirs)


def names_of(connection: sa.Connection, account_ids: Sequence[str]) -> Mapping[str, str]:
    """By what others know accounts: the address that a person has shown, the name of a team."""
    persons = sa.select(person.c.account_id, person.c.email).where(
        person.c.account_id.in_(account_ids), person.c.email_verified_at.is_not(None)
    )
    teams = sa.select(team.c.account_id, team.c.name).where(team.c.account_id.in_(account_ids))
    return {row[0]: row[1] for row in connection.execute(persons.union_all(teams))}


def refuse_other_members(connection: sa.Connection, payer_id: str, account_id: str) -> None:
    """Lets pass who decides over an account that pays: its person, or an owner of its team. Raises
    NotAllowed.
    """
    mine = (one.account_id for one in teams_of(connection, account_id) if one.role == "owner")
    if payer_id not in (account_id, *mine):
        raise NotAllowed("this is for the team's owners; ask one")


def add_team(connection: sa.Connection, team_id: UUID, name: str, owner_id: str) -> Membership:
    """A team of one, whose account is open. Raises InvalidRequest."""
    row = {"team_id": team_id, "account_id": account_of(team_id), "name": name}
    connection.execute(sa.insert(team).values(row))
    add_member(connection, team_id, owner_id, "owner")
    return team_of(connection, team_id, owner_id)


def add_member(
    connection: sa.Connection, team_id: UUID, account_id: str, role: TeamRole = "member"
) -> None:
    """Does nothing where they are of it. Raises InvalidRequest where there are too many."""
    lock_name(connection, f"members of {team_id}")
    if len(teams_of(connection, account_id)) >= MOST_TEAMS:
        raise InvalidRequest(f"{MOST_TEAMS} teams are the most one may be of; leave one first")
    members = list_members(connection, team_id)
    if any(one.account_id == account_id for one in members):
        return
    if len(members) >= MOST_MEMBERS:
        raise InvalidRequest(f"a team has {MOST_MEMBERS} members at most; found another one")
    budget_id = open_budget(connection, None, "month")
    row = {"team_id": team_id, "account_id": account_id, "role": role, "budget_id": budget_id}
    connection.execute(insert(team_member).values(row))


def list_members(connection: sa.Connection, team_id: UUID) -> Sequence[Member]:
    """Who is of a team, in the order in which they came."""
    columns = (
        person.c.account_id,
        person.c.name,
        person.c.email,
        team_member.c.role,
        budget.c.limit_microcredits,
        spent_now(),
        budget.c.budget_id,
    )
    query = (
        sa.select(*columns)
        .select_from(
            team_member.join(person, person.c.account_id == team_member.c.account_id).join(
                budget, budget.c.budget_id == team_member.c.budget_id
            )
        )
        .where(team_member.c.team_id == team_id)
        .order_by(team_member.c.created_at, person.c.account_id)
    )
    return [Member(*row) for row in connection.execute(query)]


def change_member(
    connection: sa.Connection, team_id: UUID, account_id: str, role: TeamRole | None
) -> Member:
    """Makes a member an owner, or the other way round. Raises NotFound, NotAllowed for the last
    owner.
    """
    found = _member(connection, team_id, account_id)
    if role is not None and role != found.role:
        if role == "member":
            _refuse_last_owner(connection, team_id, account_id)
        this = (team_member.c.team_id == team_id) & (team_member.c.account_id == account_id)
        connection.execute(sa.update(team_member).where(this).values(role=role))
    return _member(connection, team_id, account_id)


def limit_member(
    connection: sa.Connection, team_id: UUID, account_id: str, monthly_microcredits: int | None
) -> None:
    """How much someone may spend of the team's credits in a month; None, as much as there is.
    Raises NotFound.
    """
    found = _member(connection, team_id, account_id)
    set_limit(connection, found.budget_id, monthly_microcredits)


def remove_member(connection: sa.Connection, team_id: UUID, account_id: str) -> None:
    """From now on they pay for themselves. Raises NotFound, NotAllowed for the last owner."""
    found = _member(connection, team_id, account_id)
    _refuse_last_owner(connection, team_id, account_id)
    this = (team_member.c.team_id == team_id) & (team_member.c.account_id == account_id)
    connection.execute(sa.delete(team_member).where(this))
    close_budgets(connection, [found.budget_id])
    theirs = (person.c.account_id == account_id) & (
        person.c.payer_account_id == account_of(team_id)
    )
    connection.execute(sa.update(person).where(theirs).values(payer_account_id=None))


def _member(connection: sa.Connection, team_id: UUID, account_id: str) -> Member:
    for one in list_members(connection, team_id):
        if one.account_id == account_id:
            return one
    raise NotFound(f"{account_id} is not of this team")


def _refuse_last_owner(connection: sa.Connection, team_id: UUID, account_id: str) -> None:
    lock_name(connection, f"members of {team_id}")
    owners = [one for one in list_members(connection, team_id) if one.role == "owner"]
    if [one.account_id for one in owners] == [account_id]:
        raise NotAllowed("this is the team's last owner; make another one first")
