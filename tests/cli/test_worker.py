"""A worker as a process: told to stop, it leaves what it cannot end to the next one."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from maquette.core.requests import SamplingParams
from maquette.core.settings import Settings
from maquette.db.connect import open_database
from maquette.jobs.queue import JobQueue
from maquette.jobs.store import PROGRESS, Job
from maquette.library.blobs import Blobs
from maquette.service.studio import Studio
from maquette.service.worker import NICENESS
from tests.credits import settle
from tests.waiting import PATIENCE_S, wait_until


@contextmanager
def _worker(url: str, data: Path) -> Iterator["subprocess.Popen[str]"]:
    """A worker that gives its jobs a second, and is killed in the end if it is still there."""
    words = ["-m", "maquette", "worker", "--database", url, "--data", str(data), "--drain-s", "1"]
    words += ["--backend", "eager"]  # which is there at once
    with subprocess.Popen([sys.executable, *words], stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def _progress(studio: Studio, job: Job, beyond: int = 0) -> int:
    """The first progress beyond a step."""

    def step() -> int | None:
        steps = [one.data["step"] for one in studio.events(job.job_id, 0) if one.kind == PROGRESS]
        return next((one for one in steps if one > beyond), None)

    return wait_until(step)


@pytest.mark.slow
def test_what_outlasts_a_worker_that_is_told_to_stop_goes_on_in_the_next(
    fresh_url: str, tmp_path: Path
) -> None:
    with (
        open_database(Settings(database=fresh_url)) as database,
        closing(JobQueue(database)) as queue,
    ):
        settle(database, "me")
        studio = Studio(database, Blobs(tmp_path / "blobs"), queue)
        job, _ = studio.submit("me", SamplingParams("a red boat", num_inference_steps=1000))
        with _worker(fresh_url, tmp_path) as worker:
            _progress(studio, job)
            assert os.getpriority(os.PRIO_PROCESS, worker.pid) >= NICENESS
            worker.send_signal(signal.SIGTERM)
            assert worker.wait(PATIENCE_S) == 0
        left = studio.job("me", job.job_id)
        assert (left.state, left.attempts) == ("running", 0)
        kept = studio.events(job.job_id, 0)[-1]
        assert kept.kind == PROGRESS
        with _worker(fresh_url, tmp_path) as worker:
            _progress(studio, job, beyond=kept.data["step"])
            steps = [
                event.data["step"]
                for event in studio.events(job.job_id, kept.sequence)
                if event.kind == PROGRESS
            ]
            assert min(steps) >= kept.data["step"]
            assert studio.cancel("me", job.job_id)
            wait_until(lambda: not list((tmp_path / "snapshots").iterdir()))
            worker.send_signal(signal.SIGTERM)
            assert worker.wait(PATIENCE_S) == 0
        assert studio.job("me", job.job_id).attempts == 1
