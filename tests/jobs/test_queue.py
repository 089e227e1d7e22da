"""An accepted job is done, though its worker is killed; one that was not accepted is not."""

import subprocess
import sys
import threading
import time
from uuid import UUID

import pytest
import sqlalchemy as sa

from maquette.db.tables.jobs import job as job_table
from maquette.jobs.queue import AT_ONCE_A_SERVER, AT_ONCE_AN_ACCOUNT, JobQueue, working
from maquette.jobs.store import create_job, end_job, get_job, list_jobs, start_job
from tests.waiting import PATIENCE_S, wait_until

WORKER = """
import os, sys, time
from maquette.core.settings import Settings
from maquette.db.connect import open_database
from maquette.jobs.queue import JobQueue, working

def run(job_id):
    os.write(1, b"begun\\n")  # in one piece
    time.sleep(60)

with open_database(Settings(database=sys.argv[1])) as database:
    with working(JobQueue(database), ["image"], sys.argv[2], 4, run, 0):
        time.sleep(60)
"""


class _Work:
    """Ends each job, and notes how often each was run."""

    def __init__(self, database: sa.Engine) -> None:
        self._database = database
        self.runs: list[UUID] = []
        self.ended = threading.Semaphore(0)

    def __call__(self, job_id: UUID) -> None:
        self.runs.append(job_id)
        with self._database.begin() as connection:
            if start_job(connection, job_id):
                end_job(connection, job_id, "succeeded")
        self.ended.release()


def test_what_is_committed_is_run_and_what_is_rolled_back_is_not(database: sa.Engine) -> None:
    queue, work = JobQueue(database), _Work(database)
    with database.connect() as connection:
        queue.enqueue(connection, create_job(connection, "me", "image", {}))  # rolled back
    with database.begin() as connection:
        job = create_job(connection, "me", "image", {})
        queue.enqueue(connection, job)
    with working(queue, ["image"], "worker", 4, work, drain_s=5):
        assert work.ended.acquire(timeout=PATIENCE_S)
        time.sleep(0.5)
    assert work.runs == [job.job_id]
    queue.close()


