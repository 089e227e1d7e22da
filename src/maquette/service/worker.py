"""The process that owns the models: runs jobs until it is told to stop."""

import logging
import os
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass

import sqlalchemy as sa

from maquette.core.errors import ModelNotFound, did_you_mean
from maquette.core.requests import MAX_SIZE_PX
from maquette.core.settings import Settings
from maquette.db.connect import open_database
from maquette.engines.catalog import SHIPPED
from maquette.jobs.queue import JobQueue, working
from maquette.jobs.workers import SILENT_S, Abilities
from maquette.library.blobs import BlobStore
from maquette.service.heartbeat import Heartbeat
from maquette.service.job_runner import JobRunner
from maquette.service.making import SNAPSHOTS, Crew
from maquette.service.payments import open_payments
from maquette.service.queues import MEDIA, abilities
from maquette.service.storage import open_blobs
from maquette.service.supervisor import DRAIN_S, usual_name
from maquette.service.sweep import Sweeper
from maquette.service.takeover import LOOK_S, Takeover
from maquette.service.ticks import Ticks
from maquette.service.worker_name import WorkerName

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
        known = [spec.model_id for kind in MEDIA for spec in SHIPPED[kind]]
        for model in self.models:
            if model not in known:
                raise ModelNotFound(f"no model named {model!r}; {did_you_mean(model, known)}")
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
        blobs = open_blobs(settings)
        crew = wiring.crew(settings, database, can.models, blobs, on_broken=_end)
        serve(settings, database, blobs, options, crew, stop, on_ready, on_beat)
        crew.close()


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
    blobs: BlobStore,
    options: WorkerOptions,
    crew: Crew,
    stop: threading.Event,
    on_ready: Callable[[], None],
    on_beat: Callable[[], None],
) -> None:
    """Runs jobs until `stop` is set. What is under way then has `drain_s` to end; what does not is
    given to the other workers, or goes on when one starts. `on_beat` is called while the engines
    go on (`Heartbeat`). Waits first while another worker has its name.
    """
    name, can = options.name or usual_name(settings), options.abilities()
    own_name = WorkerName(database, name, options.silent_s, lambda: os._exit(1))
    if not own_name.wait(stop):
        return

    def beat() -> None:
        on_beat()
        own_name.renew()

    snapshots, thumbnails = settings.data / SNAPSHOTS, settings.data / "thumbnails"
    payments = open_payments(settings, database)
    with (
        closing(own_name),
        closing(JobQueue(database, settings.account_jobs)) as queue,
        Sweeper(blobs, queue, snapshots, settings.upload_days, payments, thumbnails),
        Heartbeat(database, name, crew.loops, crew.measured, beat, abilities=can),
        Takeover(queue, name, options.look_s, options.silent_s),
        Ticks(database) as ticks,
    ):
        jobs = JobRunner(database, blobs, crew.makers, ticks, name)
        with working(queue, can.queues, name, AT_ONCE, jobs.run, options.drain_s):
            on_ready()
            stop.wait()
        queue.give_back(name)  # before all that might take its time
    if jobs.under_way:
        os._exit(0)  # they go on from what was kept elsewhere, or when a worker starts again


def _end(error: Exception) -> None:
    """Ends this process at once, before a job hears of it: what is under way then goes on in the
    next one.
    """
    log.critical("the engine is broken, so this worker ends", exc_info=error)
    os._exit(1)
