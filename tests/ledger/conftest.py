"""A ledger of its own for a test, or one that the tests of a file share with accounts of theirs."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from maquette.core.settings import Settings
from maquette.db.connect import open_database


@pytest.fixture
def database(fresh_url: str) -> Iterator[sa.Engine]:
    with open_database(Settings(database=fresh_url)) as engine:
        yield engine
