"""Whether a request would be carried out now, and what says so."""

import shutil
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from maquette.db.connect import DATABASE_AWAY
from maquette.jobs.store import count_unfinished
from maquette.jobs.workers import heartbeat_age_s

LEAST_FREE_BYTES = 200 * 2**20  # for pictures, and for PostgreSQL, which a full disk stops


@dataclass(frozen=True, slots=True)
class Readiness:
    """The first three must hold; the figures are None where they cannot be known."""

    database: bool
    worker: bool
    disk: bool
    free_bytes: int
    queue_age_s: float | None
    heartbeat_age_s: float | None

    @property
    def ready(self) -> bool:
        return self.database and self.worker and self.disk


def look(database: sa.Engine, data: Path, worker_ready: bool) -> Readiness:
    """As it is now."""
    queue_age_s = beat_s = None
    try:
        with database.connect() as connection:
            queue_age_s = count_unfinished(connection).queue_age_s
            beat_s = heartbeat_age_s(connection)
    except DATABASE_AWAY:
        pass
    free_bytes = free_at(data)
    enough = free_bytes >= LEAST_FREE_BYTES
    return Readiness(queue_age_s is not None, worker_ready, enough, free_bytes, queue_age_s, beat_s)


def free_at(folder: Path) -> int:
    """The bytes that are free where a folder is or would be."""
    there = next(one for one in (folder, *folder.parents) if one.exists())
    return shutil.disk_usage(there).free
