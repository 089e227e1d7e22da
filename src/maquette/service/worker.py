"""The process that owns the models: runs jobs until it is told to stop."""

import logging
import os
import threading
from collections.abc import Callable
from contextlib import closing

from maquette.core.requests import GenerationRequest, SamplingParams
from maquette.core.settings import Settings
from maquette.db.connect import open_database
from maquette.diffusion.engine import DenoisingEngine
from maquette.diffusion.loop import EngineLoop
from maquette.jobs.queue import JobQueue, alone, working
from maquette.library.blobs import Blobs
from maquette.service import wiring
from maquette.service.image_jobs import ImageJobs
from maquette.service.studio import IMAGE
from maquette.service.supervisor import DRAIN_S

AT_ONCE = 32  # jobs in the engine together; the rest wait in the queue

log = logging.getLogger(__name__)


def work(
    settings: Settings,
    stop: threading.Event,
    on_ready: Callable[[], None] = lambda: None,
    worker_id: str = "worker-1",
    drain_s: int = DRAIN_S,
) -> None:
    """Runs jobs until `stop` is set. What is under way then has `drain_s` to end; what does not
    goes on when a worker starts again.
    """
    with open_database(settings) as database:
        image = wiring.image_engine(settings, "starter", measure=True)
        _warm(image)
        loop = EngineLoop(DenoisingEngine(image.device), on_broken=_end)
        jobs = ImageJobs(
            database, Blobs(settings.data / "blobs"), image, loop, settings.data / "snapshots"
        )
        with alone(database, worker_id):
            with closing(JobQueue(database)) as queue:
                queue.reconcile(IMAGE)
            with working(database, IMAGE, worker_id, AT_ONCE, jobs.run, drain_s):
                on_ready()
                stop.wait()
            jobs.interrupt()
        if jobs.under_way:
            os._exit(0)  # they go on from their snapshots when a worker starts again
        loop.close()


def _end(error: Exception) -> None:
    """Ends this process at once, before a job hears of it: what is under way then goes on in the
    next one.
    """
    log.critical("the engine is broken, so this worker ends", exc_info=error)
    os._exit(1)


def _warm(image: wiring.ImageEngine) -> None:
    """The first picture of a process takes longer; no one shall wait for that."""
    params = SamplingParams("a boat", num_inference_steps=2)
    image.generate(GenerationRequest(params))
    _ = image.preview
