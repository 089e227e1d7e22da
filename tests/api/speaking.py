"""A studio with a worker that speaks, for tests."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fastapi import FastAPI

from maquette.api.app import create_app
from maquette.core.settings import Settings
from maquette.engines.catalog import ESPEAK
from maquette.jobs.queue import working
from maquette.service.admission import QueueLimits
from maquette.service.job_runner import JobRunner
from maquette.service.queues import SPEECH, abilities
from maquette.service.speech_maker import SpeechMaker
from maquette.service.studio import Studio
from maquette.service.text_servers import TextServers
from maquette.service.ticks import Ticks
from maquette.service.wiring import speech_maker
from tests.api.conftest import Rooms


def open_app(rooms: Rooms, data: Path) -> FastAPI:
    """The same studio with the voices of a data folder, which takes in however many come."""
    limits = QueueLimits(10**9, most_a_minute=10**9)
    voices = data / "voices"
    studio = Studio(rooms.database, rooms.blobs, rooms.queue, limits, voices=voices)
    return create_app(studio, rooms.database)


@contextmanager
def speaking(rooms: Rooms, data: Path) -> Iterator[SpeechMaker]:
    """While it lasts, jobs for speech are done."""
    settings = Settings(data=data)
    maker = speech_maker(settings, TextServers(rooms.database, settings), lambda error: None)
    with Ticks(rooms.database) as ticks:
        jobs = JobRunner(rooms.database, rooms.blobs, {SPEECH: maker}, ticks)
        queues = abilities([ESPEAK.model_id]).queues
        with working(rooms.queue, queues, "worker", 8, jobs.run, drain_s=5):
            yield maker
    maker.close()
