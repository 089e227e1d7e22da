"""Tells watchers how far jobs are: all that is new at once, for each notice costs the database."""

import logging
import threading
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from maquette.db.connect import DATABASE_AWAY
from maquette.jobs.events import send_ticks
from maquette.jobs.store import Job
from maquette.service.background import Background

PAUSE_S = 0.05  # after each time; what comes after a quiet while is told at once

log = logging.getLogger(__name__)


class Ticks(Background):
    """A thread that sends the newest tick of each job while this is open."""

    def __init__(self, database: sa.Engine) -> None:
        self._database = database
        self._new: dict[UUID, tuple[Job, Mapping[str, Any]]] = {}
        self._lock, self._changed = threading.Lock(), threading.Event()
        super().__init__("ticks")

    def tell(self, attempt: Job, tick: Mapping[str, Any]) -> None:
        """Takes a tick to be sent, in place of one of the same job that was not sent yet."""
        with self._lock:
            self._new[attempt.job_id] = (attempt, tick)
        self._changed.set()

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._changed.set()
        super().__exit__(*_)

    def _keep_on(self) -> None:
        while not self._stopping.is_set():
            self._changed.wait()
            self._changed.clear()
            with self._lock:
                new, self._new = [*self._new.values()], {}
            if new:
                self._send(new)
                self._stopping.wait(PAUSE_S)

    def _send(self, new: Sequence[tuple[Job, Mapping[str, Any]]]) -> None:
        """Whatever fails in it, there is a next time."""
        try:
            with self._database.begin() as connection:
                send_ticks(connection, new)
        except DATABASE_AWAY:
            log.warning("the database is away, so %d ticks are lost", len(new))
        except Exception:
            log.exception("%d ticks are lost", len(new))
