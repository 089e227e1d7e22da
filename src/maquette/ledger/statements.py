"""Statements: what an account had, what came and went, and what it had then."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from maquette.db.tables.ledger import transfer
from maquette.ledger.accounts import get_balance
from maquette.ledger.transfers import Transfer, with_entries

# One statement, so as of one moment. What is before the period is summed, whatever its number: a
# clock may have been put back.
_LINES = sa.text("""
    WITH own AS (
        SELECT transfer_id, number, transfer.created_at >= :since AS within,
            sum(amount_microcredits) AS amount
        FROM transfer JOIN entry USING (transfer_id, account_id)
        WHERE account_id = :account_id AND transfer.created_at < :until GROUP BY transfer_id
    ), lines AS (
        SELECT *, sum(amount) OVER (ORDER BY within, number) AS balance_after FROM own
    )
    SELECT opening, closing, transfer_id, amount, balance_after FROM (
        SELECT coalesce(sum(amount) FILTER (WHERE NOT within), 0) AS opening,
            coalesce(sum(amount), 0) AS closing FROM own
    ) AS sums LEFT JOIN lines ON within AND number > :after ORDER BY number LIMIT :limit
""")


@dataclass(frozen=True, slots=True)
class StatementLine:
    """A transfer, what the account gained or lost by it, and what it had then."""

    transfer: Transfer
    amount_microcredits: int
    balance_after_microcredits: int


@dataclass(frozen=True, slots=True)
class Statement:
    """An account between two moments, the first within and the last not; or a page of it, whose
    opening and closing balances are those of the whole.
    """

    account_id: str
    since: datetime
    until: datetime
    opening_microcredits: int
    lines: Sequence[StatementLine]
    closing_microcredits: int


def statement(
    connection: sa.Connection,
    account_id: str,
    since: datetime,
    until: datetime,
    *,
    after: int = 0,
    limit: int = 100,
) -> Statement:
    """The lines in their order, only those whose number is above `after`, so many at most. Raises
    NotFound.
    """
    get_balance(connection, account_id)  # or there is no such account
    given = {"account_id": account_id, "since": since, "until": until}
    rows = connection.execute(_LINES, {**given, "after": after, "limit": limit}).all()
    sums = {row.transfer_id: row for row in rows if row.transfer_id is not None}
    query = sa.select(transfer).where(transfer.c.transfer_id.in_(sums))
    made = with_entries(connection, connection.execute(query.order_by(transfer.c.number)).all())
    lines = [
        StatementLine(one, int(row.amount), int(row.balance_after))
        for one in made
        for row in [sums[one.transfer_id]]
    ]
    opening, closing = int(rows[0].opening), int(rows[0].closing)
    return Statement(account_id, since, until, opening, lines, closing)
