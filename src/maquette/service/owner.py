"""The owner of this machine, who needs no password on it and has credits in plenty."""

import sqlalchemy as sa

from maquette.ledger.accounts import get_balance, open_account
from maquette.ledger.grants import grant

LOCAL_ACCOUNT = "local"
PLENTY_MICROCREDITS = 1_000_000 * 1_000_000  # some ten million of the starter's pictures
LEAST_MICROCREDITS = PLENTY_MICROCREDITS // 10


def prepare_owner(database: sa.Engine) -> None:
    """Opens the owner's account and fills it up: what is drawn here costs its owner nothing, but
    goes the same way as what others pay for.
    """
    with database.begin() as connection:
        open_account(connection, LOCAL_ACCOUNT)
        there = get_balance(connection, LOCAL_ACCOUNT).available_microcredits
        if there < LEAST_MICROCREDITS:
            missing = PLENTY_MICROCREDITS - there
            grant(connection, LOCAL_ACCOUNT, missing, "free", reason="the owner of this machine")
