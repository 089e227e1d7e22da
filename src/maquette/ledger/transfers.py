"""Transfers: credits change hands, written once and chained by hash."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

import sqlalchemy as sa

from maquette.core.errors import NotFound
from maquette.db.tables.ledger import entry, transfer

TransferKind = Literal["grant", "charge", "expiry", "reversal"]


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """One side of a transfer, above zero where the account gains."""

    account_id: str
    amount_microcredits: int
    grant_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Transfer:
    """Credits that changed hands; `entries` sum to zero."""

    transfer_id: UUID
    account_id: str  # the user's, in whose chain it is
    number: int
    kind: TransferKind
    created_at: datetime
    entries: tuple[LedgerEntry, ...]
    hold_id: UUID | None = None
    reverses: UUID | None = None
    reason: str | None = None


# A function of the database: see the migration that made it.
_RECORD = sa.text(
    "SELECT record_transfer(:account_id, :kind, CAST(:accounts AS text[]), "
    "CAST(:amounts AS bigint[]), CAST(:grants AS uuid[]), :hold_id, :reverses, :reason)"
)


def record(
    connection: sa.Connection,
    account_id: str,
    kind: TransferKind,
    entries: Sequence[LedgerEntry],
    *,
    hold_id: UUID | None = None,
    reverses: UUID | None = None,
    reason: str | None = None,
) -> Transfer:
    """Writes a transfer at the end of the account's chain, and changes what the account and its
    grants have by what the entries say. The caller has locked the account's balance. The database
    refuses entries that do not sum to zero.
    """
    made = connection.execute(
        _RECORD,
        {
            "account_id": account_id,
            "kind": kind,
            "accounts": [side.account_id for side in entries],
            "amounts": [side.amount_microcredits for side in entries],
            "grants": [side.grant_id for side in entries],
            "hold_id": hold_id,
            "reverses": reverses,
            "reason": reason,
        },
    ).scalar_one()
    return get_transfer(connection, made)


def get_transfer(connection: sa.Connection, transfer_id: UUID) -> Transfer:
    """Raises NotFound."""
    rows = connection.execute(sa.select(transfer).where(transfer.c.transfer_id == transfer_id))
    made = with_entries(connection, rows.all())
    if not made:
        raise NotFound(f"no transfer {transfer_id}")
    return made[0]


def get_transfers(
    connection: sa.Connection, account_id: str, limit: int, before: int | None = None
) -> Sequence[Transfer]:
    """An account's transfers with their entries, the newest first; those of a number below
    `before` only.
    """
    query = sa.select(transfer).where(transfer.c.account_id == account_id)
    if before is not None:
        query = query.where(transfer.c.number < before)
    rows = connection.execute(query.order_by(transfer.c.number.desc()).limit(limit)).all()
    return with_entries(connection, rows)


def with_entries(connection: sa.Connection, rows: Sequence[sa.Row]) -> Sequence[Transfer]:
    """Rows of the table `transfer` as transfers."""
    sides: dict[UUID, list[LedgerEntry]] = {row.transfer_id: [] for row in rows}
    query = sa.select(entry).where(entry.c.transfer_id.in_(sides))
    for side in connection.execute(query.order_by(entry.c.transfer_id, entry.c.position)):
        one = LedgerEntry(side.account_id, side.amount_microcredits, side.grant_id)
        sides[side.transfer_id].append(one)
    return [
        Transfer(
            row.transfer_id,
            row.account_id,
            row.number,
            row.kind,
            row.created_at,
            tuple(sides[row.transfer_id]),
            row.hold_id,
            row.reverses,
            row.reason,
        )
        for row in rows
    ]
