"""A worker's name, which no other has meanwhile: two of one name would run each job twice."""

import logging
import threading
import time
from collections.abc import Callable

import sqlalchemy as sa

from maquette.db.connect import DATABASE_AWAY
from maquette.db.locks import Lease

PAUSE_S = 2.0  # between two looks whether it is free
SPARE = 1.5  # how much longer than a lease one's own last one may still be in the way

log = logging.getLogger(__name__)


class WorkerName:
    """A name that is a worker's as long as it is renewed, at every beat of its heart. A machine
    that is gone has it no longer than `lasts_s`.
    """

    def __init__(
        self, database: sa.Engine, name: str, lasts_s: float, on_lost: Callable[[], None]
    ) -> None:
        self._lease = Lease(database, name, lasts_s)
        self._name, self._lasts_s, self._on_lost = name, lasts_s, on_lost
        self._renewed_s = time.monotonic()

    def wait(self, stop: threading.Event, pause_s: float = PAUSE_S) -> bool:
        """Until the name is this worker's; False where it is told to stop before that."""
        told = False
        while not self._take():
            if not told:
                log.warning(
                    "another worker is called %s, or was until a moment ago; this one waits until "
                    "it is gone, or give this one another --name",
                    self._name,
                )
            told = True
            if stop.wait(pause_s):
                return False
        return True

    def renew(self) -> None:
        """Takes the name again where it was lost, as when PostgreSQL starts anew; where another
        worker has it by now, `on_lost` is called. Raises one of DATABASE_AWAY.
        """
        if self._lease.take():
            self._renewed_s = time.monotonic()
        elif time.monotonic() - self._renewed_s > SPARE * self._lasts_s:
            log.critical("another worker is called %s by now, so this one ends", self._name)
            self._on_lost()

    def close(self) -> None:
        """Leaves the name to others."""
        self._lease.give_up()

    def _take(self) -> bool:
        try:
            taken = self._lease.take()
        except DATABASE_AWAY:
            log.warning("the database is away, so worker %s does not begin yet", self._name)
            return False
        self._renewed_s = time.monotonic()
        return taken
