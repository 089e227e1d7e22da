"""Grants: credits that came in together, and how they go by time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

import sqlalchemy as sa

from maquette.core.errors import InvalidRequest, NotFound
from maquette.core.ids import new_id
from maquette.db.tables.ledger import balance, credit_grant
from maquette.ledger.accounts import EXPIRED, ISSUED
from maquette.ledger.transfers import LedgerEntry, Transfer, get_transfer, record

GrantCategory = Literal["free", "promotion", "plan", "paid"]
# What costs nothing is spent first, what was paid for last.
PRIORITIES: dict[GrantCategory, int] = {"free": 0, "promotion": 10, "plan": 20, "paid": 30}


@dataclass(frozen=True, slots=True)
class CreditGrant:
    """Credits that came in together, in microcredits."""

    grant_id: UUID
    category: GrantCategory
    priority: int
    expires_at: datetime | None
    amount_microcredits: int
    left_microcredits: int
    held_microcredits: int


def grant(
    connection: sa.Connection,
    account_id: str,
    amount_microcredits: int,
    category: GrantCategory,
    *,
    expires_at: datetime | None = None,
    reason: str | None = None,
) -> CreditGrant:
    """Gives an account credits. Raises InvalidRequest for none or less, NotFound for no account."""
    if amount_microcredits <= 0:
        raise InvalidRequest(f"a grant of {amount_microcredits} microcredits; give at least 1")
    lock(connection, account_id)
    row = {
        "grant_id": new_id(),
        "category": category,
        "priority": PRIORITIES[category],
        "expires_at": expires_at,
        "amount_microcredits": amount_microcredits,
    }
    empty = {"account_id": account_id, "left_microcredits": 0}  # till the transfer is written
    connection.execute(sa.insert(credit_grant).values(row | empty))
    sides = (
        LedgerEntry(ISSUED, -amount_microcredits),
        LedgerEntry(account_id, amount_microcredits, row["grant_id"]),
    )
    record(connection, account_id, "grant", sides, reason=reason)
    return CreditGrant(**row, left_microcredits=amount_microcredits, held_microcredits=0)


def get_grants(connection: sa.Connection, account_id: str) -> list[CreditGrant]:
    """Those with something left, in the order in which they are spent: the least priority first, of
    these what expires first, then the oldest.
    """
    columns = [credit_grant.c[name] for name in CreditGrant.__dataclass_fields__]
    left = (credit_grant.c.account_id == account_id) & (credit_grant.c.left_microcredits > 0)
    order = (
        credit_grant.c.priority,
        credit_grant.c.expires_at.asc().nulls_last(),
        credit_grant.c.created_at,
        credit_grant.c.grant_id,
    )
    rows = connection.execute(sa.select(*columns).where(left).order_by(*order))
    return [CreditGrant(*row) for row in rows]


def expire_grants(connection: sa.Connection, account_id: str) -> Transfer | None:
    """Takes what no hold has of grants whose time is over; None where there is nothing.

    What a hold has stays until it is resolved, and goes the next time.
    """
    lock(connection, account_id)
    made = connection.execute(sa.select(sa.func.expire_grants(account_id))).scalar_one()
    return get_transfer(connection, made) if made else None


def expire_due_grants(connection: sa.Connection, limit: int = 100) -> Sequence[str]:
    """Does so for accounts that have any, for so many grants at most; returns the accounts. What
    others have locked is left to the next time.
    """
    over = (
        sa.select(credit_grant.c.account_id)
        .where(
            (credit_grant.c.left_microcredits > 0)  # as the index has it
            & (credit_grant.c.expires_at <= sa.func.now())
            & (credit_grant.c.left_microcredits > credit_grant.c.held_microcredits)
        )
        .order_by(credit_grant.c.expires_at)
        .limit(limit)
    )
    which = sa.select(balance.c.account_id).where(balance.c.account_id.in_(over))
    due = list(connection.execute(which.with_for_update(skip_locked=True)).scalars())
    each = sa.func.unnest(sa.cast(due, sa.ARRAY(sa.Text))).column_valued("one")
    connection.execute(sa.select(sa.func.expire_grants(each)))
    return due


def end_grant(
    connection: sa.Connection, account_id: str, grant_id: UUID, reason: str
) -> Transfer | None:
    """Takes what no hold has of one of an account's grants though its time is not over; None where
    there is nothing. What a hold has stays until it is resolved. Raises NotFound for no account.
    """
    lock(connection, account_id)
    free = credit_grant.c.left_microcredits - credit_grant.c.held_microcredits
    own = (credit_grant.c.grant_id == grant_id) & (credit_grant.c.account_id == account_id)
    there = connection.execute(sa.select(free).where(own)).scalar_one_or_none()
    if not there:
        return None
    sides = (LedgerEntry(account_id, -there, grant_id), LedgerEntry(EXPIRED, there))
    return record(connection, account_id, "expiry", sides, reason=reason)


def lock(connection: sa.Connection, account_id: str) -> None:
    """Has all others wait who change this account's credits. Raises NotFound."""
    one = sa.select(balance.c.account_id).where(balance.c.account_id == account_id)
    if connection.execute(one.with_for_update()).one_or_none() is None:
        raise NotFound(f"no account {account_id}")
