"""Where jobs for pictures are run on a tiny model."""

import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import torch

from maquette.batching.loop import EngineLoop
from maquette.core.requests import SamplingParams
from maquette.core.settings import Settings
from maquette.db.connect import open_database
from maquette.diffusion.engine import DenoisingEngine
from maquette.engines.catalog import ModelSpec
from maquette.engines.image import ImageEngine
from maquette.jobs.events import read_events
from maquette.jobs.store import Job, create_job, get_job, list_jobs
from maquette.library.assets import assets_of
from maquette.library.blobs import Blobs
from maquette.service.image_maker import ImageMaker
from maquette.service.job_runner import JobRunner
from maquette.service.ticks import Ticks
from tests.conftest import TinyModels


class ImageRoom:
    """Jobs on a tiny model whose steps can be slowed down."""

    def __init__(self, database: sa.Engine, folder: Path, model: Path) -> None:
        self.database, self.folder = database, folder
        self.blobs = Blobs(folder / "blobs")
        spec = ModelSpec("starter", model)
        self.adapters = folder / "adapters"
        self.image = ImageEngine(spec, torch.device("cpu"), torch.float32, self.adapters)
        # Bytes are compared: on a busy machine two pictures of a job do not always share passes.
        self.loop = EngineLoop(
            DenoisingEngine(torch.device("cpu"), deterministic=True), self._note_broken
        )
        self.broken: list[tuple[Exception, set[str]]] = []  # with the states of all jobs then
        images = {"starter": self.image}
        self.maker = ImageMaker(self.blobs, images, self.loop, folder / "snapshots")
        self.ticks = Ticks(database)
        self.jobs = JobRunner(database, self.blobs, {"image": self.maker}, self.ticks)
        self.pause_s = 0.0
        self.image.unet.register_forward_pre_hook(lambda *_: time.sleep(self.pause_s))

    def job(self, count: int = 1, **params: Any) -> Job:
        small: dict[str, Any] = {"width": 64, "height": 64, "num_inference_steps": 8, "seed": 3}
        asked = {
            "params": asdict(SamplingParams("a cat", **small | params)),
            "count": count,
            "model": "starter",
            "source": None,
            "mask": None,
        }
        with self.database.begin() as connection:
            return create_job(connection, "me", "image", asked)

    def _note_broken(self, error: Exception) -> None:
        with self.database.connect() as connection:
            self.broken.append((error, {one.state for one in list_jobs(connection, "me", 100)}))

    def hashes(self, job: Job) -> list[str]:
        with self.database.connect() as connection:
            return [a.content_hash for a in assets_of(connection, [job.job_id])[job.job_id]]

    def kinds(self, job: Job) -> list[str]:
        with self.database.connect() as connection:
            return [event.kind for event in read_events(connection, job.job_id)]

    def state(self, job: Job) -> str:
        with self.database.connect() as connection:
            return get_job(connection, job.job_id).state


@pytest.fixture
def room(fresh_url: str, tiny_models: TinyModels, tmp_path: Path) -> Iterator[ImageRoom]:
    with open_database(Settings(database=fresh_url)) as database:
        made = ImageRoom(database, tmp_path, tiny_models.image)
        with made.ticks:
            yield made
        made.loop.close()
