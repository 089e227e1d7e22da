"""Proof that every credit is accounted for: all that is kept beside the entries, derived anew."""

from collections.abc import Iterator
from dataclasses import dataclass

import sqlalchemy as sa

from maquette.db.tables.ledger import balance, transfer
from maquette.ledger.accounts import START_OF_CHAIN
from maquette.ledger.transfers import with_entries

PAGE = 1000  # transfers that are read at once
CHAINED = "transfers are as they were chained"
# Each gives a line for whatever is wrong; what is right gives none.
RULES = {
    "a transfer's entries sum to zero": """
        SELECT 'transfer ' || transfer_id || ' sums to ' || coalesce(sum(amount_microcredits), 0)
        FROM transfer LEFT JOIN entry USING (transfer_id) GROUP BY transfer_id
        HAVING coalesce(sum(amount_microcredits), 0) <> 0 OR count(entry.position) < 2""",
    "the whole ledger sums to zero": """
        SELECT 'all entries sum to ' || sum(amount_microcredits)
        FROM entry HAVING sum(amount_microcredits) <> 0""",
    "a balance is the sum of its entries": """
        SELECT 'account ' || account_id || ' has ' || posted_microcredits || ', its entries say '
            || coalesce(said, 0)
        FROM balance LEFT JOIN (
            SELECT account_id, sum(amount_microcredits) AS said FROM entry GROUP BY account_id
        ) AS entries USING (account_id) WHERE posted_microcredits <> coalesce(said, 0)""",
    "an account holds what its open holds say": """
        SELECT 'account ' || account_id || ' holds ' || held_microcredits || ', its holds say '
            || coalesce(said, 0)
        FROM balance LEFT JOIN (
            SELECT account_id, sum(amount_microcredits) AS said FROM hold WHERE state = 'held'
            GROUP BY account_id
        ) AS holds USING (account_id) WHERE held_microcredits <> coalesce(said, 0)""",
    "no user is below zero, nor holds more than it has": """
        SELECT 'account ' || account_id || ' has ' || posted_microcredits || ' and holds '
            || held_microcredits
        FROM balance WHERE held_microcredits < 0 OR posted_microcredits < held_microcredits""",
    "what is left of a grant is what its entries say": """
        SELECT 'grant ' || grant_id || ' has ' || left_microcredits || ', its entries say '
            || coalesce(said, 0)
        FROM credit_grant LEFT JOIN (
            SELECT grant_id, sum(amount_microcredits) AS said FROM entry
            WHERE grant_id IS NOT NULL GROUP BY grant_id
        ) AS entries USING (grant_id) WHERE left_microcredits <> coalesce(said, 0)""",
    "what is held of a grant is what open holds draw on": """
        SELECT 'grant ' || grant_id || ' holds ' || held_microcredits || ', its holds say '
            || coalesce(said, 0)
        FROM credit_grant LEFT JOIN (
            SELECT grant_id, sum(hold_part.amount_microcredits) AS said
            FROM hold_part JOIN hold USING (hold_id) WHERE state = 'held' GROUP BY grant_id
        ) AS parts USING (grant_id) WHERE held_microcredits <> coalesce(said, 0)""",
    "an account has what its grants have left": """
        SELECT 'account ' || account_id || ' has ' || posted_microcredits || ', its grants '
            || coalesce(said, 0)
        FROM balance LEFT JOIN (
            SELECT account_id, sum(left_microcredits) AS said FROM credit_grant GROUP BY account_id
        ) AS grants USING (account_id) WHERE posted_microcredits <> coalesce(said, 0)""",
    "a user's entries name a grant of its own": """
        SELECT 'transfer ' || transfer_id || ' takes from or gives to no grant of '
            || entry.account_id
        FROM entry JOIN account USING (account_id) LEFT JOIN credit_grant USING (grant_id)
        WHERE account.kind = 'user'
            AND credit_grant.account_id IS DISTINCT FROM entry.account_id""",
    "an entry names an account that there is": """
        SELECT 'transfer ' || transfer_id || ' names account ' || entry.account_id
        FROM entry LEFT JOIN account USING (account_id) WHERE account.account_id IS NULL""",
    "a user has a balance": """
        SELECT 'account ' || account_id || ' has no balance'
        FROM account LEFT JOIN balance USING (account_id)
        WHERE kind = 'user' AND balance.account_id IS NULL""",
    "a grant is what came in": """
        SELECT 'grant ' || grant_id || ' of ' || amount_microcredits || ', came in with '
            || coalesce(said, 0)
        FROM credit_grant LEFT JOIN (
            SELECT DISTINCT ON (grant_id) grant_id, entry.amount_microcredits AS said
            FROM entry JOIN transfer USING (transfer_id) WHERE grant_id IS NOT NULL
            ORDER BY grant_id, number
        ) AS first USING (grant_id) WHERE amount_microcredits <> coalesce(said, 0)""",
    "a transfer is between its account and the system's": """
        SELECT DISTINCT 'transfer ' || transfer_id || ' of kind ' || transfer.kind
            || ' is with ' || entry.account_id
        FROM transfer JOIN entry USING (transfer_id)
        WHERE entry.account_id NOT IN (transfer.account_id, CASE transfer.kind
            WHEN 'grant' THEN 'system/issued' WHEN 'charge' THEN 'system/revenue'
            WHEN 'expiry' THEN 'system/expired' ELSE entry.account_id END)
            OR (transfer.kind = 'reversal' AND entry.account_id <> transfer.account_id
                AND entry.account_id NOT IN ('system/issued', 'system/revenue'))""",
    "a charge draws on its hold's grants, as far as it may": """
        SELECT 'transfer ' || transfer_id || ' takes ' || -entry.amount_microcredits
            || ' where its hold has ' || coalesce(part.said, 0)
        FROM transfer JOIN entry USING (transfer_id, account_id) LEFT JOIN (
            SELECT hold_id, hold.account_id, grant_id, sum(hold_part.amount_microcredits) AS said
            FROM hold JOIN hold_part USING (hold_id) GROUP BY hold_id, grant_id
        ) AS part ON part.hold_id = transfer.hold_id AND part.grant_id = entry.grant_id
            AND part.account_id = transfer.account_id
        WHERE transfer.kind = 'charge'
            AND -entry.amount_microcredits > coalesce(part.said, 0)""",
    "a hold draws on grants for all of it": """
        SELECT 'hold ' || hold_id || ' of ' || hold.amount_microcredits || ' draws on '
            || coalesce(sum(hold_part.amount_microcredits), 0)
        FROM hold LEFT JOIN hold_part USING (hold_id) GROUP BY hold_id
        HAVING hold.amount_microcredits <> coalesce(sum(hold_part.amount_microcredits), 0)""",
    "a hold is charged once, for what it posted": """
        SELECT 'hold ' || hold_id || ' is ' || state || ' with ' || posted_microcredits
            || ', charged ' || coalesce(said, 0)
        FROM hold LEFT JOIN (
            SELECT transfer.hold_id, -sum(amount_microcredits) AS said
            FROM transfer JOIN entry USING (transfer_id, account_id)
            WHERE kind = 'charge' GROUP BY transfer.hold_id
        ) AS charges USING (hold_id)
        WHERE posted_microcredits <> coalesce(said, 0) OR (state = 'posted') <> (said IS NOT NULL)
            OR posted_microcredits > amount_microcredits""",
    "a reversal is the opposite of one transfer": """
        SELECT DISTINCT 'reversal ' || transfer_id || ' is not the opposite of what it reverses'
        FROM (
            SELECT transfer_id, entry.account_id, amount_microcredits
            FROM transfer JOIN entry USING (transfer_id) WHERE kind = 'reversal'
            UNION ALL
            SELECT transfer.transfer_id, entry.account_id, amount_microcredits
            FROM transfer JOIN entry ON entry.transfer_id = transfer.reverses
        ) AS sides GROUP BY transfer_id, account_id HAVING sum(amount_microcredits) <> 0
        UNION ALL
        SELECT 'reversal ' || later.transfer_id || ' is of a ' || earlier.kind || ' of '
            || earlier.account_id
        FROM transfer AS later JOIN transfer AS earlier ON earlier.transfer_id = later.reverses
        WHERE earlier.kind NOT IN ('grant', 'charge') OR earlier.account_id <> later.account_id""",
    "an account's transfers are all there": """
        SELECT 'account ' || account_id || ' has ' || count(number) || ' transfers of ' || transfers
        FROM balance LEFT JOIN transfer USING (account_id)
        GROUP BY account_id HAVING transfers <> count(number)""",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """What is not as it should be."""

    rule: str
    line: str


def verify(engine: sa.Engine) -> Iterator[Finding]:
    """Derives balances, grants, holds and each account's chain anew, all as of one moment, while
    others go on.
    """
    with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
        for rule, query in RULES.items():
            for line in connection.execute(sa.text(query)).scalars():
                yield Finding(rule, line)
        yield from _chains(connection)


def _chains(connection: sa.Connection) -> Iterator[Finding]:
    """Each account's transfers are numbered without a gap, each hash is of what its transfer says,
    and the balance knows the last.
    """
    begun = balance.c.last_hash != START_OF_CHAIN
    for one in connection.execute(
        sa.select(balance.c.account_id).where((balance.c.transfers == 0) & begun)
    ).scalars():
        yield Finding(CHAINED, f"account {one} has no transfers, but its chain has an end")
    query = (
        sa.select(transfer, balance.c.transfers, balance.c.last_hash)
        .outerjoin(balance, balance.c.account_id == transfer.c.account_id)
        .order_by(transfer.c.account_id, transfer.c.number)
    )
    account_id, number, previous = None, 0, START_OF_CHAIN
    with connection.execution_options(yield_per=PAGE).execute(query) as result:
        for page in result.partitions():
            for one, row in zip(with_entries(connection, page), page, strict=True):
                if one.account_id != account_id:
                    account_id, number, previous = one.account_id, 0, START_OF_CHAIN
                number += 1
                forged = one.hash_after(previous) != row.hash
                cut = one.number == row.transfers and row.hash != row.last_hash
                if one.number != number or forged or cut:
                    yield Finding(CHAINED, f"transfer {one.transfer_id} is not what was written")
                number, previous = one.number, row.hash
