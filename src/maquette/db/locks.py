"""Locks that all processes share, by any name."""

from hashlib import sha256

import sqlalchemy as sa


def hold(connection: sa.Connection, name: str) -> None:
    """Waits for a name; until the caller's transaction ends, no one else holds it."""
    connection.execute(sa.select(sa.func.pg_advisory_xact_lock(number_of(name))))


def number_of(name: str) -> int:
    """What PostgreSQL knows a lock by."""
    return int.from_bytes(sha256(name.encode()).digest()[:8], signed=True)
