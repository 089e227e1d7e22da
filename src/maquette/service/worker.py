"""The process that owns the models: runs jobs until it is told to stop."""

import logging
import os
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from maquette.core.requests import MAX_SIZE_PX, GenerationRequest, SamplingParams
from maquette.core.settings import Settings
from maquette.db.connect import open_database
from maquette.diffusion.device import choose_device
from maquette.diffusion.engine import DenoisingEngine
from maquette.diffusion.loop import EngineLoop
from maquette.diffusion.step_times import LEAST_SAMPLES
from maquette.engines.catalog import SHIPPED, find_shipped
from maquette.jobs.queue import JobQueue, working
from maquette.jobs.workers import SILENT_S, Abilities
from maquette.service.heartbeat import Heartbeat, Measured, summary
from maquette.service.image_jobs import ImageJobs
from maquette.service.payments import open_payments
from maquette.service.queues import IMAGE, abilities
from maquette.service.storage import open_blobs
from maquette.service.supervisor import DRAIN_S, usual_name
from maquette.service.sweep import Sweeper
from maquette.service.takeover import LOOK_S, Takeover
from maquette.service.worker_name import WorkerName

if TYPE_CHECKING:
    from maquette.engines.image import ImageEngine

NICENESS = 10
AT_ONCE = 32  # jobs of a queue in the engine together; the rest wait in the queue

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class WorkerOptions:
    """What a worker is called, and what it takes: all models that ship, unless some are named."""

    name: str | None = None
    models: Sequence[str] = ()
    most_pixels: int = MAX_SIZE_PX**2
    drain_s: int = DRAIN_S
    look_s: float = LOOK_S  # as `Takeover` has them
    silent_s: float = SILENT_S

    def abilities(self) -> Abilities:
        """Raises ModelNotFound, and UsageError where that comes to nothing."""
        known = [spec.model_id for spec in SHIPPED[IMAGE]]
        for model in self.models:
            find_shipped(model, IMAGE)
        return abilities([m for m in known if m in (self.models or known)], self.most_pixels)


def work(
    settings: Settings,
    stop: threading.Event,
    on_ready: Callable[[], None] = lambda: None,
    on_beat: Callable[[], None] = lambda: None,
    options: WorkerOptions | None = None,
) -> None:
    """Loads the models and runs jobs until `stop` is set, as `serve` does. Raises ModelNotFound and
    UsageError where the options name what there is not.
    """
    from maquette.service import wiring  # which takes seconds to import

    options = options or WorkerOptions()
    can = options.abilities()
    with open_database(settings) as database:
        images = wiring.image_engines(settings, can.models)
        engine = DenoisingEngine(choose_device(settings))
        for image in images.values():
            _warm(image, engine)

        def measured() -> Measured:
            times = engine.step_times
            return {
                model: summary(
                    times,
                    image.network_id,
                    image.codec.factor_px,
                    image.codec.decode_ms(),
                    image.texts.text_ms(),
                )
                for model, image in images.items()
            }

        loop = EngineLoop(engine, on_broken=_end)
        serve(settings, database, options, images, loop, measured, stop, on_ready, on_beat)
        loop.close()


def give_way() -> None:
    """Has this process wait where others want the machine's cores, too: who asks is answered while
    pictures are drawn. For its threads to come.
    """
    if sys.platform != "win32":
        now = os.getpriority(os.PRIO_PROCESS, 0)
        os.setpriority(os.PRIO_PROCESS, 0, max(now, NICENESS))


def serve(
    settings: Settings,
    database: sa.Engine,
    options: WorkerOptions,
    images: "Mapping[str, ImageEngine]",
    loop: EngineLoop,
    measured: Callable[[], Measured],
    stop: threading.Event,
    on_ready: Callable[[], None],
    on_beat: Callable[[], None],
) -> None:
    """Runs jobs until `stop` is set. What is under way then has `drain_s` to end; what does not is
    given to the other workers, or goes on when one starts. `on_beat` is called while the engine
    goes on (`Heartbeat`). Waits first while another worker has its name.
    """
    name, can = options.name or usual_name(settings), options.abilities()
    own_name = WorkerName(database, name, options.silent_s, lambda: os._exit(1))
    if not own_name.wait(stop):
        return

    def beat() -> None:
        on_beat()
        own_name.renew()

    blobs, snapshots = open_blobs(settings), settings.data / "snapshots"
    jobs = ImageJobs(database, blobs, images, loop, snapshots, name)
    payments = open_payments(settings, database)
    with (
        closing(own_name),
        closing(JobQueue(database, settings.account_jobs)) as queue,
        Sweeper(
            blobs, queue, snapshots, settings.upload_days, payments, settings.data / "thumbnails"
        ),
        Heartbeat(database, name, loop, measured, beat, abilities=can),
        Takeover(queue, name, options.look_s, options.silent_s),
    ):
        with working(queue, can.queues, name, AT_ONCE, jobs.run, options.drain_s):
            on_ready()
            stop.wait()
        queue.give_back(name)  # before all that might take its time
    if jobs.under_way:
        os._exit(0)  # they go on from their snapshots elsewhere, or when a worker starts again


def _end(error: Exception) -> None:
    """Ends this process at once, before a job hears of it: what is under way then goes on in the
    next one.
    """
    log.critical("the engine is broken, so this worker ends", exc_info=error)
    os._exit(1)


def _warm(image: "ImageEngine", engine: DenoisingEngine) -> None:
    """The first picture of a process takes longer; no one shall wait for that. It has so many steps
    that what passes take is known from here on.
    """
    params = SamplingParams("a boat", num_inference_steps=LEAST_SAMPLES + 1)
    image.generate(GenerationRequest(params), engine=engine)
    _ = image.codec.preview
