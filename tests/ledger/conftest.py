"""An account with credits of two kinds, and holds of them."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from maquette.ledger.accounts import open_account
from maquette.ledger.grants import grant
from maquette.ledger.holds import Hold, place_hold

CREDIT = 1_000_000
LONG = timedelta(days=1000)


@pytest.fixture
def ada(database: sa.Engine) -> str:
    with database.begin() as connection:
        open_account(connection, "ada")
        grant(connection, "ada", 100 * CREDIT, "free", reason="welcome")
        grant(connection, "ada", 50 * CREDIT, "paid")
    return "ada"


def hold_credits(database: sa.Engine, account_id: str, credits: int, **more: Any) -> Hold:
    with database.begin() as connection:
        return place_hold(connection, account_id, credits * CREDIT, LONG, **more)
