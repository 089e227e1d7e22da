"""Corrections: what was wrong stays as it was written, and its opposite is written after it."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa

from maquette.core.errors import InsufficientCredits, InvalidRequest
from maquette.core.ids import new_id
from maquette.db.tables.ledger import credit_grant, transfer
from maquette.ledger.accounts import in_credits
from maquette.ledger.grants import expire_grants, lock
from maquette.ledger.transfers import LedgerEntry, Transfer, get_transfer, record

REFUND_TIME = timedelta(days=30)  # to spend what comes back of a grant that has expired since


def reverse(connection: sa.Connection, transfer_id: UUID, reason: str) -> Transfer:
    """Writes the opposite of a charge, which comes back to its grants or to new ones where their
    time is over, or of a grant, of which nothing may be spent, held or expired.

    Raises NotFound, InvalidRequest for another kind or one that is reversed already, and
    InsufficientCredits for a grant that is not whole.
    """
    found = get_transfer(connection, transfer_id)
    if found.kind not in ("charge", "grant"):
        raise InvalidRequest(f"transfer {transfer_id} is of kind {found.kind}, which is not undone")
    lock(connection, found.account_id)
    again = sa.select(transfer.c.transfer_id).where(transfer.c.reverses == transfer_id)
    if connection.execute(again).one_or_none():
        raise InvalidRequest(f"transfer {transfer_id} is reversed already")
    expire_grants(connection, found.account_id)
    sides = [LedgerEntry(e.account_id, -e.amount_microcredits, e.grant_id) for e in found.entries]
    if found.kind == "grant":
        _check_whole(connection, sides[1])
    else:
        sides = [_where_it_can_be_spent(connection, side) for side in sides]
    return record(
        connection, found.account_id, "reversal", sides, reverses=transfer_id, reason=reason
    )


def _check_whole(connection: sa.Connection, side: LedgerEntry) -> None:
    free = credit_grant.c.left_microcredits - credit_grant.c.held_microcredits
    query = sa.select(free).where(credit_grant.c.grant_id == side.grant_id)
    there, given = connection.execute(query).scalar_one(), -side.amount_microcredits
    if there < given:
        raise InsufficientCredits(
            f"{in_credits(there)} of the grant's {in_credits(given)} credits are there; "
            "what is spent, held or expired cannot be taken back"
        )


def _where_it_can_be_spent(connection: sa.Connection, side: LedgerEntry) -> LedgerEntry:
    """What comes back to a grant whose time is over comes in a new one of its kind."""
    if side.grant_id is None:
        return side
    old = connection.execute(
        sa.select(credit_grant, credit_grant.c.expires_at <= sa.func.clock_timestamp()).where(
            credit_grant.c.grant_id == side.grant_id
        )
    ).one()
    if not old[-1]:
        return side
    row = {
        "grant_id": new_id(),
        "account_id": old.account_id,
        "category": old.category,
        "priority": old.priority,
        "expires_at": sa.func.clock_timestamp() + REFUND_TIME,
        "amount_microcredits": side.amount_microcredits,
        "left_microcredits": 0,  # till the transfer is written
    }
    connection.execute(sa.insert(credit_grant).values(row))
    return replace(side, grant_id=row["grant_id"])
