"""What breaks or dies is tried again, so often and no oftener, and one worker has an attempt."""

import threading
import time
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.exc import OperationalError

from maquette.core.requests import AdapterUse
from maquette.jobs.store import Job, end_job, get_job, let_go, start_job
from maquette.service import job_runner
from tests.service.conftest import ImageRoom
from tests.waiting import PATIENCE_S, wait_until


def _die(room: ImageRoom, job: Job, times: int) -> None:
    """As a worker of the same name did in it, so often."""
    with room.database.begin() as connection:
        for _ in range(times):
            assert start_job(connection, job.job_id, "worker")


def test_a_job_that_kills_its_worker_is_given_up(room: ImageRoom) -> None:
    jobs = [room.job(), room.job()]
    for times, job in enumerate(jobs, start=2):
        _die(room, job, times)
        room.jobs.run(job.job_id)
    assert [room.state(job) for job in jobs] == ["succeeded", "failed"]
    assert room.hashes(jobs[1]) == []
    with room.database.connect() as connection:
        assert get_job(connection, jobs[1].job_id).error == "this broke 3 times; ask for less"


def test_a_job_in_which_workers_died_is_alone(
    room: ImageRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    room.pause_s = 0.1
    jobs = [room.job() for _ in range(6)]
    for job in jobs[2:4]:
        _die(room, job, 2)
    here: set[UUID] = set()
    seen: list[set[UUID]] = []
    lock, carry_out = threading.Lock(), room.jobs._carry_out

    def watched(job: Job) -> bool:
        with lock:
            here.add(job.job_id)
            seen.append(set(here))
        try:
            return carry_out(job)
        finally:
            with lock:
                here.discard(job.job_id)

    monkeypatch.setattr(room.jobs, "_carry_out", watched)
    runners = [threading.Thread(target=room.jobs.run, args=(job.job_id,)) for job in jobs]
    for runner in runners:
        runner.start()
    for runner in runners:
        runner.join(PATIENCE_S)
    assert {room.state(job) for job in jobs} == {"succeeded"}
    lone = {job.job_id for job in jobs[2:4]}
    assert all(len(company) == 1 for company in seen if company & lone)
    assert max(len(company) for company in seen) > 1  # and the others are not


@pytest.mark.parametrize(("times", "state"), [(2, "succeeded"), (3, "failed")])
def test_what_breaks_is_tried_three_times(
    room: ImageRoom, monkeypatch: pytest.MonkeyPatch, times: int, state: str
) -> None:
    tries: list[float] = []
    finish = room.image.finish

    def breaks(*given: Any) -> Any:
        tries.append(time.monotonic())
        if len(tries) <= times:
            raise RuntimeError("boom")
        return finish(*given)

    monkeypatch.setattr(job_runner, "FIRST_RETRY_S", 0.5)
    monkeypatch.setattr(room.image, "finish", breaks)
    job = room.job()
    room.jobs.run(job.job_id)
    assert room.state(job) == state
    assert len(tries) == 3
    assert tries[1] - tries[0] >= 0.5
    assert tries[2] - tries[1] >= 2.0
    with room.database.connect() as connection:
        assert get_job(connection, job.job_id).attempts == 3


def test_a_request_that_is_at_fault_is_tried_once(room: ImageRoom) -> None:
    job = room.job(adapters=(AdapterUse("missing"),))
    room.jobs.run(job.job_id)
    with room.database.connect() as connection:
        failed = get_job(connection, job.job_id)
    assert (failed.state, failed.attempts) == ("failed", 1)


def test_a_job_that_waits_for_another_try_can_be_cancelled(
    room: ImageRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job_runner, "FIRST_RETRY_S", 600.0)
    monkeypatch.setattr(room.image, "finish", lambda *_: 1 / 0)
    job = room.job()
    runner = threading.Thread(target=room.jobs.run, args=(job.job_id,))
    runner.start()
    time.sleep(1.0)
    with room.database.begin() as connection:
        assert end_job(connection, job.job_id, "cancelled")
    runner.join(10)
    assert not runner.is_alive()
    assert room.state(job) == "cancelled"


def test_an_attempt_that_is_anothers_by_now_writes_nothing(room: ImageRoom) -> None:
    room.pause_s = 0.2
    job = room.job(num_inference_steps=200)
    runner = threading.Thread(target=room.jobs.run, args=(job.job_id,))
    runner.start()
    kept = room.folder / "snapshots"
    wait_until(lambda: [*kept.iterdir()])
    with room.database.begin() as connection:
        let_go(connection, job.job_id, "worker")
        assert start_job(connection, job.job_id, "another")
    runner.join(10)
    assert not runner.is_alive()
    assert (room.state(job), room.hashes(job)) == ("running", [])
    assert [*kept.iterdir()]  # for the other to go on from


def test_a_picture_that_was_drawn_for_another_attempt_is_not_kept(
    room: ImageRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    job, finish = room.job(), room.image.finish

    def another_begins(*given: Any) -> Any:
        with room.database.begin() as connection:
            let_go(connection, job.job_id, "worker")
            assert start_job(connection, job.job_id, "another")
        return finish(*given)

    monkeypatch.setattr(room.image, "finish", another_begins)
    room.jobs.run(job.job_id)
    assert (room.state(job), room.hashes(job), room.kinds(job)) == ("running", [], ["running"])


def test_what_ended_as_the_database_went_away_is_not_drawn_again(
    room: ImageRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    job, keep, prepare = room.job(), room.jobs._keep, room.image.prepare
    begun: list[object] = []

    def keep_unheard(*given: Any) -> None:
        keep(*given)
        if len(begun) == 1:
            raise OperationalError("COMMIT", None, Exception("whose answer was lost"))

    def count(*given: Any) -> Any:
        begun.append(given)
        return prepare(*given)

    monkeypatch.setattr(room.jobs, "_keep", keep_unheard)
    monkeypatch.setattr(room.image, "prepare", count)
    room.jobs.run(job.job_id)
    assert (room.state(job), len(room.hashes(job)), len(begun)) == ("succeeded", 1, 1)


def test_what_is_anothers_is_left_to_it(room: ImageRoom) -> None:
    job = room.job()
    with room.database.begin() as connection:
        assert start_job(connection, job.job_id, "another")
    room.jobs.run(job.job_id)
    with room.database.connect() as connection:
        now = get_job(connection, job.job_id)
    assert (now.state, now.worker_id, now.attempts) == ("running", "another", 1)


def test_a_job_waits_while_the_database_is_away(
    room: ImageRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[int] = []
    finish = room.image.finish

    def away_twice(*given: Any) -> Any:
        calls.append(1)
        if len(calls) <= 2:
            raise OperationalError("SELECT 1", {}, Exception("gone"))
        return finish(*given)

    monkeypatch.setattr(room.image, "finish", away_twice)
    job = room.job()
    room.jobs.run(job.job_id)
    assert (room.state(job), room.kinds(job)) == ("succeeded", ["running", "succeeded"])
    with room.database.connect() as connection:
        assert get_job(connection, job.job_id).attempts == 1


def test_what_breaks_ends_the_job_in_one_line(
    room: ImageRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("boom\nand a traceback")

    monkeypatch.setattr(job_runner, "FIRST_RETRY_S", 0.1)
    monkeypatch.setattr(room.image, "finish", broken)
    job = room.job()
    room.jobs.run(job.job_id)
    with room.database.connect() as connection:
        error = get_job(connection, job.job_id).error
    assert (room.state(job), room.hashes(job)) == ("failed", [])
    assert error == "something broke while this was made; the log of the studio says what"
