"""What watchers are told in between: the newest of each job, of all jobs in one journey."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa

from maquette.jobs.events import CHANNEL
from maquette.jobs.store import Job, create_job, end_job, start_job
from maquette.service import ticks as story
from maquette.service.ticks import Ticks
from tests.api.conftest import database_away
from tests.waiting import wait_until


def _attempt(database: sa.Engine) -> Job:
    with database.begin() as connection:
        made = create_job(connection, "me", "text", {})
        attempt = start_job(connection, made.job_id, "worker")
    assert attempt is not None
    return attempt


class Ear:
    """Hears the notices of the database."""

    def __init__(self, connection: "psycopg.Connection[Any]") -> None:
        self._connection = connection

    def ticks(self, at_least: int) -> list[dict[str, Any]]:
        """All that came until there are so many, and a little after."""
        heard: list[dict[str, Any]] = []

        def listen(for_s: float) -> bool:
            heard.extend(json.loads(n.payload) for n in self._connection.notifies(timeout=for_s))
            return len(heard) >= at_least

        wait_until(lambda: listen(0.1))
        listen(0.3)
        return [one for one in heard if "tick" in one]


@contextmanager
def _listening(database: sa.Engine) -> Iterator[Ear]:
    url = database.url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"LISTEN {CHANNEL}")
        yield Ear(connection)


def test_of_each_job_the_newest_is_told(
    database: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(story, "PAUSE_S", 1.0)  # in which many come
    first, second = _attempt(database), _attempt(database)
    with _listening(database) as ear, Ticks(database) as ticks:
        ticks.tell(first, {"step": 0})
        assert [one["tick"] for one in ear.ticks(1)] == [{"step": 0}]  # at once, after a quiet
        for step in range(1, 9):
            ticks.tell(first, {"step": step})
            ticks.tell(second, {"step": 10 * step})
        heard = ear.ticks(2)
    told = {one["job_id"]: (one["account_id"], one["tick"]["step"]) for one in heard}
    assert told == {str(first.job_id): ("me", 8), str(second.job_id): ("me", 80)}
    assert len(heard) == 2


def test_an_attempt_that_does_not_go_on_says_no_more(database: sa.Engine) -> None:
    ended, again, going_on = (_attempt(database) for _ in range(3))
    with database.begin() as connection:
        end_job(connection, ended.job_id, "cancelled")
        start_job(connection, again.job_id, "worker")  # another attempt
    with _listening(database) as ear, Ticks(database) as ticks:
        for one in (ended, again, going_on):
            ticks.tell(one, {"step": 1})
        heard = ear.ticks(1)
    assert [one["job_id"] for one in heard] == [str(going_on.job_id)]


def test_a_text_that_is_too_long_for_a_notice_is_left_to_be_looked_up(database: sa.Engine) -> None:
    one = _attempt(database)
    with _listening(database) as ear, Ticks(database) as ticks:
        ticks.tell(one, {"texts": [{"at": 0, "text": "水" * 5000}], "step": 1})
        (heard,) = ear.ticks(1)
    assert heard["tick"] == {"texts": [], "step": 1}


def test_what_cannot_be_told_costs_no_one_else_a_word(database: sa.Engine) -> None:
    one = _attempt(database)
    with Ticks(database) as ticks:
        with database_away(database):
            ticks.tell(one, {"step": 1})
            time.sleep(0.5)
        ticks.tell(one, {"step": object()})  # which is no JSON
        time.sleep(0.3)
        with _listening(database) as ear:
            ticks.tell(one, {"step": 2})
            assert [heard["tick"] for heard in ear.ticks(1)] == [{"step": 2}]


def test_it_ends_at_once_when_it_is_closed(database: sa.Engine) -> None:
    with Ticks(database):
        begun = time.monotonic()
    assert time.monotonic() - begun < 2
