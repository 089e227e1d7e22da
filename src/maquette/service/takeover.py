"""Gives the jobs of workers that are not heard of any more to others; one does it, the leader."""

import logging
from collections.abc import Mapping
from datetime import datetime

from maquette.db.connect import DATABASE_AWAY
from maquette.db.locks import Lease
from maquette.jobs.events import add_event
from maquette.jobs.queue import JobQueue
from maquette.jobs.workers import SILENT_S, WAITING, heartbeats, note_leader, unserved_jobs
from maquette.service.background import Background

LOOK_S = 2.0  # between two looks at the hearts of all
LEASE_LOOKS = 5  # the database takes the lead from who did not look for so long
ROUNDS_A_RECONCILIATION = 30
MOST_TOLD = 100  # a round
UNSERVED = "no worker that runs now can do this, by its model or its size; it waits for one"

log = logging.getLogger(__name__)


class Takeover(Background):
    """A thread that looks at the hearts of all workers while this is open, and leads if no other
    worker does.

    No clock decides who is dead: it is one whose heart has not moved for so many looks of the
    leader's own. Where this process stood still, or the machine slept, no one else is blamed. A
    leader that stands still loses the lead by the clock of the database. If two lead for a moment,
    nothing is done twice: a job is taken from a worker that has it, or not at all.
    """

    def __init__(
        self, queue: JobQueue, worker_id: str, look_s: float = LOOK_S, silent_s: float = SILENT_S
    ) -> None:
        self._queue, self._database, self._worker_id = queue, queue.engine, worker_id
        self._look_s, self._most_looks = look_s, max(2, round(silent_s / look_s))
        self._looks: dict[str, tuple[datetime, int]] = {}  # the last heartbeat, how often seen
        self._rounds, self._leading = 0, False
        self._lead = Lease(self._database, "leader of the workers", LEASE_LOOKS * look_s)
        super().__init__("takeover")

    def _keep_on(self) -> None:
        while not self._stopping.wait(self._look_s):
            try:
                self._look()
            except DATABASE_AWAY:
                log.warning("the database is away, so no one looks after other workers")
                self._give_up()
            except Exception:
                log.exception("other workers are looked after in the next round")
        self._give_up()

    def _look(self) -> None:
        """One round. All count, so that a new leader knows at once who is silent. Who has a job is
        read before that: who was not heard of then, had none.
        """
        leads = self._leads()
        under_way = self._queue.under_way() if leads else {}
        with self._database.connect() as connection:
            self._count(heartbeats(connection))
        if not leads:
            return
        with self._database.begin() as connection:
            note_leader(connection, self._worker_id)
            for job_id in unserved_jobs(connection, MOST_TOLD):
                add_event(connection, job_id, WAITING, {"reason": UNSERVED})
        for job_id, worker_id in under_way.items():
            if not self._lives(worker_id) and self._queue.take_from(worker_id, job_id):
                log.warning("%s is not heard of, so others do its job %s", worker_id, job_id)
        if self._rounds % ROUNDS_A_RECONCILIATION == 0:
            self._queue.reconcile()
        self._rounds += 1

    def _count(self, beats: Mapping[str, datetime]) -> None:
        before = self._looks
        self._looks = {
            worker_id: (beat, before[worker_id][1] + 1)
            if worker_id in before and before[worker_id][0] == beat
            else (beat, 0)
            for worker_id, beat in beats.items()
        }

    def _lives(self, worker_id: str) -> bool:
        return worker_id in self._looks and self._looks[worker_id][1] < self._most_looks

    def _leads(self) -> bool:
        """Whether this worker has the lead, which it takes if it is free."""
        led, self._leading = self._leading, self._lead.take()
        if self._leading and not led:
            self._rounds = 0
            log.info("%s leads the workers", self._worker_id)
        return self._leading

    def _give_up(self) -> None:
        self._leading = False
        self._lead.give_up()
