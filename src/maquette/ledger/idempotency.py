"""Idempotency keys: a request that comes more than once has one effect and one answer."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from maquette.core.errors import IdempotencyMismatch
from maquette.db.locks import lock_name
from maquette.db.tables.ledger import idempotency

KEPT_FOR = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Answer:
    """What was said to a request."""

    status: int
    body: bytes


@dataclass(frozen=True, slots=True)
class Once:
    """A request with a key; whoever does what it asks for makes the answer of what came of it."""

    account_id: str
    key: str
    request_hash: bytes
    answer: Callable[..., Answer]


class AnsweredBefore(Exception):  # no failure: the answer is here
    """What was asked for was done before; nothing is to be done, and this is to be said."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


def claim(connection: sa.Connection, once: Once | None) -> None:
    """Begins what is to be done once, before all else in the caller's transaction: a twin that
    comes meanwhile waits here until that ends.

    Raises AnsweredBefore where it is done, IdempotencyMismatch where the key was another request's.
    """
    if once is not None:
        lock_name(connection, f"idempotency {once.account_id} {once.key}")
        recall(connection, once)


def recall(connection: sa.Connection, once: Once) -> None:
    """Looks whether it is done, and holds no one up: for what is to be read first and might be gone
    by now. Raises as `claim` does.
    """
    named = (idempotency.c.account_id == once.account_id) & (idempotency.c.key == once.key)
    found = connection.execute(sa.select(idempotency).where(named)).one_or_none()
    if found is None:
        return
    if found.request_hash != once.request_hash:
        raise IdempotencyMismatch(f"the key {once.key} came with another request; use a new one")
    raise AnsweredBefore(Answer(found.status, found.body))


def finish(connection: sa.Connection, once: Once | None, *made: Any) -> None:
    """Keeps the answer, in the transaction of what was made: both come to be, or neither."""
    if once is None:
        return
    said = once.answer(*made)
    row = {
        "account_id": once.account_id,
        "key": once.key,
        "request_hash": once.request_hash,
        "status": said.status,
        "body": said.body,
    }
    connection.execute(sa.insert(idempotency).values(row))


def forget_answers(connection: sa.Connection, limit: int = 1000) -> int:
    """Deletes answers of more than a day ago, so many at most; gives how many."""
    over = idempotency.c.created_at < sa.func.now() - KEPT_FOR
    places = sa.select(sa.literal_column("ctid")).select_from(idempotency).where(over).limit(limit)
    query = sa.delete(idempotency).where(sa.literal_column("ctid").in_(places))
    return connection.execute(query).rowcount
