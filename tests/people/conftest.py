"""A database with two people in it."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from maquette.core.settings import Settings
from maquette.db.connect import open_database
from maquette.ledger.accounts import open_account
from maquette.people.emails import read_email
from maquette.people.persons import add_person


@pytest.fixture
def database(fresh_url: str) -> Iterator[sa.Engine]:
    with open_database(Settings(database=fresh_url)) as engine:
        with engine.begin() as connection:
            for name in ("ada", "bob"):
                open_account(connection, name)
                email = read_email(f"{name}@example.org")
                add_person(connection, name, email=email, verified=True)
        yield engine
