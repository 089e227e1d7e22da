"""An accepted job is done, though its worker is killed; one that was not accepted is not."""

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from uuid import UUID

import pytest
import sqlalchemy as sa

from maquette.core.settings import Settings
from maquette.db.connect import open_database
from maquette.jobs.queue import JobQueue, working
from maquette.jobs.store import create_job, end_job, list_jobs, start_job

WORKER = """
import os, sys, time
from maquette.core.settings import Settings
from maquette.db.connect import open_database
from maquette.jobs.queue import working

def run(job_id):
    os.write(1, b"begun\\n")  # in one piece
    time.sleep(60)

with open_database(Settings(database=sys.argv[1])) as database:
    with working(database, "image", "worker-1", 4, run, 0):
        time.sleep(60)
"""


@pytest.fixture
def database(fresh_url: str) -> Iterator[sa.Engine]:
    with open_database(Settings(database=fresh_url)) as engine:
        yield engine


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
    with working(database, "image", "worker-1", 4, work, drain_s=5):
        assert work.ended.acquire(timeout=20)
        time.sleep(0.5)
    assert work.runs == [job.job_id]
    queue.close()


@pytest.mark.slow
def test_what_a_killed_worker_had_begun_is_run_again(database: sa.Engine, fresh_url: str) -> None:
    queue, work = JobQueue(database), _Work(database)
    for _ in range(10):
        with database.begin() as connection:
            queue.enqueue(connection, create_job(connection, "me", "image", {}))
    words = [sys.executable, "-c", WORKER, fresh_url]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as worker:
        try:
            assert worker.stdout is not None
            for _ in range(4):
                assert worker.stdout.readline() == "begun\n"
        finally:
            worker.kill()
    with working(database, "image", "worker-1", 4, work, drain_s=5):
        for _ in range(10):
            assert work.ended.acquire(timeout=20)
    with database.connect() as connection:
        assert {job.state for job in list_jobs(connection, "me", 20)} == {"succeeded"}
    assert len(set(work.runs)) == len(work.runs) == 10
    queue.close()


def test_what_its_entry_has_lost_is_handed_over_anew(database: sa.Engine) -> None:
    queue, work, broken = JobQueue(database), _Work(database), threading.Event()

    def breaks(_: UUID) -> None:
        broken.set()
        raise RuntimeError("as when the database takes no end of the job")

    with database.begin() as connection:
        ended = create_job(connection, "me", "image", {})
        queue.enqueue(connection, ended)
    with working(database, "image", "worker-1", 4, breaks, 5):
        assert broken.wait(20)
    with database.begin() as connection:
        missing = create_job(connection, "me", "image", {})
        waiting = create_job(connection, "me", "image", {})
        queue.enqueue(connection, waiting)
        done = create_job(connection, "me", "image", {})
        end_job(connection, done.job_id, "cancelled")
        create_job(connection, "me", "speech", {})  # another worker's
    assert queue.reconcile("image") == 2
    assert queue.reconcile("image") == 0
    with working(database, "image", "worker-1", 4, work, 5):
        for _ in range(3):
            assert work.ended.acquire(timeout=20)
    assert set(work.runs) == {ended.job_id, missing.job_id, waiting.job_id}
    assert len(work.runs) == 3
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
    with working(database, "image", "worker-1", 4, breaks, 5):
        for _ in lost:
            assert broken.acquire(timeout=20)
    add(5)
    with working(database, "image", "worker-1", 4, work, 5):
        for _ in range(5):
            assert work.ended.acquire(timeout=20)
    waiting = add(1)
    assert queue.sweep() == 5
    assert queue.sweep() == 0
    left = {entry.workflow_id for entry in queue._client.list_workflows()}
    assert left == lost | waiting
    assert queue.reconcile("image") == 3
    queue.close()
