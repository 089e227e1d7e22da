"""A look at the accounts whose credits moved lately, so cheap that it can be taken all the time."""

from collections.abc import Collection
from datetime import datetime, timedelta

import sqlalchemy as sa

from maquette.core.ids import least_id

OVERLAP = timedelta(minutes=1)  # that a transfer's transaction may take to commit, at the most
# Of each account: its balance beside its entries, and what it holds beside its open holds.
LOOK = sa.text("""
    WITH moved AS (
        SELECT account_id FROM transfer WHERE transfer_id >= :least
        UNION SELECT unnest(CAST(:again AS text[]))
    )
    SELECT account_id, abs(posted_microcredits - entries) + abs(held_microcredits - holds)
    FROM moved JOIN balance USING (account_id)
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(amount_microcredits), 0) AS entries FROM entry
        WHERE entry.account_id = balance.account_id
    ) AS said
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(amount_microcredits), 0) AS holds FROM hold
        WHERE hold.account_id = balance.account_id AND state = 'held'
    ) AS open
""")


def drift_since(
    connection: sa.Connection, moment: datetime, again: Collection[str] = ()
) -> dict[str, int]:
    """What each account that has a transfer since a moment is off by, in microcredits: 0 where all
    is well. Those to be looked at `again` are there, too. One statement sees one moment.
    """
    values = {"least": least_id(moment - OVERLAP), "again": list(again)}
    return {name: int(off) for name, off in connection.execute(LOOK, values)}
