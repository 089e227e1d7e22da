"""Locks that all processes share, by any name."""

from contextlib import suppress
from hashlib import sha256

import sqlalchemy as sa

from maquette.db.connect import DATABASE_AWAY


def lock_name(connection: sa.Connection, name: str) -> None:
    """Waits for a name; until the caller's transaction ends, no one else holds it."""
    connection.execute(sa.select(sa.func.pg_advisory_xact_lock(number_of(name))))


class Lease:
    """A name that a process has for as long as it asks for it again and again. The database takes
    it from who did not for `lasts_s`: no one waits for a process whose machine is gone. For one
    thread.
    """

    def __init__(self, database: sa.Engine, name: str, lasts_s: float) -> None:
        self._database, self._name, self._lasts_s = database, name, lasts_s
        self._session: sa.Connection | None = None  # which has the lock, and nothing else to do

    def take(self) -> bool:
        """Takes the name or renews the lease, and where that is over, as when PostgreSQL starts
        anew, takes it again; False where another has it.
        """
        if self._session is not None:
            try:
                self._session.execute(sa.text("SELECT 1"))
                return True
            except DATABASE_AWAY:
                self._end_session()
        session = self._database.connect().execution_options(isolation_level="AUTOCOMMIT")
        take = sa.select(sa.func.pg_try_advisory_lock(number_of(self._name)))
        if not session.execute(take).scalar_one():
            session.close()
            return False
        session.detach()  # never another's, for it ends with the lease
        self._session = session
        lasts_ms = round(1e3 * self._lasts_s)
        session.execute(sa.text(f"SET idle_session_timeout = {lasts_ms}"))
        return True

    def give_up(self) -> None:
        """Leaves the name to others, where it is this one's."""
        if self._session is not None:
            with suppress(*DATABASE_AWAY):
                # At once, for the server may have the lock a moment longer than the session lasts.
                unlock = sa.func.pg_advisory_unlock(number_of(self._name))
                self._session.execute(sa.select(unlock))
            self._end_session()

    def _end_session(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            with suppress(*DATABASE_AWAY):
                session.close()  # which ends it, for it is of no pool


def is_taken(connection: sa.Connection, name: str) -> bool:
    """Whether someone has a name at this moment. Looks at it, and is in no one's way."""
    high, low = divmod(number_of(name) % 2**64, 2**32)
    query = sa.text(
        "SELECT EXISTS (SELECT FROM pg_locks JOIN pg_database ON pg_database.oid = database "
        "WHERE locktype = 'advisory' AND datname = current_database() AND objsubid = 1 "
        "AND classid = :high AND objid = :low AND granted)"
    )
    return connection.execute(query, {"high": high, "low": low}).scalar_one()


def number_of(name: str) -> int:
    """What PostgreSQL knows a lock by."""
    return int.from_bytes(sha256(name.encode()).digest()[:8], signed=True)
