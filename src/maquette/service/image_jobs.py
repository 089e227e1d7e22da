"""The whole story of one job for pictures: drawn with the others, watched, kept, resumed."""

import base64
import io
import logging
import threading
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, CancelledError, wait
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID

import sqlalchemy as sa
from PIL import Image

from maquette.core import logs, tracing
from maquette.core.errors import (
    InvalidRequest,
    MaquetteError,
    OutputNotWritable,
    StorageUnavailable,
)
from maquette.core.ids import new_id
from maquette.core.requests import AdapterUse, GenerationRequest, SamplingParams
from maquette.db.connect import DATABASE_AWAY, single_reads
from maquette.db.locks import lock_name
from maquette.diffusion.loop import EngineLoop
from maquette.diffusion.request import DenoisingRequest, Snapshot
from maquette.diffusion.runner import StepOutput
from maquette.diffusion.snapshot_file import read_snapshot, write_snapshot
from maquette.jobs.events import add_event, send_tick
from maquette.jobs.store import (
    PROGRESS,
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
from maquette.service.pictures import png, png_texts

if TYPE_CHECKING:  # which takes seconds to import, and is handed in
    from maquette.engines.image import ImageEngine

TICK_S = 0.25
TICKS_A_PROGRESS = 4  # one in so many is kept, with the state to go on from
PREVIEW_SIDES_PX, MOST_PREVIEW_BYTES = (64, 48, 32, 16), 7_000
MOST_BREAKS = 3
# A worker that dies takes all its jobs with it, and one of them may be to blame. One that was there
# twice runs alone from then on, so that only its own doing can be the third time.
DEATHS_IN_COMPANY, MOST_DEATHS = 2, 3
FIRST_RETRY_S, RETRY_FACTOR = 1.0, 4.0  # the pause before a second attempt, and how it grows
OURS = (OutputNotWritable, StorageUnavailable)  # what is said of a disk, not of a request
BROKEN = "something broke while this was drawn; the log of the studio says what"
LEAST_PAUSE_S, MOST_PAUSE_S = 0.5, 10.0

Given = TypeVar("Given")
Result = TypeVar("Result")

log = logging.getLogger(__name__)


class ImageJobs:
    """Runs jobs on the engines of the image models, which it knows by name. `run` may be called in
    many threads at once, and again.
    """

    def __init__(
        self,
        database: sa.Engine,
        blobs: BlobStore,
        images: "Mapping[str, ImageEngine]",
        loop: EngineLoop,
        snapshots: Path,
        worker_id: str = "worker",
    ) -> None:
        self._database, self._blobs, self._images = database, blobs, images
        self._single = single_reads(database)
        self._loop, self._snapshots, self._worker_id = loop, snapshots, worker_id
        self.under_way: set[UUID] = set()
        self._ended, self._company = threading.Condition(), Company()
        snapshots.mkdir(parents=True, exist_ok=True)

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
        """A new attempt; None where the job has ended meanwhile, or is another worker's."""
        with self._database.begin() as connection:
            attempt = start_job(connection, job_id, self._worker_id)
            if attempt is not None:
                add_event(connection, job_id, "running", {})
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
        kept = [*self._snapshots.glob(f"{job_id}-*")]
        if not kept:
            return
        with self._single.connect() as connection:
            if not get_job(connection, job_id).ended:
                return
        for path in kept:
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
                request = self._request(job)
                self._keep(job, request, self._draw(job, request))
        except DATABASE_AWAY:
            raise
        except CancelledError:
            if self._is_held(job):
                raise  # not by a person, nor for another worker: the engine is closing
        except Exception as error:
            told = isinstance(error, MaquetteError)
            if not told:
                log.exception("attempt %d at job %s failed", job.attempts, job.job_id)
                self._loop.fail(error)  # the worker ends where its device is broken
            if job.breaks + 1 < MOST_BREAKS and not (told and not isinstance(error, OURS)):
                with self._database.begin() as connection:
                    note_break(connection, job)
                return True
            self._fail(job, error.message if told else BROKEN)
        return False

    def _is_held(self, job: Job) -> bool:
        with self._single.connect() as connection:
            return is_held(connection, job)

    def _request(self, job: Job) -> GenerationRequest:
        """The request as it was asked for, its pictures fetched by their hashes."""
        asked = dict(job.request)
        params: dict[str, Any] = dict(asked["params"])
        params["guidance_interval"] = tuple(params["guidance_interval"])  # JSON has no tuples
        params["adapters"] = tuple(AdapterUse(**one) for one in params.get("adapters", ()))
        return GenerationRequest(
            SamplingParams(**params),
            count=asked["count"],
            source=self._picture(asked["source"], "RGB"),
            mask=self._picture(asked["mask"], "L"),
        )

    def _picture(self, content_hash: str | None, mode: str) -> Image.Image | None:
        if content_hash is None:
            return None
        return Image.open(io.BytesIO(self._blobs.get(content_hash))).convert(mode)

    def _draw(self, job: Job, request: GenerationRequest) -> list[Image.Image]:
        """The pictures, in order. Raises CancelledError if someone ends the job meanwhile, or it is
        another worker's.
        """
        latest: dict[str, StepOutput] = {}

        def watch(output: StepOutput) -> None:
            latest[output.request.request_id] = output

        image = self._images[job.request["model"]]
        in_person = job.priority == "interactive"
        with tracing.span("encode"):
            ones = image.prepare(request, str(job.job_id), job.account_id, in_person)
        snapshots = {one.request_id: self._snapshot_of(one) for one in ones}
        begun = {name: s.step_index for name, s in snapshots.items() if s is not None}
        progress = _Progress(sum(len(one.table) for one in ones), begun)
        begun_ns = time.time_ns()
        futures = [self._loop.add(one, watch, snapshots[one.request_id]) for one in ones]
        try:
            tick = 0
            while (waited := wait(futures, TICK_S, FIRST_EXCEPTION)).not_done:
                for future in waited.done:
                    future.result()  # raises: no more of a job is drawn where one picture failed
                tick += 1
                if latest:
                    self._report(job, progress, list(latest.values()), tick)
                if not self._is_held(job):
                    break
        finally:
            for one in ones:
                self._loop.cancel(one.request_id)  # nothing where it has finished
        wait(futures)
        tracing.past("denoise", begun_ns)
        with tracing.span("decode"):
            return [image.finish(future.result().latents, request) for future in futures]

    def _report(self, job: Job, progress: "_Progress", latest: list[StepOutput], tick: int) -> None:
        """Tells how far the job is; now and then so that it is kept, with what to go on from."""
        data = {**progress.after(latest), "previews": self._previews(job, latest)}
        keep = tick % TICKS_A_PROGRESS == 0
        if keep:
            waited_ms = (datetime.now(UTC) - job.created_at) / timedelta(milliseconds=1)
            for output in latest:
                if not output.finished:
                    self._save(output, waited_ms)
        with self._database.begin() as connection:
            if is_held(connection, job):
                send_tick(connection, job, data)
                if keep:
                    add_event(connection, job.job_id, PROGRESS, data)

    def _save(self, output: StepOutput, waited_ms: float) -> None:
        try:
            write_snapshot(self._place(output.request), output.snapshot(waited_ms))
        except OutputNotWritable as error:
            log.warning("a crash now would cost more than usual: %s", error.message)

    def _previews(self, job: Job, latest: list[StepOutput]) -> list[str | None]:
        """What the model takes each picture for, small, as data URLs; None for one not begun.

        All together fit a notice: smaller ones where they are many.
        """
        preview = self._images[job.request["model"]].codec.preview
        shown = {_number(output): preview(output.predicted) for output in latest}
        urls: dict[int, str] = {}
        for side_px in PREVIEW_SIDES_PX:
            urls = {number: _data_url(picture, side_px) for number, picture in shown.items()}
            if sum(map(len, urls.values())) <= MOST_PREVIEW_BYTES:
                break
        return [urls.get(number) for number in range(job.request["count"])]

    def _keep(self, job: Job, request: GenerationRequest, pictures: list[Image.Image]) -> None:
        """Bytes first, then rows, charge and the job's end in one transaction: all or nothing.

        Who deletes the same bytes, for they were another's, waits until there are rows of these.
        """
        model_id = job.request["model"]
        contents = [
            png(picture, png_texts(request, request.params.seed + number, model_id))
            for number, picture in enumerate(pictures)
        ]
        with tracing.span("store"):
            hashes = [self._blobs.put(content) for content in contents]
        with self._database.begin() as connection:
            for content_hash in sorted(set(hashes)):
                lock_name(connection, content_hash)
            for content in contents:  # nothing, but where they were deleted a moment ago
                self._blobs.put(content)
            ids = [new_id() for _ in hashes]
            data = {"assets": [str(one) for one in ids]}
            if not end(connection, job.job_id, "succeeded", data=data, attempt=job):
                return  # cancelled in the last moment, or another worker's
            for number, (content, content_hash) in enumerate(zip(contents, hashes, strict=True)):
                add_asset(
                    connection,
                    asset_id=ids[number],
                    job_id=job.job_id,
                    account_id=job.account_id,
                    position=number,
                    media_type="image/png",
                    content_hash=content_hash,
                    size_bytes=len(content),
                    seed=request.params.seed + number,
                )

    def _fail(self, job: Job, message: str) -> None:
        with self._database.begin() as connection:
            end(connection, job.job_id, "failed", message, attempt=job)

    def _snapshot_of(self, one: DenoisingRequest) -> Snapshot | None:
        """Where an earlier worker was with a picture; None where that is not known."""
        snapshot = read_snapshot(self._place(one))
        if snapshot is None or not 0 <= snapshot.step_index < len(one.table):
            return None
        return snapshot if snapshot.latents.shape == one.shape else None

    def _place(self, one: DenoisingRequest) -> Path:
        return self._snapshots / f"{one.request_id.replace('/', '-')}.safetensors"


def _number(output: StepOutput) -> int:
    """Which of its job's pictures it is."""
    return int(output.request.request_id.rpartition("/")[2])


def _data_url(picture: Image.Image, side_px: int) -> str:
    """A picture of at most that side, as a page shows it without asking for more."""
    small = picture.copy()
    small.thumbnail((side_px, side_px))
    content = io.BytesIO()
    small.save(content, "WEBP", quality=60)
    return "data:image/webp;base64," + base64.b64encode(content.getvalue()).decode()


class _Progress:
    """How far a job is, and how long it will still take at the pace that it has had here."""

    def __init__(self, steps: int, begun: Mapping[str, int]) -> None:
        self._steps, self._begun = steps, begun  # steps that an earlier worker did, by picture
        self._started = time.monotonic()

    def after(self, latest: Sequence[StepOutput]) -> dict[str, int]:
        steps = {output.request.request_id: output.step_index + 1 for output in latest}
        done = sum({**self._begun, **steps}.values())
        here = max(1, done - sum(self._begun.values()))
        pace_ms = (time.monotonic() - self._started) * 1e3 / here
        left_ms = round(pace_ms * (self._steps - done))
        return {"step": done, "steps": self._steps, "remaining_ms": left_ms}
