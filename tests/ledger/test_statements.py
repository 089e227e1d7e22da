"""A statement says what came and went between two moments, and adds up."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from maquette.core.errors import NotFound
from maquette.ledger.accounts import open_account
from maquette.ledger.grants import grant
from maquette.ledger.holds import place_hold, post_hold
from maquette.ledger.statements import statement

DAY = timedelta(days=1)
ALL = datetime(1, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


@pytest.fixture
def moments(database: sa.Engine) -> list[datetime]:
    """When each of ada's five transfers was: 100 in, then 1, 2, 3 and 4 out."""
    with database.begin() as connection:
        for account_id in ("ada", "bob"):
            open_account(connection, account_id)
            grant(connection, account_id, 100, "free")
        for amount in (1, 2, 3, 4):
            held = place_hold(connection, "ada", 10, DAY)
            post_hold(connection, held.hold_id, amount)
            post_hold(connection, place_hold(connection, "bob", 9, DAY).hold_id, 9)
    with database.connect() as connection:
        lines = statement(connection, "ada", *ALL).lines
    return [line.transfer.created_at for line in lines]


def test_all_of_it_adds_up(database: sa.Engine, moments: list[datetime]) -> None:
    with database.connect() as connection:
        whole = statement(connection, "ada", *ALL)
    amounts = [line.amount_microcredits for line in whole.lines]
    assert amounts == [100, -1, -2, -3, -4]
    assert [line.balance_after_microcredits for line in whole.lines] == [100, 99, 97, 94, 90]
    assert (whole.opening_microcredits, whole.closing_microcredits) == (0, 90)
    assert [line.transfer.number for line in whole.lines] == [1, 2, 3, 4, 5]
    assert len(whole.lines[1].transfer.entries) == 2


def test_a_part_of_it_begins_with_what_there_was(
    database: sa.Engine, moments: list[datetime]
) -> None:
    with database.connect() as connection:
        part = statement(connection, "ada", moments[2], moments[4])
        none = statement(connection, "ada", moments[0] - timedelta(days=9), moments[0])
    assert [line.amount_microcredits for line in part.lines] == [-2, -3]
    assert (part.opening_microcredits, part.closing_microcredits) == (99, 94)
    assert (none.opening_microcredits, none.lines, none.closing_microcredits) == (0, [], 0)


def test_it_comes_by_pages(database: sa.Engine, moments: list[datetime]) -> None:
    with database.connect() as connection:
        pages = [
            statement(connection, "ada", moments[1], ALL[1], after=after, limit=3)
            for after in (0, 4, 5)
        ]
        with pytest.raises(NotFound, match="no account nobody"):
            statement(connection, "nobody", *ALL)
    numbers = [[line.transfer.number for line in page.lines] for page in pages]
    assert numbers == [[2, 3, 4], [5], []]
    assert pages[1].lines[0].balance_after_microcredits == 90
    assert {(one.opening_microcredits, one.closing_microcredits) for one in pages} == {(100, 90)}


def test_it_adds_up_though_the_clock_was_put_back(
    database: sa.Engine, moments: list[datetime]
) -> None:
    with database.begin() as connection:
        connection.execute(sa.text("SET LOCAL session_replication_role = replica"))
        earlier = {"earlier": moments[0] - timedelta(hours=1)}
        back = "UPDATE transfer SET created_at = :earlier WHERE account_id = 'ada' AND number = 4"
        connection.execute(sa.text(back), earlier)
        part = statement(connection, "ada", moments[1], ALL[1])
    assert [line.amount_microcredits for line in part.lines] == [-1, -2, -4]
    assert (part.opening_microcredits, part.closing_microcredits) == (97, 90)
    assert [line.balance_after_microcredits for line in part.lines] == [96, 94, 90]
