"""A database with accounts that buy credits, and proof that each credit is accounted for."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import pytest
import sqlalchemy as sa

from maquette.core.settings import Settings
from maquette.db.connect import open_database
from maquette.ledger.accounts import get_balance, open_account
from maquette.ledger.verify import verify
from maquette.payments.stripe_payments import StripePayments
from maquette.people.persons import add_person
from maquette.service.payments import Payments
from tests.payments.stripe_server import SECRET, StripeServer, stripe_server

T = TypeVar("T")


@pytest.fixture
def database(fresh_url: str) -> Iterator[sa.Engine]:
    """Whatever a test does, the ledger is whole after it."""
    with open_database(Settings(database=fresh_url)) as engine:
        with engine.begin() as connection:
            for account_id in ("ada", "ben"):
                join(connection, account_id)
        yield engine
        assert [*verify(engine)] == []


def join(connection: sa.Connection, account_id: str) -> None:
    """Someone new, with an account."""
    open_account(connection, account_id)
    add_person(connection, account_id)


@pytest.fixture
def payments(database: sa.Engine) -> Payments:
    return Payments(database)


def posted(database: sa.Engine, account_id: str) -> int:
    """What an account has, in microcredits."""
    with database.connect() as connection:
        return get_balance(connection, account_id).posted_microcredits


def at_once(what: Callable[[int], T], times: int, threads: int) -> list[T]:
    """The results of calls with 0, 1, 2 and so on, so many at once."""
    with ThreadPoolExecutor(threads) as pool:
        return [*pool.map(what, range(times))]


@pytest.fixture
def stripe() -> Iterator[StripeServer]:
    with stripe_server() as server:
        yield server


@pytest.fixture
def shop(database: sa.Engine, stripe: StripeServer) -> Payments:
    """Payments that Stripe takes, too."""
    return Payments(database, stripe=StripePayments(stripe.api(), SECRET))
