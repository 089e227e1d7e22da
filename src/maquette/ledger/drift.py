"""A look at the accounts whose credits moved lately, so cheap that it can be taken all the time."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa

from maquette.core.ids import least_id

OVERLAP = timedelta(minutes=1)  # that what moves them may take to commit, at the most
# By a transfer, or by a hold that was placed or given back. The database makes the ids of both.
MOVED = sa.text("""
    SELECT account_id FROM transfer WHERE transfer_id >= :least
    UNION SELECT account_id FROM hold WHERE hold_id >= :least
    UNION SELECT account_id FROM hold
        WHERE state IN ('voided', 'expired') AND resolved_at >= :since
""")
# Of each account: its balance beside its entries, and what it holds beside its open holds.
LOOK = sa.text("""
    WITH open AS (
        SELECT account_id, sum(amount_microcredits) AS holds FROM hold
        WHERE state = 'held' AND account_id = ANY(:accounts) GROUP BY account_id
    )
    SELECT account_id,
        abs(posted_microcredits - entries) + abs(held_microcredits - coalesce(holds, 0))
    FROM balance LEFT JOIN open USING (account_id)
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(amount_microcredits), 0) AS entries FROM entry
        WHERE entry.account_id = balance.account_id
    ) AS said
    WHERE account_id = ANY(:accounts)
""")


def moved_since(connection: sa.Connection, moment: datetime) -> Sequence[str]:
    """The accounts whose credits moved since a moment by the clock of the database."""
    since = moment - OVERLAP
    found = connection.execute(MOVED, {"least": least_id(since), "since": since})
    return found.scalars().all()


def drift_of(connection: sa.Connection, accounts: Collection[str]) -> dict[str, int]:
    """What each account is off by, in microcredits: 0 where all is well. One statement sees one
    moment.
    """
    rows = connection.execute(LOOK, {"accounts": list(accounts)})
    return {name: int(off) for name, off in rows}
