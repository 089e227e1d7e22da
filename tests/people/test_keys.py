"""Keys and budgets: known by a hash, each for some things, and never beyond what it may spend."""

import threading
import time
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from maquette.core.errors import InsufficientCredits, InvalidRequest
from maquette.core.ids import new_id
from maquette.db.tables.people import api_key, budget, budget_use
from maquette.people.budgets import settle_budgets, spend_budgets
from maquette.people.keys import MOST_KEYS, ApiKey, add_key, caller_of_key, delete_keys, list_keys
from tests.waiting import PATIENCE_S


def _spend(connection: sa.Connection, key: ApiKey, amount: int) -> UUID:
    job_id = new_id()
    with connection.begin_nested():
        spend_budgets(connection, job_id, amount, "ada", "ada", key.key_id)
    return job_id


def _spent(connection: sa.Connection) -> int:
    return list_keys(connection, "ada")[0].spent_microcredits


def test_a_key_is_shown_once_and_its_hash_is_kept(database: sa.Engine) -> None:
    with database.begin() as connection:
        key, shown = add_key(connection, "ada", "a program", ["read", "read", "generate"])
        assert shown.startswith("mq_")
        assert len(shown) > 40
        assert (key.prefix, key.scopes) == (shown[:8], ["read", "generate"])
        (kept,) = connection.execute(sa.select(api_key)).mappings()
        assert shown not in str(kept)
        caller = caller_of_key(connection, shown)
        assert caller is not None
        assert (caller.account_id, caller.key_id) == ("ada", key.key_id)
        assert list_keys(connection, "ada")[0].last_used_at is not None
        assert caller_of_key(connection, shown[:-1]) is None
        assert not delete_keys(connection, "bob", key.key_id)
        assert delete_keys(connection, "ada", key.key_id)
        assert caller_of_key(connection, shown) is None


def test_a_key_is_over_in_time(database: sa.Engine) -> None:
    with database.begin() as connection:
        soon = datetime.now(UTC) + timedelta(hours=1)
        _, shown = add_key(connection, "ada", "k", ["read"], expires_at=soon)
        assert caller_of_key(connection, shown) is not None
        connection.execute(sa.update(api_key).values(expires_at=sa.func.now()))
        assert caller_of_key(connection, shown) is None
        with pytest.raises(InvalidRequest, match="take a later time"):
            add_key(connection, "ada", "k", ["read"], expires_at=soon - timedelta(hours=2))


def test_there_are_only_so_many(database: sa.Engine) -> None:
    with database.begin() as connection:
        for _ in range(MOST_KEYS):
            add_key(connection, "ada", "k", ["read"])
        with pytest.raises(InvalidRequest, match="delete one first"):
            add_key(connection, "ada", "k", ["read"])
        add_key(connection, "bob", "k", ["read"])


@pytest.mark.parametrize("period", ["day", "month", None])
def test_no_more_is_spent_than_may_be(database: sa.Engine, period: str | None) -> None:
    with database.begin() as connection:
        key, _ = add_key(connection, "ada", "k", ["generate"], 100, period)  # type: ignore[arg-type]
        first, second = _spend(connection, key, 60), _spend(connection, key, 40)
        with pytest.raises(InsufficientCredits, match="limit raised"):
            _spend(connection, key, 1)
        settle_budgets(connection, first, 60)
        settle_budgets(connection, second, 10)  # what was not charged may be spent again
        assert _spent(connection) == 70
        _spend(connection, key, 30)
        settle_budgets(connection, first, 0)  # once is enough
        assert _spent(connection) == 100


@pytest.mark.parametrize("period", ["day", "month"])
def test_a_new_day_or_month_begins_at_nought(database: sa.Engine, period: str) -> None:
    with database.begin() as connection:
        key, _ = add_key(connection, "ada", "k", ["generate"], 100, period)  # type: ignore[arg-type]
        old = _spend(connection, key, 100)
        ago = timedelta(days=32)
        past = {"period_began_at": budget.c.period_began_at - ago}
        connection.execute(sa.update(budget).values(past))
        connection.execute(sa.update(budget_use).values(created_at=budget_use.c.created_at - ago))
        assert _spent(connection) == 0
        _spend(connection, key, 70)
        settle_budgets(connection, old, 0)  # what is of the time before makes no room in this
        assert _spent(connection) == 70
        with pytest.raises(InsufficientCredits):
            _spend(connection, key, 31)


def test_a_key_that_is_deleted_leaves_its_jobs_alone(database: sa.Engine) -> None:
    with database.begin() as connection:
        key, _ = add_key(connection, "ada", "k", ["generate"], 100)
        job_id = _spend(connection, key, 50)
        assert delete_keys(connection, "ada", key.key_id)
        settle_budgets(connection, job_id, 10)
        for table in (budget, budget_use):
            assert connection.execute(sa.select(sa.func.count()).select_from(table)).scalar() == 0


def test_budgets_are_waited_for_before_what_was_taken_of_them(database: sa.Engine) -> None:
    """In this order by all who change both, or two of them wait for each other."""
    with database.begin() as connection:
        key, _ = add_key(connection, "ada", "k", ["generate"], 100)
        job_id = _spend(connection, key, 50)
    with database.begin() as other:
        other.execute(sa.select(budget).with_for_update())
        with database.begin() as impatient:
            impatient.execute(sa.text("SET LOCAL lock_timeout = '300ms'"))
            with pytest.raises(OperationalError), impatient.begin_nested():
                settle_budgets(impatient, job_id, 10)
            with pytest.raises(OperationalError), impatient.begin_nested():
                delete_keys(impatient, "ada", key.key_id)

        def settle() -> None:
            with database.begin() as connection:
                settle_budgets(connection, job_id, 10)

        settling = threading.Thread(target=settle)
        settling.start()
        time.sleep(0.5)
        other.execute(sa.select(budget_use).with_for_update(nowait=True))
    settling.join(PATIENCE_S)
    with database.connect() as connection:
        assert _spent(connection) == 10
