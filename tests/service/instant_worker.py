"""A worker whose engine makes a tiny picture in no time; all else of it is real.

`python -m tests.service.instant_worker URL DATA NAME SECONDS SILENT_S [MODEL…]`: each job takes so
many seconds, and one of the seed `POISON` kills it. It prints `ready` and ends when its standard
input does.
"""

import os
import random
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from types import SimpleNamespace
from typing import Any

from PIL import Image

from maquette.core.requests import GenerationRequest
from maquette.core.settings import Settings
from maquette.db.connect import open_database
from maquette.engines.catalog import SHIPPED
from maquette.service.image_maker import ImageMaker
from maquette.service.making import SNAPSHOTS, Crew
from maquette.service.storage import open_blobs
from maquette.service.worker import WorkerOptions, give_way, serve

POISON = 666


class InstantModel:
    """What `ImageMaker` asks of an image engine."""

    def prepare(self, request: GenerationRequest, name: str, *_: object) -> list[Any]:
        if request.params.seed == POISON:
            time.sleep(0.2)  # until others have begun, too
            os._exit(1)
        return [
            SimpleNamespace(request_id=f"{name}/{number}", table=[0], shape=())
            for number in range(request.count)
        ]

    def finish(self, _: object, request: GenerationRequest) -> Image.Image:
        return Image.new("RGB", (8, 8), (request.params.seed % 256, 0, 0))


class InstantLoop:
    """What `ImageMaker` and the heartbeat ask of the engine's loop: each request takes about so
    many seconds, and none of them any work.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    def add(self, *_: object) -> "Future[Any]":
        future: Future[Any] = Future()
        seconds = self._seconds * random.uniform(0.5, 1.5)
        threading.Timer(seconds, future.set_result, [SimpleNamespace(latents=None)]).start()
        return future

    def cancel(self, _: str) -> None:
        """It is over soon by itself."""

    def fail(self, _: Exception) -> None:
        """Nothing of it lasts."""

    def turn(self) -> "Future[None]":
        future: Future[None] = Future()
        future.set_result(None)
        return future


def run(words: list[str], on_ready: Callable[[], None], stop: threading.Event) -> None:
    url, data, name, seconds, silent_s, *models = words
    settings = Settings.load(os.environ, {"data": data, "database": url})
    options = WorkerOptions(name, models, silent_s=float(silent_s), look_s=float(silent_s) / 10)
    images: Any = {spec.model_id: InstantModel() for spec in SHIPPED["image"]}
    loop: Any = InstantLoop(float(seconds))
    with open_database(settings) as database:
        blobs = open_blobs(settings)
        maker = ImageMaker(blobs, images, loop, settings.data / SNAPSHOTS)
        crew = Crew({"image": maker}, [loop], dict)
        serve(settings, database, blobs, options, crew, stop, on_ready, lambda: None)


if __name__ == "__main__":
    give_way()
    ending = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), ending.set()), daemon=True).start()
    run(sys.argv[1:], lambda: print("ready", flush=True), ending)
