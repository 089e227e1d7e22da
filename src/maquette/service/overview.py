"""What an operator sees of the work: all that waits or runs, and who does it."""

import math
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from maquette.jobs.store import Job, unfinished_jobs
from maquette.jobs.workers import Worker, list_workers
from maquette.sandbox.choice import sandbox_state

MOST_JOBS = 500  # that are shown
SANDBOX_KNOWN_S = 600.0


class SandboxLook:
    """What runs code on this machine. It is looked at when it is first asked for, which takes a
    second, and then once in ten minutes.
    """

    def __init__(self, data: Path | None) -> None:
        self._data, self._lock = data, threading.Lock()
        self._at = -math.inf
        self._state = ("none", "")

    def state(self) -> tuple[str, str]:
        """ "bubblewrap", "webassembly" or "none", and why."""
        with self._lock:
            if time.monotonic() - self._at > SANDBOX_KNOWN_S:
                self._state, self._at = sandbox_state(self._data), time.monotonic()
            return self._state


@dataclass(frozen=True, slots=True)
class Overview:
    """Jobs that have not ended, the oldest first, at most five hundred; and all workers."""

    jobs: Sequence[Job]
    workers: Sequence[Worker]

    def waits_for_worker(self, job: Job) -> bool:
        """Whether no worker that lives can do it."""
        return not any(one.lives and job.queue in one.queues for one in self.workers)


def overview(connection: sa.Connection) -> Overview:
    """The work as it is now."""
    return Overview(unfinished_jobs(connection, MOST_JOBS), list_workers(connection))
