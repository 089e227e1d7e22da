"""Accounts: users, whose balances are kept, and the system's, whose are sums of entries."""

from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from maquette.core.errors import InvalidRequest, NotFound
from maquette.db.tables.ledger import account, balance

ISSUED = "system/issued"  # what was granted, below zero
REVENUE = "system/revenue"  # what was charged
EXPIRED = "system/expired"  # what was not spent in time
START_OF_CHAIN = bytes(32)


@dataclass(frozen=True, slots=True)
class Balance:
    """What a user has, in microcredits."""

    posted_microcredits: int
    held_microcredits: int

    @property
    def available_microcredits(self) -> int:
        return self.posted_microcredits - self.held_microcredits


def in_credits(microcredits: int) -> str:
    """An amount as people read it, to the last microcredit."""
    return f"{Decimal(microcredits).scaleb(-6).normalize():f}"


def open_account(connection: sa.Connection, account_id: str) -> None:
    """Opens a user's account; does nothing where it is open. Raises InvalidRequest for a name that
    only the system's have.
    """
    if account_id.startswith("system/"):
        raise InvalidRequest(f"account {account_id} is the system's; choose another name")
    for table, more in ((account, {"kind": "user"}), (balance, {"last_hash": START_OF_CHAIN})):
        row = {"account_id": account_id, **more}
        connection.execute(postgresql.insert(table).values(row).on_conflict_do_nothing())


def get_balance(connection: sa.Connection, account_id: str) -> Balance:
    """Raises NotFound."""
    there = get_balances(connection, [account_id])
    if account_id not in there:
        raise NotFound(f"no account {account_id}")
    return there[account_id]


def get_balances(connection: sa.Connection, account_ids: Collection[str]) -> dict[str, Balance]:
    """By account; those that are not there are left out."""
    columns = balance.c.account_id, balance.c.posted_microcredits, balance.c.held_microcredits
    query = sa.select(*columns).where(balance.c.account_id.in_(account_ids))
    return {account_id: Balance(*amounts) for account_id, *amounts in connection.execute(query)}
