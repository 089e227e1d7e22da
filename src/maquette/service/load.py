"""How much waits and who is there to do it, looked at once a second, however many ask."""

import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import sqlalchemy as sa

from maquette.jobs.store import Backlog, backlogs
from maquette.jobs.workers import StepTime, living_by_queue, measured_step_times

FRESH_S = 1.0


@dataclass(frozen=True, slots=True)
class Load:
    """The jobs that have not ended, by line (`jobs/shares.py`); how many workers live by the queue
    they serve, and what passes take them, by model.
    """

    backlogs: Mapping[str, Backlog]
    living: Mapping[str, int]
    step_times: Mapping[str, Sequence[StepTime]]

    def backlog(self, line: str) -> Backlog:
        """The jobs of a line that have not ended."""
        return self.backlogs.get(line, Backlog(0, 0.0))


class LoadMeter:
    """Gives the load as it was at most a second ago, with what this process accepted since: to
    count all that waits for each request would take the longer the more waits.
    """

    def __init__(self, fresh_s: float = FRESH_S) -> None:
        self._fresh_s = fresh_s
        self._reading = threading.Lock()
        self._load: Load | None = None
        self._read_s = 0.0

    def read(self, connection: sa.Connection, anew: bool = False) -> Load:
        """The load; as it is right now where it is read `anew`, as before someone is refused."""
        with self._reading:
            load = self._load
            if load is None or anew or time.monotonic() - self._read_s > self._fresh_s:
                started_s = time.monotonic()
                load = Load(
                    backlogs(connection),
                    living_by_queue(connection),
                    measured_step_times(connection),
                )
                self._load, self._read_s = load, started_s
            return load

    def add(self, line: str, work_ms: float | None) -> None:
        """Counts a job that was accepted."""
        with self._reading:
            if self._load is not None:
                before = self._load.backlog(line)
                more = Backlog(before.jobs + 1, before.left_ms + (work_ms or 0.0))
                self._load = replace(self._load, backlogs={**self._load.backlogs, line: more})
