"""Transfers: credits change hands, written once and chained by hash."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Literal
from uuid import UUID

import sqlalchemy as sa

from maquette.core.ids import new_id
from maquette.db.tables.ledger import balance, entry, transfer

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

    def hash_after(self, previous: bytes) -> bytes:
        """SHA-256 of all that it says and of the hash of the account's transfer before it."""
        said = [
            previous.hex(),
            str(self.transfer_id),
            self.account_id,
            self.number,
            self.kind,
            self.created_at.astimezone(UTC).isoformat(timespec="microseconds"),
            self.hold_id and str(self.hold_id),
            self.reverses and str(self.reverses),
            self.reason,
            [
                (e.account_id, e.amount_microcredits, e.grant_id and str(e.grant_id))
                for e in self.entries
            ],
        ]
        return sha256(json.dumps(said, ensure_ascii=False).encode()).digest()


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
    """Writes a transfer at the end of the account's chain. The caller has locked the account's
    balance and changes what it and its grants come to. The database refuses entries that do not
    sum to zero.
    """
    chain = sa.select(balance.c.transfers, balance.c.last_hash, sa.func.clock_timestamp())
    count, previous, now = connection.execute(chain.where(balance.c.account_id == account_id)).one()
    made = Transfer(
        new_id(),
        account_id,
        count + 1,
        kind,
        now,
        tuple(entries),
        hold_id,
        reverses,
        reason,
    )
    digest = made.hash_after(previous)
    columns = ("transfer_id", "account_id", "number", "kind", "created_at")
    columns += ("hold_id", "reverses", "reason")
    row = {name: getattr(made, name) for name in columns}
    connection.execute(sa.insert(transfer).values(**row, hash=digest))
    sides = [
        {
            "transfer_id": made.transfer_id,
            "position": position,
            "account_id": side.account_id,
            "grant_id": side.grant_id,
            "amount_microcredits": side.amount_microcredits,
        }
        for position, side in enumerate(made.entries)
    ]
    connection.execute(sa.insert(entry).values(sides))  # one statement, which is to sum to zero
    connection.execute(
        sa.update(balance)
        .where(balance.c.account_id == account_id)
        .values(transfers=made.number, last_hash=digest)
    )
    return made


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
