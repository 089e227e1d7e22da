"""Callers: whose request it is, by a session, or because they sit at the machine."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from maquette.core.errors import NotAllowed
from maquette.db.tables.people import person, session, team, team_member
from maquette.people.persons import LOCAL_ACCOUNT, Role, admin_has_password
from maquette.people.sessions import NOTED, is_alive, note_use
from maquette.people.tokens import hash_token


@dataclass(frozen=True, slots=True)
class Caller:
    """Whose request it is, and what they may do."""

    account_id: str  # whose requests and pictures
    payer_id: str  # the account that pays: their own, or that of a team
    role: Role
    session_id: UUID | None = None
    key_id: UUID | None = None
    scopes: frozenset[str] | None = None  # of the key


# Who pays: a team's account, as long as the person is of the team.
PAYER = sa.case(
    (team_member.c.team_id.is_not(None), person.c.payer_account_id), else_=person.c.account_id
)
WITH_TEAM = person.outerjoin(team, team.c.account_id == person.c.payer_account_id).outerjoin(
    team_member,
    (team_member.c.team_id == team.c.team_id) & (team_member.c.account_id == person.c.account_id),
)


# Built once: each request asks it.
_OF_SESSION = (
    sa.select(
        person.c.account_id,
        PAYER,
        person.c.role,
        session.c.session_id,
        person.c.suspended_at,
        session.c.last_used_at < sa.func.now() - NOTED,
    )
    .select_from(WITH_TEAM.join(session, session.c.account_id == person.c.account_id))
    .where((session.c.token_hash == sa.bindparam("token_hash")) & is_alive())
)


def caller_of_session(connection: sa.Connection, token: str) -> Caller | None:
    """Who is signed in where a cookie has this token; None where no one is. Notes now and then
    that it is used. Raises NotAllowed for who is suspended.
    """
    row = connection.execute(_OF_SESSION, {"token_hash": hash_token(token)}).one_or_none()
    if row is None:
        return None
    *known, suspended_at, is_stale = row
    refuse_suspended(suspended_at)
    caller = Caller(*known)
    if is_stale and caller.session_id is not None:
        note_use(connection, caller.session_id)
    return caller


def refuse_suspended(suspended_at: datetime | None) -> None:
    """Raises NotAllowed."""
    if suspended_at is not None:
        raise NotAllowed("this account is suspended; ask an operator")


def caller_at_machine(connection: sa.Connection) -> Caller | None:
    """The owner, as long as no admin has a password; then all sign in, they too."""
    if admin_has_password(connection):
        return None
    this = person.c.account_id == LOCAL_ACCOUNT
    payer_id = connection.execute(sa.select(PAYER).select_from(WITH_TEAM).where(this)).scalar()
    return Caller(LOCAL_ACCOUNT, payer_id or LOCAL_ACCOUNT, "admin")
