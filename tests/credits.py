"""Credits for those who ask for something in a test."""

import sqlalchemy as sa

from maquette.ledger.accounts import open_account
from maquette.ledger.grants import grant
from maquette.people.persons import add_person

PLENTY_MICROCREDITS = 10**12


def enrich(
    database: sa.Engine, account_id: str, amount_microcredits: int = PLENTY_MICROCREDITS
) -> None:
    """Opens an account and gives it credits, which do not expire."""
    with database.begin() as connection:
        open_account(connection, account_id)
        grant(connection, account_id, amount_microcredits, "free")


def settle(database: sa.Engine, account_id: str) -> None:
    """Someone new, with credits in plenty."""
    enrich(database, account_id)
    with database.begin() as connection:
        add_person(connection, account_id)
