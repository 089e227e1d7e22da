"""A studio whose worker asks other servers, and someone who has credits."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from fastapi import FastAPI
from openai import OpenAI

from maquette.api.app import create_app
from maquette.core.ids import new_id
from maquette.core.settings import Settings
from maquette.jobs.queue import working
from maquette.jobs.store import Job, list_jobs
from maquette.ledger.holds import Hold, holds_of
from maquette.service.admission import QueueLimits
from maquette.service.code_maker import CodeMaker
from maquette.service.job_runner import JobRunner
from maquette.service.making import Maker
from maquette.service.people import People
from maquette.service.queues import CODE, TEXT, abilities
from maquette.service.remote_text_maker import RemoteTextMaker, TextMakers
from maquette.service.seeing import Captioners, SeeingMaker
from maquette.service.studio import Studio
from maquette.service.text_servers import OfferedModel, TextServers
from maquette.service.ticks import Ticks
from maquette.service.wiring import captioner, own_captioner
from tests.api.conftest import Rooms, served
from tests.api.people import SECOND_FACTOR_KEY
from tests.callers import become
from tests.credits import settle
from tests.waiting import PATIENCE_S

KEY = "sk-very-secret-7"
SETTINGS = Settings(second_factor_key=SECOND_FACTOR_KEY)
PRICE = 4_000_000  # microcredits for a thousand tokens


@dataclass
class RemoteScene:
    """What a test has at hand."""

    rooms: Rooms
    app: FastAPI
    client: OpenAI
    account: str
    servers: TextServers

    def add(self, url: str, name: str = "home", key: str = KEY, price: int = PRICE) -> None:
        self.servers.add("boss", name, url, key, [OfferedModel("m", price)])

    def jobs(self) -> Sequence[Job]:
        with self.rooms.database.connect() as connection:
            return list_jobs(connection, self.account, 100)

    def hold(self) -> Hold | None:
        with self.rooms.database.connect() as connection:
            return holds_of(connection, [self.jobs()[0].job_id]).get(self.jobs()[0].job_id)


def open_safe_app(rooms: Rooms, settings: Settings = SETTINGS) -> FastAPI:
    """A studio that has a key to encrypt others' with."""
    studio = Studio(
        rooms.database, rooms.blobs, rooms.queue, QueueLimits(10**9, most_a_minute=10**9)
    )
    return create_app(studio, rooms.database, people=People(rooms.database, settings))


@contextmanager
def remote_scene(rooms: Rooms, settings: Settings = SETTINGS) -> Iterator[RemoteScene]:
    app = open_safe_app(rooms, settings)
    account = new_id().hex
    settle(rooms.database, account)
    become(app, account)
    servers, own = TextServers(rooms.database, settings), partial(own_captioner, settings)
    captioners = Captioners(rooms.blobs, lambda: captioner(settings), servers, own)
    texts = TextMakers(None, RemoteTextMaker(servers))
    makers: dict[str, Maker] = {TEXT: SeeingMaker(texts, captioners)}
    makers[CODE] = SeeingMaker(CodeMaker(servers, None), captioners)
    with Ticks(rooms.database) as ticks, served(app) as port:
        jobs = JobRunner(rooms.database, rooms.blobs, makers, ticks)
        with working(rooms.queue, abilities([]).queues, "worker", 8, jobs.run, drain_s=5):
            url = f"http://127.0.0.1:{port}/v1"
            with OpenAI(base_url=url, api_key="none", max_retries=0, timeout=PATIENCE_S) as client:
                yield RemoteScene(rooms, app, client, account, servers)
