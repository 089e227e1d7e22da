"""A studio with a tiny model, its worker in threads of the same process."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pytest
import sqlalchemy as sa
import torch
import uvicorn
from fastapi import FastAPI
from fastapi.testclient import TestClient

from maquette.api.app import create_app
from maquette.batching.loop import EngineLoop
from maquette.core.settings import Settings
from maquette.db.connect import open_database
from maquette.diffusion.engine import DenoisingEngine
from maquette.engines.catalog import SHIPPED, ModelSpec
from maquette.engines.image import ImageEngine
from maquette.jobs.queue import JobQueue, working
from maquette.library.blobs import Blobs
from maquette.service.admission import QueueLimits
from maquette.service.image_maker import ImageMaker
from maquette.service.job_runner import JobRunner
from maquette.service.owner import prepare_owner
from maquette.service.queues import IMAGE, abilities
from maquette.service.studio import Studio
from maquette.service.ticks import Ticks
from tests.conftest import TinyModels
from tests.credits import settle

AT_MACHINE = ("127.0.0.1", 50000)  # where the owner sits
NAMES = [spec.model_id for spec in SHIPPED[IMAGE]]


@contextmanager
def database_away(database: sa.Engine) -> Iterator[None]:
    """A database that cuts its connections and takes no more."""
    name = database.url.database
    allowed = f"ALTER DATABASE {name} WITH ALLOW_CONNECTIONS"
    cut = sa.text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name")
    server = sa.create_engine(database.url.set(database="postgres"), isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(sa.text(f"{allowed} false"))
        connection.execute(cut, {"name": name})
        try:
            yield
        finally:
            connection.execute(sa.text(f"{allowed} true"))
    server.dispose()


@contextmanager
def served(app: FastAPI) -> Iterator[int]:
    """The port of a real server for an app, on this machine."""
    with socket.create_server(("127.0.0.1", 0), backlog=1024) as listener:
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            server.should_exit = True
            thread.join()


@dataclass
class Rooms:
    """What a studio is made of."""

    database: sa.Engine
    blobs: Blobs
    queue: JobQueue
    load_image: Callable[[], ImageEngine]
    snapshots: Path
    adapters: Path
    client: TestClient

    @cached_property
    def image(self) -> ImageEngine:
        """Loaded where something is drawn, for most tests ask for nothing of the kind."""
        return self.load_image()

    @property
    def app(self) -> FastAPI:
        assert isinstance(self.client.app, FastAPI)
        return self.client.app


@pytest.fixture
def rooms(fresh_url: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Rooms]:
    """A studio without a worker."""

    def load() -> ImageEngine:
        tiny_models: TinyModels = request.getfixturevalue("tiny_models")
        spec = ModelSpec("starter", tiny_models.image)
        return ImageEngine(spec, torch.device("cpu"), torch.float32, adapters)

    with open_database(Settings(database=fresh_url)) as database:
        blobs, queue = Blobs(tmp_path / "blobs"), JobQueue(database)
        adapters = tmp_path / "adapters"
        studio = Studio(database, blobs, queue, QueueLimits(most_jobs=3), adapters=adapters)
        prepare_owner(database)
        app = create_app(studio, database)
        settle(database, "me")
        with TestClient(app, raise_server_exceptions=False, client=AT_MACHINE) as client:
            yield Rooms(database, blobs, queue, load, tmp_path / "snapshots", adapters, client)
        queue.close()


def open_app(rooms: Rooms) -> FastAPI:
    """The same studio, which takes in however many come."""
    studio = Studio(
        rooms.database, rooms.blobs, rooms.queue, QueueLimits(10**9, most_a_minute=10**9)
    )
    return create_app(studio, rooms.database)


@dataclass
class Worker:
    """What runs the jobs of a studio."""

    engine: DenoisingEngine
    jobs: JobRunner


@pytest.fixture
def worker(rooms: Rooms) -> Iterator[Worker]:
    engine = DenoisingEngine(torch.device("cpu"))
    loop = EngineLoop(engine)
    maker = ImageMaker(rooms.blobs, dict.fromkeys(NAMES, rooms.image), loop, rooms.snapshots)
    with Ticks(rooms.database) as ticks:
        jobs = JobRunner(rooms.database, rooms.blobs, {IMAGE: maker}, ticks)
        with working(rooms.queue, abilities(NAMES).queues, "worker", 4, jobs.run, drain_s=5):
            yield Worker(engine, jobs)
    loop.close()


@pytest.fixture
def client(rooms: Rooms, worker: Worker) -> TestClient:
    """A studio at work."""
    return rooms.client
