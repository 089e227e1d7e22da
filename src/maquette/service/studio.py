"""What a person can do, whichever door they come through; needs no PyTorch."""

import io
import logging
from collections.abc import Callable, Collection, Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path
from uuid import UUID

import sqlalchemy as sa
from PIL import Image

from maquette.core import tracing
from maquette.core.errors import (
    InvalidRequest,
    ModelNotFound,
    NotFound,
    QueueFull,
    QuotaExceeded,
    StorageUnavailable,
    did_you_mean,
    first_line,
)
from maquette.core.requests import GenerationRequest, SamplingParams
from maquette.db.connect import DATABASE_AWAY, single_reads
from maquette.db.locks import lock_name
from maquette.engines.catalog import find_shipped, list_adapters
from maquette.jobs.events import JobEvent, add_event, read_events, send_change
from maquette.jobs.queue import JobQueue, lock_account
from maquette.jobs.store import (
    Job,
    Priority,
    create_job,
    delete_job,
    get_job,
    list_jobs,
    restore_job,
    seconds_until_next,
    shown_jobs,
)
from maquette.jobs.workers import list_workers
from maquette.ledger.holds import Hold, place_hold
from maquette.ledger.idempotency import Once, claim, finish, recall
from maquette.library.assets import Asset, delete_asset, get_asset, restore_asset
from maquette.library.blob_drops import drop_blobs
from maquette.library.blobs import BlobStore, hash_of
from maquette.library.thumbnails import Thumbnails
from maquette.library.uploads import add_upload, may_read
from maquette.people.budgets import spend_budgets
from maquette.people.persons import get_person
from maquette.service.admission import USUAL_LIMITS, QueueLimits, admit, admit_account
from maquette.service.endings import end
from maquette.service.load import LoadMeter
from maquette.service.outcomes import Outcome, outcomes_of
from maquette.service.overview import Overview, overview
from maquette.service.pictures import png, read_upload
from maquette.service.queues import IMAGE
from maquette.service.submissions import Submission, of_pictures
from maquette.service.voices import Voices

HOLD_TIME = timedelta(days=1)  # the sweep renews it while the job has not ended

OwnJobId = tuple[str, UUID]  # an account, and a job that is its own

log = logging.getLogger(__name__)


