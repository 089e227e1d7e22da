"""Proof that every credit is accounted for: all that is kept beside the entries, derived anew."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import sqlalchemy as sa

ACCOUNTS = 1000  # that are looked at together, as of one moment
# Each gives a line for whatever is wrong with the accounts after one name up to another; what is
# right gives none.
RULES = {
    "a transfer's entries sum to zero": """
        SELECT 'transfer ' || transfer_id || ' sums to ' || coalesce(sum(amount_microcredits), 0)
        FROM transfer LEFT JOIN entry USING (transfer_id)
        WHERE transfer.account_id > :after AND transfer.account_id <= :last GROUP BY transfer_id
        HAVING coalesce(sum(amount_microcredits), 0) <> 0 OR count(entry.position) < 2""",
    "a balance is the sum of its entries": """
        SELECT 'account ' || account_id || ' has ' || posted_microcredits || ', its entries say '
            || coalesce(sum(amount_microcredits), 0)
        FROM balance LEFT JOIN entry USING (account_id)
        WHERE balance.account_id > :after AND balance.account_id <= :last GROUP BY account_id
        HAVING posted_microcredits <> coalesce(sum(amount_microcredits), 0)""",
    "an account holds what its open holds say": """
        SELECT 'account ' || account_id || ' holds ' || held_microcredits || ', its holds say '
            || coalesce(said, 0)
        FROM balance LEFT JOIN (
            SELECT account_id, sum(amount_microcredits) AS said FROM hold
            WHERE state = 'held' AND account_id > :after AND account_id <= :last GROUP BY account_id
        ) AS holds USING (account_id)
        WHERE account_id > :after AND account_id <= :last
            AND held_microcredits <> coalesce(said, 0)""",
    "no user is below zero, nor holds more than it has": """
        SELECT 'account ' || account_id || ' has ' || posted_microcredits || ' and holds '
            || held_microcredits
        FROM balance WHERE account_id > :after AND account_id <= :last
            AND (held_microcredits < 0 OR posted_microcredits < held_microcredits)""",
    "what is left of a grant is what its entries say": """
        SELECT 'grant ' || grant_id || ' has ' || left_microcredits || ', its entries say '
            || coalesce(sum(entry.amount_microcredits), 0)
        FROM credit_grant LEFT JOIN entry USING (grant_id)
        WHERE credit_grant.account_id > :after AND credit_grant.account_id <= :last
        GROUP BY grant_id
        HAVING left_microcredits <> coalesce(sum(entry.amount_microcredits), 0)""",
    "what is held of a grant is what open holds draw on": """
        SELECT 'grant ' || grant_id || ' holds ' || held_microcredits || ', its holds say '
            || coalesce(said, 0)
        FROM credit_grant LEFT JOIN (
            SELECT grant_id, sum(hold_part.amount_microcredits) AS said
            FROM hold JOIN hold_part USING (hold_id)
            WHERE state = 'held' AND account_id > :after AND account_id <= :last GROUP BY grant_id
        ) AS parts USING (grant_id)
        WHERE account_id > :after AND account_id <= :last
            AND held_microcredits <> coalesce(said, 0)""",
    "an account has what its grants have left": """
        SELECT 'account ' || account_id || ' has ' || posted_microcredits || ', its grants '
            || coalesce(sum(left_microcredits), 0)
        FROM balance LEFT JOIN credit_grant USING (account_id)
        WHERE balance.account_id > :after AND balance.account_id <= :last GROUP BY account_id
        HAVING posted_microcredits <> coalesce(sum(left_microcredits), 0)""",
    "a user's entries name a grant of its own": """
        SELECT 'transfer ' || transfer_id || ' takes from or gives to no grant of '
            || entry.account_id
        FROM balance JOIN entry USING (account_id) LEFT JOIN credit_grant USING (grant_id)
        WHERE balance.account_id > :after AND balance.account_id <= :last
            AND credit_grant.account_id IS DISTINCT FROM entry.account_id""",
    "an entry names an account that there is": """
        SELECT 'transfer ' || transfer_id || ' names account ' || entry.account_id
        FROM transfer JOIN entry USING (transfer_id)
        LEFT JOIN account ON account.account_id = entry.account_id
        WHERE transfer.account_id > :after AND transfer.account_id <= :last
            AND account.account_id IS NULL""",
    "a user has a balance": """
        SELECT 'account ' || account_id || ' has no balance'
        FROM account LEFT JOIN balance USING (account_id)
        WHERE account.account_id > :after AND account.account_id <= :last
            AND kind = 'user' AND balance.account_id IS NULL""",
    "a grant is what came in": """
        SELECT 'grant ' || grant_id || ' of ' || amount_microcredits || ', came in with '
            || coalesce(said, 0)
        FROM credit_grant LEFT JOIN (
            SELECT DISTINCT ON (grant_id) grant_id, entry.amount_microcredits AS said
            FROM transfer JOIN entry USING (transfer_id)
            WHERE transfer.account_id > :after AND transfer.account_id <= :last
                AND grant_id IS NOT NULL
            ORDER BY grant_id, number
        ) AS first USING (grant_id)
        WHERE account_id > :after AND account_id <= :last
            AND amount_microcredits <> coalesce(said, 0)""",
    "a transfer is between its account and the system's": """
        SELECT DISTINCT 'transfer ' || transfer_id || ' of kind ' || transfer.kind
            || ' is with ' || entry.account_id
        FROM transfer JOIN entry USING (transfer_id)
        WHERE transfer.account_id > :after AND transfer.account_id <= :last
            AND (entry.account_id NOT IN (transfer.account_id, CASE transfer.kind
            WHEN 'grant' THEN 'system/issued' WHEN 'charge' THEN 'system/revenue'
            WHEN 'expiry' THEN 'system/expired' ELSE entry.account_id END)
            OR (transfer.kind = 'reversal' AND entry.account_id <> transfer.account_id
                AND entry.account_id NOT IN ('system/issued', 'system/revenue')))""",
    "a charge draws on its hold's grants, as far as it may": """
        SELECT 'transfer ' || transfer_id || ' takes ' || -entry.amount_microcredits
            || ' where its hold has ' || coalesce(part.said, 0)
        FROM transfer JOIN entry USING (transfer_id, account_id) LEFT JOIN (
            SELECT hold_id, hold.account_id, grant_id, sum(hold_part.amount_microcredits) AS said
            FROM hold JOIN hold_part USING (hold_id)
            WHERE account_id > :after AND account_id <= :last GROUP BY hold_id, grant_id
        ) AS part ON part.hold_id = transfer.hold_id AND part.grant_id = entry.grant_id
            AND part.account_id = transfer.account_id
        WHERE transfer.account_id > :after AND transfer.account_id <= :last
            AND transfer.kind = 'charge' AND -entry.amount_microcredits > coalesce(part.said, 0)""",
    "a hold draws on its account's grants for all of it": """
        SELECT 'hold ' || hold_id || ' of ' || hold.amount_microcredits || ' draws on '
            || coalesce(sum(part.amount_microcredits), 0)
        FROM hold LEFT JOIN (
            SELECT hold_id, account_id, hold_part.amount_microcredits
            FROM hold_part JOIN credit_grant USING (grant_id)
        ) AS part USING (hold_id, account_id)
        WHERE hold.account_id > :after AND hold.account_id <= :last GROUP BY hold_id
        HAVING hold.amount_microcredits <> coalesce(sum(part.amount_microcredits), 0)""",
    "a hold is charged once, for what it posted": """
        SELECT 'hold ' || hold_id || ' is ' || state || ' with ' || posted_microcredits
            || ', charged ' || coalesce(said, 0)
        FROM hold LEFT JOIN (
            SELECT transfer.hold_id, -sum(amount_microcredits) AS said
            FROM transfer JOIN entry USING (transfer_id, account_id)
            WHERE kind = 'charge' AND account_id > :after AND account_id <= :last
            GROUP BY transfer.hold_id
        ) AS charges USING (hold_id)
        WHERE account_id > :after AND account_id <= :last
            AND (posted_microcredits <> coalesce(said, 0)
            OR (state = 'posted') <> (said IS NOT NULL)
            OR posted_microcredits > amount_microcredits)""",
    "a reversal is the opposite of one transfer": """
        SELECT DISTINCT 'reversal ' || transfer_id || ' is not the opposite of what it reverses'
        FROM (
            SELECT transfer_id, entry.account_id, amount_microcredits
            FROM transfer JOIN entry USING (transfer_id) WHERE kind = 'reversal'
                AND transfer.account_id > :after AND transfer.account_id <= :last
            UNION ALL
            SELECT transfer.transfer_id, entry.account_id, amount_microcredits
            FROM transfer JOIN entry ON entry.transfer_id = transfer.reverses
            WHERE transfer.account_id > :after AND transfer.account_id <= :last
        ) AS sides GROUP BY transfer_id, account_id HAVING sum(amount_microcredits) <> 0
        UNION ALL
        SELECT 'reversal ' || later.transfer_id || ' is of a ' || earlier.kind || ' of '
            || earlier.account_id
        FROM transfer AS later JOIN transfer AS earlier ON earlier.transfer_id = later.reverses
        WHERE later.account_id > :after AND later.account_id <= :last
            AND (earlier.kind NOT IN ('grant', 'charge')
            OR earlier.account_id <> later.account_id)""",
    "an account's transfers are all there": """
        SELECT 'account ' || account_id || ' has ' || count(number) || ' transfers of ' || transfers
        FROM balance LEFT JOIN transfer USING (account_id)
        WHERE balance.account_id > :after AND balance.account_id <= :last
        GROUP BY account_id HAVING transfers <> count(number)""",
    "transfers are as they were chained": """
        SELECT 'transfer ' || transfer_id || ' is not what was written' FROM (
            SELECT one.transfer_id, number, hash, transfers, last_hash,
                row_number() OVER chain AS place, transfer_hash(
                    lag(hash, 1, decode(repeat('00', 32), 'hex')) OVER chain, one,
                    sides_of(transfer_id)) AS derived
            FROM transfer AS one LEFT JOIN balance USING (account_id)
            WHERE one.account_id > :after AND one.account_id <= :last
            WINDOW chain AS (PARTITION BY account_id ORDER BY number)
        ) AS chained
        WHERE number <> place OR hash <> derived OR (number = transfers AND hash <> last_hash)
        UNION ALL
        SELECT 'account ' || account_id || ' has no transfers, but its chain has an end'
        FROM balance WHERE account_id > :after AND account_id <= :last
            AND transfers = 0 AND last_hash <> decode(repeat('00', 32), 'hex')""",
}
WHOLE = "the whole ledger sums to zero"
_ALL = sa.text(
    "SELECT 'all entries sum to ' || sum(amount_microcredits) FROM entry "
    "HAVING sum(amount_microcredits) <> 0"
)
# Whatever else names one, for someone may have taken accounts away.
_ENDS = sa.text("""
    SELECT count(*), greatest(max(account_id), (SELECT max(account_id) FROM transfer),
        (SELECT max(account_id) FROM credit_grant), (SELECT max(account_id) FROM hold))
    FROM account""")
_NEXT = sa.text(
    "SELECT account_id FROM account WHERE account_id > :after AND account_id < :end "
    "ORDER BY account_id OFFSET :others LIMIT 1"
)


@dataclass(frozen=True, slots=True)
class Finding:
    """What is not as it should be."""

    rule: str
    line: str


def verify(
    engine: sa.Engine, on_progress: Callable[[int, int], None] = lambda done, of: None
) -> Iterator[Finding]:
    """Derives balances, grants, holds and each account's chain anew, while others go on: a thousand
    accounts at a time, as of one moment, for all that a rule compares belongs to one account.
    `on_progress` is told how many accounts are done, of how many.
    """
    with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
        with connection.begin():
            accounts, end = connection.execute(_ENDS).one()
            found = [Finding(WHOLE, line) for line in connection.execute(_ALL).scalars()]
        yield from found
        done, last = 0, ""
        while last != end:
            after = last
            with connection.begin():
                given = {"after": after, "end": end, "others": ACCOUNTS - 1}
                last = connection.execute(_NEXT, given).scalar_one_or_none() or end
                found = findings_of(connection, after, last)
            done += ACCOUNTS
            on_progress(min(done, accounts), accounts)  # first, for who has enough asks no more
            yield from found


def findings_of(connection: sa.Connection, after: str, last: str) -> list[Finding]:
    """What is wrong with the accounts whose names are after one, up to another."""
    given = {"after": after, "last": last}
    # A thousandth of a table is looked up, not all of it read.
    connection.execute(sa.text("SET LOCAL random_page_cost = 1.1"))
    return [
        Finding(rule, line)
        for rule, query in RULES.items()
        for line in connection.execute(sa.text(query), given).scalars()
    ]
