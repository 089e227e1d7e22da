"""How the pictures of a job are made: drawn with everyone else's, watched, resumed."""

import base64
import io
import logging
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, wait
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image

from maquette.batching.loop import EngineLoop
from maquette.core import tracing
from maquette.core.errors import OutputNotWritable
from maquette.core.requests import AdapterUse, GenerationRequest, SamplingParams
from maquette.diffusion.request import DenoisingRequest, Snapshot
from maquette.diffusion.runner import StepOutput
from maquette.diffusion.snapshot_file import read_snapshot, write_snapshot
from maquette.jobs.store import Job
from maquette.library.blobs import BlobStore
from maquette.service.making import TICK_S, TICKS_A_PROGRESS, Made, MadeAsset, Making
from maquette.service.pictures import png, png_texts

if TYPE_CHECKING:  # which takes seconds to import, and is handed in
    from maquette.engines.image import ImageEngine

PREVIEW_SIDES_PX, MOST_PREVIEW_BYTES = (64, 48, 32, 16), 7_000

log = logging.getLogger(__name__)


class ImageMaker:
    """Makes pictures on the engines of the image models, which it knows by name."""

    def __init__(
        self,
        blobs: BlobStore,
        images: "Mapping[str, ImageEngine]",
        loop: "EngineLoop[DenoisingRequest, StepOutput]",
        snapshots: Path,
    ) -> None:
        self._blobs, self._images = blobs, images
        self.loop, self._snapshots = loop, snapshots
        snapshots.mkdir(parents=True, exist_ok=True)

    def make(self, making: Making) -> Made:
        """The pictures of a job, as files, in order."""
        request = self._request(making.job)
        pictures = self._draw(making, request)
        model_id = making.job.request["model"]
        assets: list[MadeAsset] = []
        for number, picture in enumerate(pictures):
            seed = request.params.seed + number
            content = png(picture, png_texts(request, seed, model_id))
            assets.append(MadeAsset(content, "image/png", seed))
        return Made(assets)

    def kept(self, job: Job) -> list[Path]:
        """The files that are kept of a job while it runs."""
        return [*self._snapshots.glob(f"{job.job_id}-*")]

    def fail(self, error: Exception) -> None:
        """Ends the worker where its device is broken."""
        self.loop.fail(error)

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

    def _draw(self, making: Making, request: GenerationRequest) -> list[Image.Image]:
        """The pictures, in order. Raises CancelledError if someone ends the job meanwhile, or it is
        another worker's.
        """
        job = making.job
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
        futures = [self.loop.add(one, watch, snapshots[one.request_id]) for one in ones]
        try:
            tick = 0
            while (waited := wait(futures, TICK_S, FIRST_EXCEPTION)).not_done:
                for future in waited.done:
                    future.result()  # raises: no more of a job is drawn where one picture failed
                tick += 1
                if latest:
                    keep = tick % TICKS_A_PROGRESS == 0
                    self._report(making, progress, list(latest.values()), keep)
                if not making.goes_on():
                    break
        finally:
            for one in ones:
                self.loop.cancel(one.request_id)  # nothing where it has finished
        wait(futures)
        tracing.past("denoise", begun_ns)
        with tracing.span("decode"):
            return [image.finish(future.result().latents, request) for future in futures]

    def _report(
        self, making: Making, progress: "_Progress", latest: Sequence[StepOutput], keep: bool
    ) -> None:
        """Tells how far the job is; now and then so that it is kept, with what to go on from."""
        data = {**progress.after(latest), "previews": self._previews(making.job, latest)}
        if keep:
            for output in latest:
                if not output.finished:
                    self._save(output, making.waited_ms())
            making.keep(data)
        making.tell(data)

    def _save(self, output: StepOutput, waited_ms: float) -> None:
        try:
            write_snapshot(self._place(output.request), output.snapshot(waited_ms))
        except OutputNotWritable as error:
            log.warning("a crash now would cost more than usual: %s", error.message)

    def _previews(self, job: Job, latest: Sequence[StepOutput]) -> list[str | None]:
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
