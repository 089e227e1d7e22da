"""Sessions: browsers in which someone is signed in, each known by the hash of its cookie."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa

from maquette.core.ids import new_id
from maquette.db.tables.people import session
from maquette.people.tokens import hash_token, new_token

IDLE = timedelta(days=14)
WHOLE = timedelta(days=60)
NOTED = timedelta(minutes=1)  # between two notes that it is used
MOST_TEXT = 300
FRESH_MIN = 10  # after that, signing in is no proof any more that it is still the same person


@dataclass(frozen=True, slots=True)
class Session:
    """Where someone is signed in, since when, until when at most."""

    session_id: UUID
    account_id: str
    browser: str
    address: str
    created_at: datetime
    last_used_at: datetime
    expires_at: datetime


def start_session(
    connection: sa.Connection, account_id: str, browser: str = "", address: str = ""
) -> str:
    """Signs someone in; gives the token for the cookie, which is always a new one."""
    token = new_token()
    row = {
        "session_id": new_id(),
        "token_hash": hash_token(token),
        "account_id": account_id,
        "browser": browser[:MOST_TEXT],
        "address": address[:MOST_TEXT],
        "expires_at": sa.func.now() + WHOLE,
    }
    connection.execute(sa.insert(session).values(row))
    return token


def note_use(connection: sa.Connection, session_id: UUID) -> None:
    """Notes that a session is used, so that it does not go idle."""
    this = session.c.session_id == session_id
    connection.execute(sa.update(session).where(this).values(last_used_at=sa.func.now()))


def is_alive() -> sa.ColumnElement[bool]:
    """What holds for a session that is neither over nor idle."""
    return (session.c.expires_at > sa.func.now()) & (session.c.last_used_at > sa.func.now() - IDLE)


def is_fresh(connection: sa.Connection, account_id: str, session_id: UUID) -> bool:
    """Whether someone signed in by this session just now."""
    own = (session.c.session_id == session_id) & (session.c.account_id == account_id)
    began = session.c.created_at > sa.func.now() - timedelta(minutes=FRESH_MIN)
    return connection.execute(sa.select(sa.exists().where(own & began))).scalar_one()


def list_sessions(connection: sa.Connection, account_id: str) -> Sequence[Session]:
    """Where someone is signed in, the latest used first."""
    columns = [session.c[name] for name in Session.__dataclass_fields__]
    query = sa.select(*columns).where((session.c.account_id == account_id) & is_alive())
    rows = connection.execute(query.order_by(session.c.last_used_at.desc()))
    return [Session(*row) for row in rows]


def end_session(connection: sa.Connection, account_id: str, session_id: UUID) -> bool:
    """Signs a browser out; False where it is not this person's."""
    own = (session.c.session_id == session_id) & (session.c.account_id == account_id)
    return connection.execute(sa.delete(session).where(own)).rowcount == 1


def end_sessions(connection: sa.Connection, account_id: str, but: UUID | None = None) -> None:
    """Signs someone out everywhere, but in one session where that is named."""
    others = (session.c.account_id == account_id) & session.c.session_id.is_distinct_from(but)
    connection.execute(sa.delete(session).where(others))


def end_session_of(connection: sa.Connection, token: str) -> None:
    """Signs out whoever a cookie's token stands for."""
    connection.execute(sa.delete(session).where(session.c.token_hash == hash_token(token)))


def drop_dead_sessions(connection: sa.Connection) -> None:
    """Forgets those that are over or idle."""
    connection.execute(sa.delete(session).where(~is_alive()))
