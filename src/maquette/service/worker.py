"""The process that owns the models: runs jobs until it is told to stop."""

import logging
import os
import threading
from collections.abc import Callable
from contextlib import closing

from maquette.core.requests import GenerationRequest, SamplingParams
from maquette.core.settings import Settings
from maquette.db.connect import open_database
from maquette.diffusion.device import choose_device
from maquette.diffusion.engine import DenoisingEngine
from maquette.diffusion.loop import EngineLoop
from maquette.diffusion.step_times import LEAST_SAMPLES
from maquette.jobs.queue import JobQueue, alone, working
from maquette.library.blobs import Blobs
from maquette.service import wiring
from maquette.service.heartbeat import Heartbeat, summary
from maquette.service.image_jobs import ImageJobs
from maquette.service.studio import IMAGE
from maquette.service.supervisor import DRAIN_S
from maquette.service.sweep import Sweeper

AT_ONCE = 32  # jobs in the engine together; the rest wait in the queue

log = logging.getLogger(__name__)


def work(
    settings: Settings,
    stop: threading.Event,
    on_ready: Callable[[], None] = lambda: None,
    on_beat: Callable[[], None] = lambda: None,
    worker_id: str = "worker-1",
    drain_s: int = DRAIN_S,
) -> None:
    """Runs jobs until `stop` is set. What is under way then has `drain_s` to end; what does not
    goes on when a worker starts again. `on_beat` is called while the engine goes on (`Heartbeat`).
    """
    with open_database(settings) as database:
        images = wiring.image_engines(settings)
        engine = DenoisingEngine(choose_device(settings))
        for image in images.values():
            _warm(image, engine)
        loop = EngineLoop(engine, on_broken=_end)
        blobs = Blobs(settings.data / "blobs")
        jobs = ImageJobs(database, blobs, images, loop, settings.data / "snapshots")
        with alone(database, worker_id), closing(JobQueue(database)) as queue:
            queue.reconcile(IMAGE)
            with (
                Sweeper(database, blobs, queue, settings.upload_days),
                Heartbeat(
                    database,
                    worker_id,
                    loop,
                    lambda: {
                        model: summary(
                            engine.step_times,
                            image.network_id,
                            image.codec.factor_px,
                            image.codec.decode_ms(),
                            image.texts.text_ms(),
                        )
                        for model, image in images.items()
                    },
                    on_beat,
                ),
            ):
                with working(database, IMAGE, worker_id, AT_ONCE, jobs.run, drain_s):
                    on_ready()
                    stop.wait()
                jobs.interrupt()  # before all that might take its time
        if jobs.under_way:
            os._exit(0)  # they go on from their snapshots when a worker starts again
        loop.close()


def _end(error: Exception) -> None:
    """Ends this process at once, before a job hears of it: what is under way then goes on in the
    next one.
    """
    log.critical("the engine is broken, so this worker ends", exc_info=error)
    os._exit(1)


def _warm(image: wiring.ImageEngine, engine: DenoisingEngine) -> None:
    """The first picture of a process takes longer; no one shall wait for that. It has so many steps
    that what passes take is known from here on.
    """
    params = SamplingParams("a boat", num_inference_steps=LEAST_SAMPLES + 1)
    image.generate(GenerationRequest(params), engine=engine)
    _ = image.codec.preview
