"""A lease is one process's, as long as it renews it."""

import time
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from sqlalchemy import event

from maquette.core.settings import Settings
from maquette.db.connect import open_database
from maquette.db.locks import Lease, is_taken


@pytest.fixture
def other(fresh_url: str, database: sa.Engine) -> Iterator[sa.Engine]:
    """The same database, as another process has it."""
    with open_database(Settings(database=fresh_url)) as engine:
        yield engine


def test_a_lease_that_is_not_renewed_goes_to_another(database: sa.Engine, other: sa.Engine) -> None:
    first, second = Lease(database, "a name", 1.5), Lease(other, "a name", 1.5)
    third = Lease(other, "another name", 1.5)
    for _ in range(6):
        assert first.take()
        assert not second.take()
        time.sleep(0.5)
    time.sleep(1.5)  # in which the first stood still
    assert second.take()
    assert not first.take()
    second.give_up()
    assert first.take()
    assert third.take()
    for lease in (first, third):
        lease.give_up()


def test_who_does_not_get_a_lease_makes_no_connection_for_it(
    database: sa.Engine, other: sa.Engine
) -> None:
    made: list[object] = []
    lease, waiting = Lease(database, "a name", 60.0), Lease(other, "a name", 60.0)
    assert lease.take()
    assert not waiting.take()
    event.listen(other, "connect", lambda *_: made.append(1))
    for _ in range(5):
        assert not waiting.take()
    assert made == []
    lease.give_up()
    assert waiting.take()
    with other.connect() as connection:  # and it is not lent to anyone as long as it has the lock
        timeout = connection.execute(sa.text("SHOW idle_session_timeout")).scalar_one()
    assert timeout == "0"
    waiting.give_up()
    assert lease.take()
    lease.give_up()


def test_a_name_is_taken_as_long_as_someone_has_it(database: sa.Engine) -> None:
    names = [f"a name {number}" for number in range(20)]  # some are negative numbers
    leases = [Lease(database, name, 60.0) for name in names]
    with database.connect() as connection:
        assert not any(is_taken(connection, name) for name in names)
        for lease in leases:
            assert lease.take()
        assert all(is_taken(connection, name) for name in names)
        for lease in leases:
            lease.give_up()
        assert not any(is_taken(connection, name) for name in names)
