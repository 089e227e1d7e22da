"""A job's state changes in the ways that it may, once, and its events are in order."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import psycopg
import pytest
import sqlalchemy as sa

from maquette.db.tables.jobs import job
from maquette.jobs.events import CHANNEL, add_event, read_events, send_ticks
from maquette.jobs.store import (
    PROGRESS,
    Job,
    Priority,
    backlogs,
    claim_job,
    create_job,
    end_job,
    get_job,
    is_held,
    let_go,
    list_jobs,
    note_break,
    release_jobs,
    seconds_until_next,
    start_job,
)
from tests.waiting import PATIENCE_S


def _new(database: sa.Engine, account: str = "me") -> UUID:
    with database.begin() as connection:
        return create_job(connection, account, "image", {"prompt": "一只猫"}).job_id


def test_a_job_comes_runs_and_ends_once(database: sa.Engine) -> None:
    job_id = _new(database)
    with database.begin() as connection:
        assert backlogs(connection)["image"].jobs == 1
        assert start_job(connection, job_id)
        started = get_job(connection, job_id).started_at
    with database.begin() as connection:  # a worker died; another begins
        assert start_job(connection, job_id)
        assert get_job(connection, job_id).started_at == started
        assert end_job(connection, job_id, "succeeded")
        assert not end_job(connection, job_id, "cancelled")
        assert not start_job(connection, job_id)
    with database.connect() as connection:
        job = get_job(connection, job_id)
        assert (job.state, job.ended, job.request) == ("succeeded", True, {"prompt": "一只猫"})
        assert job.finished_at is not None
        assert backlogs(connection) == {}
        with pytest.raises(KeyError):
            get_job(connection, uuid4())


def test_the_backlog_is_what_is_yet_to_be_done(database: sa.Engine) -> None:
    def add(work_ms: float | None) -> UUID:
        with database.begin() as connection:
            return create_job(connection, "me", "image", {}, work_ms, work_ms).job_id

    def left_ms() -> float:
        with database.connect() as connection:
            return backlogs(connection)["image"].left_ms

    running, _, ended, _ = add(1000.0), add(200.0), add(5000.0), add(None)
    assert left_ms() == 6200.0
    with database.begin() as connection:
        for job_id in (running, ended):
            start_job(connection, job_id)
        for step in (1, 3):  # of progress the newest counts
            add_event(connection, running, PROGRESS, {"step": step, "steps": 4})
        end_job(connection, ended, "cancelled")
        job = get_job(connection, running)
    assert left_ms() == 450.0
    assert job.expected_at is not None
    assert job.expected_at - job.created_at == timedelta(seconds=1)


def test_an_attempt_is_taken_back_from_what_runs_alone(database: sa.Engine) -> None:
    running, waiting, ended = (_new(database) for _ in range(3))
    with database.begin() as connection:
        for job_id in (running, ended):
            start_job(connection, job_id, "a")
        end_job(connection, ended, "succeeded")
        for job_id in (running, waiting, ended):
            let_go(connection, job_id, "another", counts=False)
            let_go(connection, job_id, "a", counts=False)
        attempts = [get_job(connection, one).attempts for one in (running, waiting, ended)]
    assert attempts == [0, 0, 1]


def test_an_attempt_is_held_until_another_begins(database: sa.Engine) -> None:
    job_id = _new(database)

    def begin(worker_id: str) -> Job:
        with database.begin() as connection:
            assert start_job(connection, job_id, worker_id)
            return get_job(connection, job_id)

    first = begin("a")
    with database.begin() as connection:
        assert is_held(connection, first)
        assert not start_job(connection, job_id, "b")  # as long as it is another's
        assert claim_job(connection, job_id, "b") is None
        let_go(connection, job_id, "a")
        assert not is_held(connection, first)
    second = begin("b")
    third = begin("b")  # of the same worker, which stood still
    with database.begin() as connection:
        let_go(connection, job_id, "b", counts=False)
    again = begin("a")  # the third in number once more, of another
    assert (third.attempts, again.attempts) == (3, 3)
    with database.begin() as connection:
        for lost in (first, second, third):
            assert not is_held(connection, lost)
            assert not end_job(connection, job_id, "succeeded", attempt=lost)
        assert end_job(connection, job_id, "succeeded", attempt=again)
        assert not is_held(connection, again)


def test_deaths_are_attempts_that_did_not_break(database: sa.Engine) -> None:
    job_id = _new(database)
    with database.begin() as connection:
        claimed = claim_job(connection, job_id, "a")
        assert claimed is not None
        assert (claimed.state, claimed.worker_id, claimed.deaths) == ("queued", "a", 0)
        let_go(connection, job_id, "a", counts=False)  # before it had begun
        for breaks in (True, False, True):
            assert start_job(connection, job_id, "a")
            if breaks:
                note_break(connection, get_job(connection, job_id))
        now = get_job(connection, job_id)
        assert (now.attempts, now.breaks, now.deaths) == (3, 2, 1)
        end_job(connection, job_id, "succeeded")
        assert claim_job(connection, job_id, "a") is None


def test_each_medium_has_its_own_share_of_an_account(database: sa.Engine) -> None:
    def add(kind: str) -> UUID:
        with database.begin() as connection:
            return create_job(connection, "me", kind, {}).job_id

    # In order of their ids, as they are released: those of one millisecond are in any order.
    texts = sorted(add("text") for _ in range(3))
    pictures = sorted(add("image") for _ in range(3))
    with database.begin() as connection:
        released = [one.job_id for one in release_jobs(connection, "me", 2)]
        assert sorted(released) == sorted([*texts[:2], *pictures[:2]])
        assert end_job(connection, texts[0], "succeeded")
        assert [one.job_id for one in release_jobs(connection, "me", 2)] == texts[2:]


def test_of_each_priority_so_many_of_an_account_are_released(database: sa.Engine) -> None:
    def add(account: str, priority: Priority = "interactive") -> UUID:
        with database.begin() as connection:
            return create_job(connection, account, "image", {}, priority=priority).job_id

    def release(account: str) -> list[UUID]:
        with database.begin() as connection:
            return [one.job_id for one in release_jobs(connection, account, 2)]

    mine = [add("me") for _ in range(4) if time.sleep(0.002) is None]  # ids are by the ms
    batch = [add("me", "batch") for _ in range(3) if time.sleep(0.002) is None]
    other = add("another")
    assert release("me") == [*mine[:2], *batch[:2]]
    assert release("me") == []
    assert release("another") == [other]
    with database.begin() as connection:
        start_job(connection, mine[0])
        end_job(connection, mine[0], "succeeded")
    assert release("me") == [mine[2]]
    with database.begin() as connection:
        end_job(connection, mine[3], "cancelled")  # while it waited
        end_job(connection, mine[1], "cancelled")
    assert release("me") == []


def test_a_job_that_someone_ends_right_now_keeps_no_other_back(database: sa.Engine) -> None:
    first, second = (_new(database) for _ in range(2) if time.sleep(0.002) is None)
    with database.begin() as cancelling, database.begin() as releasing:
        end_job(cancelling, first, "cancelled")
        assert [one.job_id for one in release_jobs(releasing, "me", 1)] == [second]


def test_how_long_an_account_has_to_wait(database: sa.Engine) -> None:
    def wait_s(most: int) -> float:
        with database.connect() as connection:
            return seconds_until_next(connection, "me", most, 60.0)

    assert wait_s(1) == 0
    _new(database)
    _new(database, "another")
    assert wait_s(2) == 0
    assert 50 < wait_s(1) <= 60
    with database.begin() as connection:
        older = job.c.created_at - timedelta(seconds=30)
        connection.execute(sa.update(job).values(created_at=older))
    _new(database)
    assert 20 < wait_s(2) <= 30
    assert wait_s(3) == 0
    with database.begin() as connection:  # as where the clock was set back an hour
        later = job.c.created_at + timedelta(hours=1)
        connection.execute(sa.update(job).values(created_at=later))
    assert wait_s(1) == 0


def test_one_end_wins_however_many_try(database: sa.Engine) -> None:
    job_id = _new(database)

    def end(number: int) -> bool:
        with database.begin() as connection:
            state = "succeeded" if number % 2 else "cancelled"
            return end_job(connection, job_id, state)

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(end, range(16))) == 1


def test_jobs_are_listed_by_account_and_page(database: sa.Engine) -> None:
    mine = [_new(database) for _ in range(5) if time.sleep(0.002) is None]  # ids are by the ms
    _new(database, "another")
    with database.connect() as connection:
        first = list_jobs(connection, "me", 3)
        rest = list_jobs(connection, "me", 3, before=first[-1].job_id)
    assert [job.job_id for job in [*first, *rest]] == mine[::-1]


def test_events_are_numbered_and_of_progress_only_the_newest_is_kept(database: sa.Engine) -> None:
    job_id = _new(database)
    for kind in ("queued", PROGRESS, PROGRESS, "succeeded"):
        with database.begin() as connection:
            add_event(connection, job_id, kind, {"kind": kind})
    with database.begin() as connection:
        assert end_job(connection, job_id, "succeeded")
        assert add_event(connection, job_id, PROGRESS, {}) is None  # too late
    with database.connect() as connection:
        events = read_events(connection, job_id)
        assert [(e.sequence, e.kind) for e in events] == [(1, "queued"), (4, "succeeded")]
        assert [e.sequence for e in read_events(connection, job_id, after=1)] == [4]
        assert events[1].data == {"kind": "succeeded"}


def test_events_of_many_writers_have_numbers_of_their_own(database: sa.Engine) -> None:
    job_id = _new(database)

    def add(number: int) -> int:
        with database.begin() as connection:
            event = add_event(connection, job_id, "note", {})
            assert event is not None
            return event.sequence

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(add, range(24))) == list(range(1, 25))


def test_who_listens_hears_of_what_is_committed_and_only_that(database: sa.Engine) -> None:
    job_id, other = _new(database), _new(database)
    url = database.url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(url, autocommit=True) as listener:
        listener.execute(f"LISTEN {CHANNEL}")
        with database.connect() as connection:
            add_event(connection, other, "queued", {})  # rolled back
        with database.begin() as connection:
            add_event(connection, job_id, "queued", {})
            claim_job(connection, job_id, "worker")
            attempt = start_job(connection, job_id, "worker")
            assert attempt is not None
            over = replace(attempt, attempts=attempt.attempts - 1)
            ticks = [(attempt, {"step": 3, "previews": ["x" * 9000]}), (over, {"step": 4})]
            send_ticks(connection, ticks)
        notes = [json.loads(n.payload) for n in listener.notifies(timeout=PATIENCE_S, stop_after=2)]
    address = {"job_id": str(job_id), "account_id": "me"}
    assert notes == [
        {**address, "kind": "queued"},
        {**address, "tick": {"step": 3, "previews": []}},  # too large to be told
    ]
