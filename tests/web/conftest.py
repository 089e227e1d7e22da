"""A studio with a tiny model on a real port, and a real Chromium that looks at it."""

import re
import shutil
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import httpx2 as httpx
import pytest
import sqlalchemy as sa
import torch
import uvicorn
from axe_playwright_python.sync_playwright import Axe
from fastapi import FastAPI
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from maquette.api.app import create_app
from maquette.batching.loop import EngineLoop
from maquette.core.ids import new_id
from maquette.core.settings import Settings
from maquette.db.connect import open_database
from maquette.diffusion.engine import DenoisingEngine
from maquette.engines.catalog import SHIPPED, ModelSpec
from maquette.engines.image import ImageEngine
from maquette.engines.starter_code import STARTER_CODE
from maquette.jobs.queue import JobQueue, working
from maquette.library.blobs import Blobs
from maquette.payments.stripe_payments import StripePayments
from maquette.service.code_maker import CodeMaker
from maquette.service.image_maker import ImageMaker
from maquette.service.job_runner import JobRunner
from maquette.service.owner import prepare_owner
from maquette.service.payments import Payments
from maquette.service.people import People
from maquette.service.queues import CODE, IMAGE, SPEECH, TEXT, abilities
from maquette.service.remote_text_maker import RemoteTextMaker, TextMakers
from maquette.service.seeing import Captioners, SeeingMaker
from maquette.service.studio import Studio
from maquette.service.text_maker import TextMaker
from maquette.service.text_servers import TextServers
from maquette.service.ticks import Ticks
from maquette.service.wiring import captioner, own_captioner, speech_maker, text_engine
from tests.api.people import SECOND_FACTOR_KEY
from tests.callers import become
from tests.conftest import TinyModels
from tests.lora_files import write_diffusers
from tests.payments.stripe_server import SECRET, StripeServer, stripe_server
from tests.waiting import PATIENCE_S, wait_until

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
DESKTOP = {"width": 1280, "height": 800}
PHONE = {"width": 375, "height": 700}
PATIENCE_MS = 20_000
T = TypeVar("T")
expect.set_options(timeout=PATIENCE_MS)

NAMES = [spec.model_id for spec in SHIPPED[IMAGE]]
TEXT_NAMES = [spec.model_id for spec in SHIPPED[TEXT]]
SPEECH_NAMES = [spec.model_id for spec in SHIPPED[SPEECH]]


@dataclass
class Site:
    """A studio that is served: its address, and a client that is the same person."""

    url: str
    app: FastAPI
    http: httpx.Client
    errors: list[str] = field(default_factory=list)

    def generations(self) -> list[dict[str, Any]]:
        return self.http.get("/v1/generations?limit=100").json()

    def newest(self) -> dict[str, Any]:
        """The request that was made last, once it has ended."""

        def ended() -> dict[str, Any] | None:
            newest = next(iter(self.generations()), None)
            return newest if newest and newest["finished_at"] else None

        return wait_until(ended)

    def wait_for(self, generations: list[dict[str, Any]]) -> None:
        """Until these are all that the server has."""
        wait_until(lambda: self.generations() == generations)

    def make(self, **more: Any) -> dict[str, Any]:
        """A request with its pictures, as if made before."""
        asked = {"prompt": "a red boat", "width": 64, "height": 64, "num_inference_steps": 2}
        answer = self.http.post("/v1/generations", json={**asked, **more})
        assert answer.status_code == 202, answer.text
        return self.newest()


@pytest.fixture(scope="module")
def served(
    postgres: sa.URL, tiny_models: TinyModels, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, FastAPI]]:
    """One studio for the tests of a module; each is another person's."""
    name, folder = f"web_{new_id().hex}", tmp_path_factory.mktemp("studio")
    server = postgres.set(drivername="postgresql+psycopg")
    engine = sa.create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(sa.text(f"CREATE DATABASE {name}"))
    engine.dispose()
    url = postgres.set(database=name).render_as_string(hide_password=False)
    with open_database(Settings(database=url)) as database:
        blobs, queue = Blobs(folder / "blobs"), JobQueue(database)
        spec = ModelSpec("starter", tiny_models.image)
        adapters = folder / "adapters"
        fog = write_diffusers(adapters / "fog", tiny_models.image, 1)
        fog.rename(adapters / "fog.safetensors")
        image = ImageEngine(spec, torch.device("cpu"), torch.float32, adapters)
        loop = EngineLoop(DenoisingEngine(image.device))
        maker = ImageMaker(blobs, dict.fromkeys(NAMES, image), loop, folder / "snapshots")
        texts = {name: text_engine(Settings(device="cpu"), name) for name in TEXT_NAMES}
        loops = {name: EngineLoop(one.decoder()) for name, one in texts.items()}
        ticks = Ticks(database)
        teller = (texts[TEXT_NAMES[0]], loops[TEXT_NAMES[0]])
        servers = TextServers(database, Settings(database=url))
        coder = CodeMaker(servers, teller)
        here = TextMakers(TextMaker(texts, loops), RemoteTextMaker(servers))
        own = partial(own_captioner, Settings(device="cpu", data=folder))
        captioners = Captioners(blobs, lambda: captioner(Settings()), servers, own)
        writer = SeeingMaker(here, captioners)
        speaker = speech_maker(Settings(device="cpu", data=folder), servers, lambda error: None)
        makers = {IMAGE: maker, TEXT: writer, SPEECH: speaker, CODE: coder}
        jobs = JobRunner(database, blobs, makers, ticks)
        prepare_owner(database)
        people = People(database, Settings(second_factor_key=SECOND_FACTOR_KEY))
        voices = folder / "voices"
        studio = Studio(database, blobs, queue, adapters=adapters, voices=voices)
        app = create_app(studio, database, people=people)
        names = abilities([*NAMES, *TEXT_NAMES, *SPEECH_NAMES, STARTER_CODE]).queues
        with (
            ticks,
            working(queue, names, "worker", 8, jobs.run, drain_s=5),
            _served(app) as address,
        ):
            yield address, app
        for one in (loop, *loops.values()):
            one.close()
        speaker.close()
        queue.close()