@pytest.mark.slow
def test_what_a_killed_worker_had_begun_is_run_again(database: sa.Engine, fresh_url: str) -> None:
    queue, work = JobQueue(database), _Work(database)
    for _ in range(10):
        with database.begin() as connection:
            queue.enqueue(connection, create_job(connection, "me", "image", {}))
    words = [sys.executable, "-c", WORKER, fresh_url, "worker"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as worker:
        try:
            assert worker.stdout is not None
            for _ in range(4):
                assert worker.stdout.readline() == "begun\n"
        finally:
            worker.kill()
    with working(queue, ["image"], "worker", 4, work, drain_s=5):
        for _ in range(10):
            assert work.ended.acquire(timeout=PATIENCE_S)
    with database.connect() as connection:
        assert {job.state for job in list_jobs(connection, "me", 20)} == {"succeeded"}
    assert len(set(work.runs)) == len(work.runs) == 10
    queue.close()


def test_a_server_that_is_slow_holds_up_no_other(database: sa.Engine) -> None:
    """In a queue of theirs; not even the jobs of the same account."""
    queue, work, go_on = JobQueue(database), _Work(database), threading.Event()
    slow = [f"slow/{number}" for number in range(3)]

    def run(job_id: UUID) -> None:
        with database.connect() as connection:
            model = get_job(connection, job_id).request["model"]
        if model in slow:
            go_on.wait(PATIENCE_S)
        work(job_id)

    def ask(model: str, account_id: str = "me") -> UUID:
        with database.begin() as connection:
            job = create_job(connection, account_id, "text", {"model": model}, queue="text/remote")
            queue.enqueue(connection, job)
            return job.job_id

    stuck = [ask(slow[n % 3], f"account {n % 4}") for n in range(60)]
    stuck += [ask(slow[0]) for _ in range(20)]  # more than one account has at once
    with working(queue, ["text/remote"], "worker", 4, run, drain_s=5):
        quick = [ask("quick/a"), ask("other/a")]
        for _ in quick:
            assert work.ended.acquire(timeout=PATIENCE_S)
        assert set(work.runs) == set(quick)
        time.sleep(1)
        assert len(queue.under_way()) == 4  # of the slow one
        go_on.set()
        for _ in stuck:
            assert work.ended.acquire(timeout=PATIENCE_S)
    assert sorted(work.runs) == sorted(stuck + quick)
    queue.close()


def test_no_account_takes_all_that_a_server_does_at_once(database: sa.Engine) -> None:
    """Sixteen narrations that wait for one another leave places to who comes later."""
    queue, work, go_on = JobQueue(database), _Work(database), threading.Event()

    def run(job_id: UUID) -> None:
        with database.connect() as connection:
            account_id = get_job(connection, job_id).account_id
        if account_id == "first":
            go_on.wait(PATIENCE_S)
        work(job_id)

    def ask(account_id: str) -> UUID:
        with database.begin() as connection:
            asked = {"model": "home/tts"}
            job = create_job(connection, account_id, "speech", asked, queue="speech/remote")
            queue.enqueue(connection, job)
            return job.job_id

    stuck = [ask("first") for _ in range(AT_ONCE_AN_ACCOUNT)]
    with working(queue, ["speech/remote"], "worker", AT_ONCE_A_SERVER, run, drain_s=5):
        later = ask("second")
        assert work.ended.acquire(timeout=PATIENCE_S)
        assert work.runs == [later]
        begun = {str(one) for one in stuck} & queue.under_way().keys()
        assert len(begun) == AT_ONCE_AN_ACCOUNT // 4
        go_on.set()
        for _ in stuck:
            assert work.ended.acquire(timeout=PATIENCE_S)
    assert sorted(work.runs) == sorted([*stuck, later])
    queue.close()


def test_what_waits_without_a_share_is_given_one(database: sa.Engine) -> None:
    """As where it was accepted before servers had any: no worker would take it."""
    queue, work = JobQueue(database), _Work(database)
    with database.begin() as connection:
        job = create_job(connection, "me", "text", {"model": "home/m"}, queue="text/remote")
        queue.enqueue(connection, job)
    with database.begin() as connection:
        entry = {"id": str(job.job_id)}
        query = (
            "UPDATE dbos.workflow_status SET queue_partition_key = NULL WHERE workflow_uuid = :id"
        )
        assert connection.execute(sa.text(query), entry).rowcount == 1
    assert queue.reconcile() == 1
    assert queue.reconcile() == 0
    with working(queue, ["text/remote"], "worker", 4, work, drain_s=5):
        assert work.ended.acquire(timeout=PATIENCE_S)
    assert work.runs == [job.job_id]
    queue.close()


def test_what_its_entry_has_lost_is_handed_over_anew(database: sa.Engine) -> None:
    queue, work, broken = JobQueue(database), _Work(database), threading.Event()

    def breaks(_: UUID) -> None:
        broken.set()
        raise RuntimeError("as when the database takes no end of the job")

    with database.begin() as connection:
        ended = create_job(connection, "me", "image", {})
        queue.enqueue(connection, ended)
    with working(queue, ["image"], "worker", 4, breaks, 5):
        assert broken.wait(PATIENCE_S)
    with database.begin() as connection:
        missing = create_job(connection, "me", "image", {})
        waiting = create_job(connection, "me", "image", {})
        queue.enqueue(connection, waiting)
        done = create_job(connection, "me", "image", {})
        end_job(connection, done.job_id, "cancelled")
        moved = create_job(connection, "me", "image", {}, queue="old")
        queue.enqueue(connection, moved)
        for job in (ended, missing):  # of a worker that is gone, as after a backup was restored
            assert start_job(connection, job.job_id, "gone")
    queue._client.delete_workflows([str(missing.job_id)])
    with database.begin() as connection:  # as where a new version has other queues
        connection.execute(sa.update(job_table).values(queue="image"))
    assert queue.reconcile() == 3
    assert queue.reconcile() == 0
    with working(queue, ["image"], "worker", 4, work, 5):
        for _ in range(4):
            assert work.ended.acquire(timeout=PATIENCE_S)
    assert set(work.runs) == {one.job_id for one in (ended, missing, waiting, moved)}
    assert len(work.runs) == 4
    with database.connect() as connection:
        assert {get_job(connection, one).state for one in work.runs} == {"succeeded"}
    queue.close()


def test_what_a_worker_was_given_and_knows_nothing_of_goes_to_others(
    database: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DBOS takes a job in a commit whose answer may be lost, and asks for it no more."""
    queue, work = JobQueue(database), _Work(database)
    with database.begin() as connection:
        lost, known = (create_job(connection, "me", "image", {}) for _ in range(2))
        queue.enqueue(connection, known)
        assert start_job(connection, known.job_id, "deaf")
        connection.execute(
            sa.text("UPDATE dbos.workflow_status SET status = 'PENDING', executor_id = 'deaf'")
        )
    assert queue.reconcile() == 0  # it may be about to begin
    monkeypatch.setattr("maquette.jobs.queue.UNCLAIMED_S", 0.0)
    assert queue.reconcile() == 1
    assert queue.under_way() == {str(known.job_id): "deaf"}
    with working(queue, ["image"], "another", 4, work, 5):
        assert work.ended.acquire(timeout=PATIENCE_S)
    assert work.runs == [lost.job_id]
    queue.close()


def test_entries_go_with_their_jobs_and_no_others(
    database: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("maquette.jobs.queue.SWEEP_PAGE", 2)
    queue, work, broken = JobQueue(database), _Work(database), threading.Semaphore(0)

    def breaks(_: UUID) -> None:
        broken.release()
        raise RuntimeError("as when the database takes no end of the job")

    def add(count: int) -> set[str]:
        with database.begin() as connection:
            jobs = [create_job(connection, "me", "image", {}) for _ in range(count)]
            for job in jobs:
                queue.enqueue(connection, job)
        return {str(job.job_id) for job in jobs}

    lost = add(3)
    with working(queue, ["image"], "worker", 4, breaks, 5):
        for _ in lost:
            assert broken.acquire(timeout=PATIENCE_S)
    add(5)
    with working(queue, ["image"], "worker", 4, work, 5):
        for _ in range(5):
            assert work.ended.acquire(timeout=PATIENCE_S)
    waiting = add(1)
    assert queue.sweep() == 5
    assert queue.sweep() == 0
    left = {entry.workflow_id for entry in queue._client.list_workflows()}
    assert left == lost | waiting
    assert queue.reconcile() == 3
    queue.close()


def test_of_an_account_so_many_are_at_work_and_others_do_not_wait(database: sa.Engine) -> None:
    queue = JobQueue(database, at_once=2)
    most, busy, lock, ended = {"me": 0, "you": 0}, {"me": 0, "you": 0}, threading.Lock(), []

    def run(job_id: UUID) -> None:
        with database.begin() as connection:
            account = get_job(connection, job_id).account_id
            start_job(connection, job_id)
        with lock:
            busy[account] += 1
            most[account] = max(most[account], busy[account])
        time.sleep(0.2)
        with lock:
            busy[account] -= 1
            ended.append(account)
        with database.begin() as connection:
            end_job(connection, job_id, "succeeded")

    for account, count in (("me", 9), ("you", 3)):
        for _ in range(count):
            with database.begin() as connection:
                queue.enqueue(connection, create_job(connection, account, "image", {}))
    with working(queue, ["image"], "worker", 8, run, 5):
        wait_until(lambda: len(ended) == 12)
    assert most == {"me": 2, "you": 2}
    assert ended.index("you") < 4  # though all of the other's were first
    queue.close()


def test_interactive_jobs_come_before_those_of_a_batch(database: sa.Engine) -> None:
    queue, work = JobQueue(database), _Work(database)
    jobs = []
    for number, priority in enumerate(("batch", "batch", "interactive", "interactive")):
        with database.begin() as connection:
            made = create_job(connection, f"account {number}", "image", {}, priority=priority)
            queue.enqueue(connection, made)
        jobs.append(made.job_id)
    with working(queue, ["image"], "worker", 1, work, 5):
        for _ in jobs:
            assert work.ended.acquire(timeout=PATIENCE_S)
    assert work.runs == [*jobs[2:], *jobs[:2]]
    queue.close()


def test_a_worker_takes_jobs_of_its_own_queues_alone(database: sa.Engine) -> None:
    queue, work = JobQueue(database), _Work(database)
    with database.begin() as connection:
        other = create_job(connection, "me", "image", {}, queue="large")
        queue.enqueue(connection, other)
        small = create_job(connection, "me", "image", {}, queue="small")
        queue.enqueue(connection, small)
    with working(queue, ["small"], "worker", 4, work, 5):
        assert work.ended.acquire(timeout=PATIENCE_S)
        time.sleep(0.5)
    assert work.runs == [small.job_id]
    with working(queue, ["small", "large"], "worker", 4, work, 5):
        assert work.ended.acquire(timeout=PATIENCE_S)
    assert work.runs == [small.job_id, other.job_id]
    queue.close()


@pytest.mark.slow
@pytest.mark.parametrize("told", [False, True])
def test_what_another_worker_has_is_taken_from_it_once(
    database: sa.Engine, fresh_url: str, told: bool
) -> None:
    """Of DBOS 3.4 this is private: who has what, and how it is given to others."""
    queue, work = JobQueue(database), _Work(database)
    with database.begin() as connection:
        job = create_job(connection, "me", "image", {})
        queue.enqueue(connection, job)
    words, job_id = [sys.executable, "-c", WORKER, fresh_url, "dead"], str(job.job_id)
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as worker:
        try:
            assert worker.stdout is not None
            assert worker.stdout.readline() == "begun\n"
        finally:
            worker.kill()
    assert queue.under_way() == {job_id: "dead"}
    with database.begin() as connection:
        start_job(connection, job.job_id, "dead")
    with working(queue, ["image"], "another", 4, work, 5):
        time.sleep(1.0)
        assert work.runs == []  # for it is the dead one's
        assert not queue.take_from("someone", job_id)
        if told:
            queue.give_back("dead")
        else:
            assert queue.take_from("dead", job_id)
        assert work.ended.acquire(timeout=PATIENCE_S)
        assert not queue.take_from("dead", job_id)
    with database.connect() as connection:
        ended = get_job(connection, job.job_id)
    assert (ended.state, ended.attempts) == ("succeeded", 1 if told else 2)
    assert work.runs == [job.job_id]
    queue.close()
