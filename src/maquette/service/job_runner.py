"""The whole story of one job: taken, made with everyone else's, kept, tried again."""

import logging
import threading
import time
from collections.abc import Callable, Generator, Mapping
from concurrent.futures import CancelledError
from contextlib import contextmanager
from functools import partial
from typing import Any, TypeVar
from uuid import UUID

import sqlalchemy as sa

from maquette.core import logs, tracing
from maquette.core.errors import (
    CodeFailed,
    InvalidRequest,
    MaquetteError,
    OutputNotWritable,
    StorageUnavailable,
)
from maquette.core.ids import new_id
from maquette.db.connect import DATABASE_AWAY, single_reads
from maquette.db.locks import lock_name
from maquette.jobs.events import add_event, read_events
from maquette.jobs.store import (
    PROGRESS,
    SAID,
    Job,
    claim_job,
    get_job,
    is_held,
    note_break,
    start_job,
)
from maquette.library.assets import add_asset
from maquette.library.blobs import BlobStore
from maquette.service.company import Company
from maquette.service.endings import end
from maquette.service.making import TICK_S, Made, Maker, Making
from maquette.service.said import join_parts
from maquette.service.ticks import Ticks

MOST_BREAKS = 3
# A worker that dies takes all its jobs with it, and one of them may be to blame. One that was there
# twice runs alone from then on, so that only its own doing can be the third time.
DEATHS_IN_COMPANY, MOST_DEATHS = 2, 3
FIRST_RETRY_S, RETRY_FACTOR = 1.0, 4.0  # the pause before a second attempt, and how it grows
OURS = (OutputNotWritable, StorageUnavailable)  # what is said of a disk, not of a request
BROKEN = "something broke while this was made; the log of the studio says what"
LEAST_PAUSE_S, MOST_PAUSE_S = 0.5, 10.0

Given = TypeVar("Given")
Result = TypeVar("Result")

log = logging.getLogger(__name__)