class Studio:
    """Takes requests in, tells how far they are, and hands out what came of them.

    Whatever is another account's is not there: NotFound, as for what never was.
    """

    def __init__(
        self,
        database: sa.Engine,
        blobs: BlobStore,
        queue: JobQueue,
        limits: QueueLimits = USUAL_LIMITS,
        most_upload_bytes: int = 2**30,
        adapters: Path | None = None,
        thumbnails: Path | None = None,
        voices: Path | None = None,
    ) -> None:
        self._database, self._blobs, self._queue = database, blobs, queue
        self._reads = single_reads(database)
        self._limits, self._most_upload_bytes = limits, most_upload_bytes
        self._adapters, self.voices = adapters, Voices(voices, self._reads)
        self._thumbnails = Thumbnails(thumbnails)
        self._load = LoadMeter()

    def submit(
        self,
        account_id: str,
        params: SamplingParams,
        count: int = 1,
        model: str = "starter",
        source: str | None = None,
        mask: str | None = None,
        payer_id: str | None = None,
        priority: Priority = "interactive",
        once: Once | None = None,
        key_id: UUID | None = None,
    ) -> tuple[Job, Outcome]:
        """Accepts a request for pictures, as `accept` does. `source` and `mask` are hashes of
        pictures that the account put or had made.
        """

        def submission() -> Submission:
            find_shipped(model, IMAGE)
            self._find_adapters(params)
            pictures = (self._opened(account_id, one) for one in (source, mask))
            return of_pictures(
                GenerationRequest(params, count, None, *pictures), model, source, mask
            )

        return self.accept(account_id, submission, payer_id, priority, once, key_id)

    def accept(
        self,
        account_id: str,
        submission: Callable[[], Submission],
        payer_id: str | None = None,
        priority: Priority = "interactive",
        once: Once | None = None,
        key_id: UUID | None = None,
    ) -> tuple[Job, Outcome]:
        """Accepts what is asked for: from here on it survives any crash. Its price is held of the
        payer's credits, the account's own where no other is named, and of the budgets of the key
        that asks and of the payer's team.

        Raises what the `submission` does, InvalidRequest, RateLimited, QueueFull where too much
        waits, InsufficientCredits, and NotFound where the person is gone; and what `claim` does
        where it is to be done `once`, which is looked at first.
        """
        if once is not None:
            with self._reads.connect() as connection:
                recall(connection, once)  # what it names may have gone since
        asked = submission()
        with self._database.begin() as connection:
            claim(connection, once)
            [made] = self.accept_in(connection, account_id, [asked], payer_id, priority, key_id)
            finish(connection, once, *made)
            return made

    def accept_in(
        self,
        connection: sa.Connection,
        account_id: str,
        asked: Sequence[Submission],
        payer_id: str | None = None,
        priority: Priority = "interactive",
        key_id: UUID | None = None,
    ) -> list[tuple[Job, Outcome]]:
        """The same for several, all or none, in the caller's transaction."""
        for content_hash in sorted({one for each in asked for one in each.begins_from}):
            lock_name(connection, content_hash)  # or a sweep might take it meanwhile
            if not may_read(connection, account_id, content_hash):
                raise _no_picture(content_hash)
        lock_account(connection, account_id)  # until these are counted, too
        get_person(connection, account_id)  # or whoever asks was deleted meanwhile
        jobs = [self._enter(connection, account_id, one, priority) for one in asked]
        # The balance last: whoever ends a job of the account has that, and waits for this.
        payer, held = payer_id or account_id, list[Hold | None]([None] * len(jobs))
        for at, (job, one) in enumerate(zip(jobs, asked, strict=True)):
            if price := one.price_microcredits:  # of other servers' models some cost nothing
                held[at] = place_hold(connection, payer, price, HOLD_TIME, job.job_id)
                spend_budgets(connection, job.job_id, price, account_id, payer, key_id)
        return [(job, Outcome([], hold)) for job, hold in zip(jobs, held, strict=True)]

    def _enter(
        self, connection: sa.Connection, account_id: str, asked: Submission, priority: Priority
    ) -> Job:
        most = self._limits.most_a_minute
        admit_account(most, seconds_until_next(connection, account_id, most, 60.0))
        work_ms, left_ms = self._admit(connection, asked)
        request = {**asked.request, **tracing.carried()}
        job = create_job(
            connection, account_id, asked.kind, request, work_ms, left_ms, asked.queue, priority
        )
        add_event(connection, job.job_id, "queued", {})
        self._queue.enqueue(connection, job)
        self._load.add(asked.line, work_ms)
        return job

    def _admit(
        self, connection: sa.Connection, asked: Submission
    ) -> tuple[float | None, float | None]:
        """The work that a request is and the time until it is done, in ms, as far as known. Raises
        InvalidRequest, QueueFull.
        """

        def admitted(anew: bool) -> tuple[float | None, float | None]:
            load = self._load.read(connection, anew)
            cost, backlog = asked.cost(load.step_times), load.backlog(asked.line)
            workers = load.living.get(asked.queue, 0)
            return cost and cost.work_ms, admit(cost, backlog, self._limits, workers)

        try:
            return admitted(anew=False)
        except QueueFull:
            return admitted(anew=True)  # much may have ended within the second

    def _find_adapters(self, params: SamplingParams) -> None:
        """No file but these, whatever path an adapter's name might be. Raises ModelNotFound."""
        adapters = self.adapters()
        for use in params.adapters:
            if use.adapter not in adapters:
                hint = did_you_mean(use.adapter, adapters) if adapters else "there are none"
                raise ModelNotFound(f"no adapter named {use.adapter!r}; {hint}")

    def adapters(self) -> list[str]:
        """The names of the LoRA files there are."""
        return [*list_adapters(self._adapters)]

    def put_picture(self, account_id: str, content: bytes) -> str:
        """Keeps a picture to start from, read as a file is; gives its hash. Raises InvalidRequest
        if it is none, QuotaExceeded where the account has put as much as it may that no request
        names. What it has already, it may put again.
        """
        kept = png(read_upload(content), {})
        content_hash = hash_of(kept)
        with self._database.begin() as connection:
            lock_name(connection, content_hash)
            is_new = not may_read(connection, account_id, content_hash)
            all_bytes = add_upload(connection, account_id, content_hash, len(kept))
            if is_new and all_bytes > self._most_upload_bytes:
                raise QuotaExceeded(
                    f"with this picture of {len(kept)} bytes you would have put {all_bytes}, and "
                    f"{self._most_upload_bytes} may be kept; begin from one that is here, or have "
                    "upload_bytes raised"
                )
            self._blobs.put(kept)
        return content_hash

    def picture(self, account_id: str, content_hash: str) -> bytes:
        """The bytes of a picture that the account put or had made."""
        return self.own_bytes(account_id, content_hash, "image/png")

    def own_bytes(self, account_id: str, content_hash: str, media: str = "") -> bytes:
        """The bytes of anything that the account put or had made, or of one medium of it."""
        with self._reads.connect() as connection:
            if not may_read(connection, account_id, content_hash, media):
                raise NotFound(f"{content_hash} is not here")
        return self._bytes(content_hash)

    def drop_bytes(self) -> None:
        """Lets go the bytes of pictures of those who went, unless others have them. What cannot go
        now does so with a worker's sweep.
        """
        try:
            drop_blobs(self._database, self._blobs, self._thumbnails)
        except (StorageUnavailable, OSError, *DATABASE_AWAY) as error:
            log.warning("what is to be dropped waits for a sweep: %s", first_line(error))

    def _opened(self, account_id: str, content_hash: str | None) -> Image.Image | None:
        if content_hash is None:
            return None
        try:
            return Image.open(io.BytesIO(self.picture(account_id, content_hash)))
        except NotFound:
            raise _no_picture(content_hash) from None

    def job(self, account_id: str, job_id: UUID) -> Job:
        """A job as it is now."""
        with self._reads.connect() as connection:
            return _own_job(connection, account_id, job_id)

    def jobs(
        self, account_id: str, limit: int, before: UUID | None = None, kind: str | None = None
    ) -> Sequence[Job]:
        """An account's jobs, or those of a kind, the newest first."""
        with self._reads.connect() as connection:
            return list_jobs(connection, account_id, limit, before, kind)

    def shown(self, asked: Collection[OwnJobId]) -> dict[OwnJobId, tuple[Job, Outcome]]:
        """Those of the jobs that are their accounts' and not deleted, with what came of them."""
        with self._reads.connect() as connection:
            jobs = shown_jobs(connection, [job_id for _, job_id in asked])
            found = {(job.account_id, job.job_id): job for job in jobs}
            mine = {key: found[key] for key in asked if key in found}
            outcomes = outcomes_of(connection, [job_id for _, job_id in mine])
        return {key: (job, outcomes[job.job_id]) for key, job in mine.items()}

    def cancel(self, account_id: str, job_id: UUID, charge: bool = True) -> bool:
        """Ends a job and charges what its texts said, or nothing; False where it had ended."""
        with self._database.begin() as connection:
            _own_job(connection, account_id, job_id)
            cancelled = end(connection, job_id, "cancelled", price=None if charge else 0)
        self._queue.release_after(job_id)
        return cancelled

    def delete_job(self, account_id: str, job_id: UUID) -> None:
        """Hides a job with all that it made, ended if need be; `restore_job` brings it back."""
        with self._database.begin() as connection:
            _own_job(connection, account_id, job_id)
            end(connection, job_id, "cancelled")
            delete_job(connection, account_id, job_id)
            send_change(connection, account_id, job_id)
        self._queue.release_after(job_id)

    def restore_job(self, account_id: str, job_id: UUID) -> None:
        """Undoes a deletion."""
        with self._database.begin() as connection:
            if not restore_job(connection, account_id, job_id):
                raise NotFound(f"{job_id} was not deleted")
            send_change(connection, account_id, job_id)

    def events(self, job_id: UUID, after: int) -> Sequence[JobEvent]:
        """What happened to a job after an event, in order."""
        with self._reads.connect() as connection:
            return read_events(connection, job_id, after)

    def outcomes(self, job_ids: Sequence[UUID]) -> dict[UUID, Outcome]:
        """What came of each job."""
        with self._reads.connect() as connection:
            return outcomes_of(connection, job_ids)

    def outcome(self, job_id: UUID) -> Outcome:
        """What came of a job."""
        return self.outcomes([job_id])[job_id]

    def content(self, account_id: str, asset_id: UUID) -> tuple[Asset, bytes]:
        """An asset and its bytes."""
        return (asset := self.asset(account_id, asset_id)), self._bytes(asset.content_hash)

    def thumbnail(self, account_id: str, asset_id: UUID, width_px: int) -> tuple[Asset, bytes]:
        """A picture and its small version, at most that wide, as WebP. Raises InvalidRequest where
        it is none.
        """
        asset = self.asset(account_id, asset_id)
        if asset.media_type != "image/png":
            raise InvalidRequest(
                f"{asset_id} is {asset.media_type}, no picture; leave the width out"
            )
        whole = partial(self._bytes, asset.content_hash)
        return asset, self._thumbnails.get(asset.content_hash, width_px, whole)

    def _bytes(self, content_hash: str) -> bytes:
        try:
            return self._blobs.get(content_hash)
        except KeyError:
            raise NotFound(f"the bytes of {content_hash} are not here; restore a backup") from None

    def asset(self, account_id: str, asset_id: UUID) -> Asset:
        """An asset, without its bytes."""
        with self._reads.connect() as connection:
            try:
                asset = get_asset(connection, asset_id)
            except KeyError:
                raise NotFound(f"{asset_id} is not here") from None
        if asset.account_id != account_id:
            raise NotFound(f"{asset_id} is not here")
        return asset

    def delete(self, account_id: str, asset_id: UUID) -> None:
        """Hides an asset; `restore` brings it back."""
        with self._database.begin() as connection:
            job_id = delete_asset(connection, account_id, asset_id)
            if job_id is None:
                raise NotFound(f"{asset_id} is not here")
            send_change(connection, account_id, job_id)

    def restore(self, account_id: str, asset_id: UUID) -> None:
        """Undoes a deletion."""
        with self._database.begin() as connection:
            job_id = restore_asset(connection, account_id, asset_id)
            if job_id is None:
                raise NotFound(f"{asset_id} was not deleted")
            send_change(connection, account_id, job_id)

    def overview(self) -> Overview:
        """All that waits or runs, of everyone, and who does it."""
        with self._reads.connect() as connection:
            return overview(connection)

    def has_worker(self, but: str | None = None) -> bool:
        """Whether a worker lives, other than one of a name; False where the database is away."""
        try:
            with self._reads.connect() as connection:
                return any(one.lives and one.worker_id != but for one in list_workers(connection))
        except DATABASE_AWAY:
            return False


def _no_picture(content_hash: str) -> InvalidRequest:
    return InvalidRequest(f"no picture {content_hash!r}; put it first")


def _own_job(connection: sa.Connection, account_id: str, job_id: UUID) -> Job:
    """Raises NotFound where there is none, it was deleted, or it is another's."""
    try:
        found = get_job(connection, job_id)
    except KeyError:
        raise NotFound(f"{job_id} is not here") from None
    if found.account_id != account_id or found.deleted_at is not None:
        raise NotFound(f"{job_id} is not here")
    return found
