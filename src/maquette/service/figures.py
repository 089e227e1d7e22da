"""What an operator watches, read so that asking every few seconds costs little."""

import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from threading import Lock
from uuid import UUID

import sqlalchemy as sa

from maquette.db.connect import DATABASE_AWAY
from maquette.db.tables.jobs import job
from maquette.db.tables.ledger import hold
from maquette.jobs.store import Unfinished, count_unfinished
from maquette.jobs.workers import heartbeat_age_s
from maquette.ledger.drift import drift_of, moved_since
from maquette.people.audit import age_s
from maquette.service.backup import ACT

# A job's end is of the moment at which its transaction began, and seen when that commits.
OVERLAP = timedelta(minutes=1)
LOOK_S = 60.0  # between two looks at the ledger
MOST_ACCOUNTS = 1000  # a look; the others are first in the next


@dataclass(frozen=True, slots=True)
class Reading:
    """The figures of a moment; those that count up begin with this process."""

    unfinished: Unfinished
    ended: Mapping[str, int]
    charged_microcredits: int
    held_microcredits: int
    drift_microcredits: int
    accounts_checked: int
    heartbeat_age_s: float | None
    backup_age_s: float | None


class Figures:
    """Reads them, and knows what it has counted. May be asked by many at once. Every moment is by
    the clock of the database, which dates what is counted.
    """

    def __init__(self, database: sa.Engine) -> None:
        self._database, self._one_at_a_time = database, Lock()
        with database.connect() as connection:
            now = connection.execute(sa.select(sa.func.now())).scalar_one()
        self._begun = self._counted = self._looked = now
        self._next_look_s = time.monotonic()
        self._seen: set[UUID] = set()
        self._ended: Counter[str] = Counter()
        self._charged_microcredits = self._accounts_checked = 0
        self._wrong: dict[str, int] = {}  # accounts, and what each is off by
        self._due: list[str] = []  # accounts that moved, and were not looked at yet

    def read(self) -> Reading | None:
        """None where the database is away."""
        try:
            with self._one_at_a_time, self._database.connect() as connection:
                self._count(connection)
                self._look(connection)
                held = sa.select(sa.func.coalesce(sa.func.sum(hold.c.amount_microcredits), 0))
                return Reading(
                    count_unfinished(connection),
                    dict(self._ended),
                    self._charged_microcredits,
                    int(connection.execute(held.where(hold.c.state == "held")).scalar_one()),
                    sum(self._wrong.values()),
                    self._accounts_checked,
                    heartbeat_age_s(connection),
                    age_s(connection, ACT),
                )
        except DATABASE_AWAY:
            return None

    def _count(self, connection: sa.Connection) -> None:
        """What has ended since the last time, and what was charged for it."""
        since = max(self._begun, self._counted - OVERLAP)
        charged = sa.func.coalesce(hold.c.posted_microcredits, 0)
        query = (
            sa.select(sa.func.now(), job.c.job_id, job.c.state, charged)
            .select_from(job.outerjoin(hold, hold.c.job_id == job.c.job_id))
            .where(job.c.finished_at > since)
        )
        rows = connection.execute(query).all()
        for now, job_id, state, microcredits in rows:
            self._counted = now
            if job_id not in self._seen:
                self._ended[state] += 1
                self._charged_microcredits += int(microcredits)
        self._seen = {job_id for _, job_id, _, _ in rows}

    def _look(self, connection: sa.Connection) -> None:
        """At the accounts that moved since the last look, and again at those in which something
        was wrong.
        """
        if time.monotonic() < self._next_look_s:
            return
        now = connection.execute(sa.select(sa.func.now())).scalar_one()
        since = min(self._looked, now)  # where that clock was set back
        due = dict.fromkeys([*self._wrong, *self._due, *moved_since(connection, since)])
        at_once, self._due = [*due][:MOST_ACCOUNTS], [*due][MOST_ACCOUNTS:]
        found = drift_of(connection, at_once)
        self._wrong = {name: off for name, off in found.items() if off}
        self._accounts_checked += len(found)
        self._looked, self._next_look_s = now, time.monotonic() + LOOK_S
