"""What a worker clears away once an hour: what no one uses, what jobs and people have left."""

import logging
from collections import defaultdict
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import sqlalchemy as sa

from maquette.db.connect import DATABASE_AWAY
from maquette.db.locks import lock_name
from maquette.jobs.queue import JobQueue
from maquette.jobs.store import which_unfinished
from maquette.jobs.workers import forget_workers
from maquette.library.blob_drops import drop_blobs
from maquette.library.blobs import BlobStore
from maquette.library.thumbnails import Thumbnails
from maquette.library.uploads import drop_unused, unused_uploads
from maquette.people.rate_limits import drop_old_rates
from maquette.people.sessions import drop_dead_sessions
from maquette.service.background import Background
from maquette.service.payments import Payments
from maquette.service.sweep_credits import sweep_credits

SWEEP_S = 3600.0
WORKERS_KEPT = timedelta(days=1)  # that were not heard of
MOST_UPLOADS = 1000  # a sweep; the rest an hour later

log = logging.getLogger(__name__)


class Sweeper(Background):
    """A thread that sweeps while this is open, at its beginning and then once an hour."""

    def __init__(
        self,
        blobs: BlobStore,
        queue: JobQueue,
        snapshots: Path,
        upload_days: int,
        payments: Payments | None = None,
        thumbnails: Path | None = None,
    ) -> None:
        self._payments, self._thumbnails = payments, Thumbnails(thumbnails)
        self._database, self._blobs, self._queue = queue.engine, blobs, queue
        self._snapshots = snapshots
        self._kept_for = timedelta(days=upload_days)
        super().__init__("sweep")

    def _keep_on(self) -> None:
        while True:
            for name, sweep in self._parts().items():
                self._try(name, sweep)
            if self._stopping.wait(SWEEP_S):
                return

    def _parts(self) -> dict[str, Callable[[], object]]:
        """By what each clears away: money first, for someone waits for it."""
        stopping = self._stopping.is_set
        return {
            "credits": lambda: sweep_credits(self._database, stopping),
            **self._parts_of_payments(),
            "uploads": lambda: sweep_uploads(self._database, self._blobs, self._kept_for, stopping),
            "pictures of who went": lambda: drop_blobs(
                self._database, self._blobs, self._thumbnails, stopping
            ),
            "entries of the queue": lambda: self._queue.sweep(stopping),
            "snapshots": lambda: sweep_snapshots(self._database, self._snapshots),
            "old rows": lambda: _sweep_rows(self._database),
        }

    def _parts_of_payments(self) -> dict[str, Callable[[], object]]:
        if self._payments is None:
            return {}
        return {
            "plans": self._payments.plans.sweep,
            "pages to pay of who went": self._payments.close_pages,
            "payments for no one": self._payments.sweep,
        }

    def _try(self, name: str, sweep: Callable[[], object]) -> None:
        """One that fails does not keep the others from theirs."""
        try:
            if not self._stopping.is_set() and (count := sweep()):
                log.info("swept %s %s", count, name)
        except DATABASE_AWAY:
            log.warning("the database is away, so %s are not swept for an hour", name)
        except Exception:
            log.exception("%s that are to be swept stay for an hour", name)


def _sweep_rows(database: sa.Engine) -> None:
    with database.begin() as connection:
        forget_workers(connection, WORKERS_KEPT)
        drop_dead_sessions(connection)
        drop_old_rates(connection)


def sweep_snapshots(database: sa.Engine, folder: Path) -> int:
    """Deletes what was kept to go on from of jobs that have ended, as they do elsewhere where a
    worker died here; gives how many files went.
    """
    by_job: dict[str, list[Path]] = defaultdict(list)
    for path in folder.glob("*.safetensors"):
        by_job[path.stem.rpartition("-")[0]].append(path)
    with database.connect() as connection:
        unfinished = {str(job_id) for job_id in which_unfinished(connection, [*by_job])}
    old = [path for job_id, paths in by_job.items() if job_id not in unfinished for path in paths]
    for path in old:
        path.unlink(missing_ok=True)
    return len(old)


def sweep_uploads(
    database: sa.Engine,
    blobs: BlobStore,
    older_than: timedelta,
    stopping: Callable[[], bool] = lambda: False,
) -> int:
    """Deletes what was put so long ago and no request names; gives how many blobs went. Leaves off
    when it is `stopping`.

    No one puts or names a blob meanwhile, and its bytes go before its last row: after a crash in
    between the next sweep finds the row. Bytes of which no row was ever committed are not found.
    """
    with database.connect() as connection:
        hashes = unused_uploads(connection, older_than, MOST_UPLOADS)
    gone = 0
    for content_hash in hashes:
        if stopping():
            break
        with database.begin() as connection:
            lock_name(connection, content_hash)
            if drop_unused(connection, content_hash, older_than):
                blobs.delete(content_hash)
                gone += 1
    return gone