class JobRunner:
    """Runs jobs by what makes those of their kind. `run` may be called in many threads at once, and
    again.
    """

    def __init__(
        self,
        database: sa.Engine,
        blobs: BlobStore,
        makers: Mapping[str, Maker],
        ticks: Ticks,
        worker_id: str = "worker",
    ) -> None:
        self._database, self._blobs, self._makers = database, blobs, makers
        self._ticks = ticks
        self._single = single_reads(database)
        self._worker_id = worker_id
        self.under_way: set[UUID] = set()
        self._ended, self._company = threading.Condition(), Company()

    def run(self, job_id: UUID) -> None:
        """From a queued job to its end. Where a worker died in it, it goes on where that was; where
        something broke that was not asked for, it is tried again after a pause. What is another
        worker's is left to that.
        """
        logs.begin(job_id=str(job_id))
        with self._once(job_id):
            while (job := self._patiently(self._claim, job_id)) is not None:
                with self._company.joined(alone=job.deaths >= DEATHS_IN_COMPANY):
                    attempt = self._patiently(self._begin, job_id)
                    if attempt is None or not self._patiently(
                        self._breaks, attempt, again=self._goes_on_and_breaks
                    ):
                        break
            self._patiently(self._clear_away, job_id)

    def _patiently(
        self,
        do: Callable[[Given], Result],
        given: Given,
        again: Callable[[Given], Result] | None = None,
    ) -> Result:
        """Does it again, or what is to be done `again`, as long as the database is away: an
        accepted job is not lost for that, and to go on is no new attempt.
        """
        pause_s = LEAST_PAUSE_S
        while True:
            try:
                return do(given)
            except DATABASE_AWAY:
                log.exception("a job waits for the database")
                do = again or do
                time.sleep(pause_s)
                pause_s = min(2 * pause_s, MOST_PAUSE_S)

    @contextmanager
    def _once(self, job_id: UUID) -> Generator[None]:
        """A worker that stood still may be handed a job anew that it is still at: first it lets go
        of it.
        """
        with self._ended:
            self._ended.wait_for(lambda: job_id not in self.under_way)
            self.under_way.add(job_id)
        try:
            yield
        finally:
            with self._ended:
                self.under_way.discard(job_id)
                self._ended.notify_all()

    def _claim(self, job_id: UUID) -> Job | None:
        """The job, which is this worker's from here on; None where it has ended or is another's."""
        with self._single.connect() as connection:
            job = claim_job(connection, job_id, self._worker_id)
        if job is not None:
            logs.add(account_id=job.account_id)
        return job

    def _begin(self, job_id: UUID) -> Job | None:
        """A new attempt; None where the job has ended meanwhile, or is another worker's. How far an
        earlier one was is told once more, for what comes after it in the order of events counts.
        """
        with self._database.begin() as connection:
            attempt = start_job(connection, job_id, self._worker_id)
            if attempt is not None:
                kept = {PROGRESS: _last_progress(connection, job_id)}
                kept[SAID] = _said(connection, job_id)
                add_event(connection, job_id, "running", {})
                for kind, data in kept.items():
                    if data is not None:
                        add_event(connection, job_id, kind, data)
        return attempt

    def _breaks(self, attempt: Job) -> bool:
        """Carries an attempt out. True where it is to be tried anew, after a pause that ends early
        where it is held no more.
        """
        if not self._carry_out(attempt):
            return False
        go_on_s = time.monotonic() + FIRST_RETRY_S * RETRY_FACTOR**attempt.breaks
        while self._is_held(attempt):
            if time.monotonic() >= go_on_s:
                return True
            time.sleep(TICK_S)
        return False

    def _goes_on_and_breaks(self, attempt: Job) -> bool:
        """The same of an attempt that may have ended, or be another's by now."""
        return self._is_held(attempt) and self._breaks(attempt)

    def _clear_away(self, job_id: UUID) -> None:
        """Another worker that has the job may need what is kept of it."""
        with self._single.connect() as connection:
            job = get_job(connection, job_id)
        if job.ended:
            for path in self._makers[job.kind].kept(job):
                path.unlink(missing_ok=True)

    def _carry_out(self, job: Job) -> bool:
        """To the job's end, or until it is another's. True where something broke that was not asked
        for, and may not break again. Raises what `run` waits for, CancelledError if the engine
        ends.
        """
        try:
            if job.deaths > MOST_DEATHS:
                raise InvalidRequest(f"this broke {MOST_DEATHS} times; ask for less")
            with tracing.span("job", job.request, job_id=str(job.job_id)):
                self._keep(job, self._makers[job.kind].make(self._making(job)))
        except DATABASE_AWAY:
            raise
        except CancelledError:
            if self._is_held(job):
                raise  # not by a person, nor for another worker: the engine is closing
        except Exception as error:
            told = isinstance(error, MaquetteError)
            if not told:
                log.exception("attempt %d at job %s failed", job.attempts, job.job_id)
                self._makers[job.kind].fail(error)  # the worker ends where its device is broken
            if job.breaks + 1 < MOST_BREAKS and not (told and not isinstance(error, OURS)):
                with self._database.begin() as connection:
                    note_break(connection, job)
                return True
            data = {"log": error.log} if isinstance(error, CodeFailed) else None
            self._fail(job, error.message if told else BROKEN, data)
        return False

    def _making(self, job: Job) -> Making:
        return Making(
            job,
            partial(self._is_held, job),
            partial(self._ticks.tell, job),
            partial(self._keep_event, job, PROGRESS),
            partial(self._last_kept, job),
            partial(self._keep_event, job, SAID),
            partial(self._said, job),
        )

    def _is_held(self, job: Job) -> bool:
        with self._single.connect() as connection:
            return is_held(connection, job)

    def _keep_event(self, job: Job, kind: str, data: Mapping[str, Any]) -> None:
        with self._database.begin() as connection:
            if is_held(connection, job):
                add_event(connection, job.job_id, kind, data)

    def _last_kept(self, job: Job) -> Mapping[str, Any] | None:
        """What an earlier attempt said last of how far it was."""
        with self._single.connect() as connection:
            return _last_progress(connection, job.job_id)

    def _said(self, job: Job) -> Mapping[str, Any] | None:
        """What earlier attempts said."""
        with self._single.connect() as connection:
            return _said(connection, job.job_id)

    def _keep(self, job: Job, made: Made) -> None:
        """Bytes first, then rows, charge and the job's end in one transaction: all or nothing.

        Who deletes the same bytes, for they were another's, waits until there are rows of these.
        """
        contents = [asset.content for asset in made.assets]
        with tracing.span("store"):
            hashes = [self._blobs.put(content) for content in contents]
        with self._database.begin() as connection:
            for content_hash in sorted(set(hashes)):
                lock_name(connection, content_hash)
            for content in contents:  # nothing, but where they were deleted a moment ago
                self._blobs.put(content)
            ids = [new_id() for _ in hashes]
            data = {**(made.told or {}), "assets": [str(one) for one in ids]}
            price = made.price_microcredits
            if not end(connection, job.job_id, "succeeded", data=data, attempt=job, price=price):
                return  # cancelled in the last moment, or another worker's
            for number, (asset, content_hash) in enumerate(zip(made.assets, hashes, strict=True)):
                add_asset(
                    connection,
                    asset_id=ids[number],
                    job_id=job.job_id,
                    account_id=job.account_id,
                    position=number,
                    media_type=asset.media_type,
                    content_hash=content_hash,
                    size_bytes=len(asset.content),
                    seed=asset.seed,
                )

    def _fail(self, job: Job, message: str, data: Mapping[str, Any] | None = None) -> None:
        with self._database.begin() as connection:
            end(connection, job.job_id, "failed", message, data, attempt=job)


def _last_progress(connection: sa.Connection, job_id: UUID) -> Mapping[str, Any] | None:
    events = read_events(connection, job_id)
    return next((event.data for event in reversed(events) if event.kind == PROGRESS), None)


def _said(connection: sa.Connection, job_id: UUID) -> Mapping[str, Any] | None:
    events = read_events(connection, job_id)
    return join_parts([event.data for event in events if event.kind == SAID])