class _served:
    """Uvicorn in a thread, on a port of its own."""

    def __init__(self, app: FastAPI) -> None:
        config = uvicorn.Config(app, port=0, log_level="warning", timeout_graceful_shutdown=1)
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run)

    def __enter__(self) -> str:
        self._thread.start()
        while not self._server.started:
            time.sleep(0.01)
        port = self._server.servers[0].sockets[0].getsockname()[1]
        return f"http://127.0.0.1:{port}"

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join()


@pytest.fixture
def site(served: tuple[str, FastAPI]) -> Iterator[Site]:
    url, app = served
    account = new_id().hex
    become(app, account)
    with httpx.Client(base_url=url, timeout=PATIENCE_S) as http:
        site = Site(url, app, http)
        yield site
        for one in site.generations():
            if not one["finished_at"]:
                http.post(f"/v1/generations/{one['generation_id']}/cancel")
    assert not site.errors, site.errors


# Playwright keeps an event loop in this thread, where DBOS wants none: so it begins after the
# studio, and ends before it.
@pytest.fixture(scope="module")
def browser(served: tuple[str, FastAPI]) -> Iterator[Browser]:
    path = next((found for name in CHROMIUM if (found := shutil.which(name))), None)
    assert path, "no Chromium here to look at the studio with; run: apt install chromium"
    with sync_playwright() as playwright:
        # Without a user namespace, as in most containers, Chromium's sandbox cannot be.
        started = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield started
        started.close()


def open_page(site: Site, context: BrowserContext, create: str = "Create") -> Page:
    """The studio as it opens. What the browser complains of fails the test."""
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    page.on("pageerror", lambda error: site.errors.append(str(error)))
    page.on(
        "console",
        lambda said: site.errors.append(said.text) if said.type in ("error", "warning") else None,
    )
    page.goto(site.url)
    page.get_by_role("button", name=re.compile(create)).wait_for()
    return page


def held(page: Page, late: list[T]) -> T:
    """What a route holds back, once the page has asked for it."""
    for _ in range(PATIENCE_MS // 50):
        if late:
            return late[0]
        page.wait_for_timeout(50)
    raise AssertionError("it was not asked for")


def can_be_used_by_all(page: Page) -> None:
    """By axe; and neither on a phone does anything reach out of the screen."""
    page.emulate_media(reduced_motion="reduce")
    for size in (PHONE, DESKTOP):
        page.set_viewport_size(size)  # type: ignore[arg-type]
        for light in ("light", "dark"):
            page.emulate_media(color_scheme=light)  # type: ignore[arg-type]
            page.wait_for_timeout(300)  # for colours that change by and by
            found = Axe().run(page)
            assert found.violations_count == 0, f"{page.url}:\n{found.generate_report()}"
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), page.url


def open_menu(page: Page) -> None:
    """The account's own menu: a page may have other buttons that speak of an account."""
    page.get_by_role("banner").get_by_role("button", name="Account").click()


@pytest.fixture
def page(site: Site, browser: Browser) -> Iterator[Page]:
    """A new visitor with a large screen, speaking English."""
    context = browser.new_context(viewport=DESKTOP, locale="en-GB")  # type: ignore[arg-type]
    yield open_page(site, context)
    context.close()


@pytest.fixture(scope="module")
def local_stripe() -> Iterator[StripeServer]:
    """A Stripe on this machine, one for the module, as it gives no name twice."""
    with stripe_server() as server:
        yield server


@pytest.fixture
def stripe(site: Site, local_stripe: StripeServer) -> Iterator[StripeServer]:
    """The studio sells by way of it."""
    state = site.app.state
    before = state.payments
    state.payments = Payments(state.database, stripe=StripePayments(local_stripe.api(), SECRET))
    yield local_stripe
    state.payments = before


@pytest.fixture
def picture_file(tmp_path: Path) -> Path:
    """A picture as someone has it on a disk: of no size that a model draws."""
    from PIL import Image

    path = tmp_path / "holiday.jpg"
    Image.linear_gradient("L").convert("RGB").resize((300, 200)).save(path)
    return path
