"""Requests that name pictures, texts and documents as context, through a real worker."""

import base64
import io
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, partial
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import openai
import pytest
import torch
from openai import OpenAI
from PIL import Image

from maquette.batching.loop import EngineLoop
from maquette.copydesk.assignment import Assignment
from maquette.core.code_requests import CodeRequest
from maquette.core.ids import new_id
from maquette.core.settings import Settings
from maquette.engines.captioning import Captioner
from maquette.engines.catalog import STARTERS, ModelSpec
from maquette.engines.clip import ClipEngine
from maquette.engines.text import TextEngine
from maquette.jobs.events import read_events
from maquette.jobs.queue import working
from maquette.jobs.store import list_jobs
from maquette.ledger.prices import PRICES
from maquette.ledger.verify import verify
from maquette.service.context import (
    A_LONG_CAPTION,
    MOST_CONTEXT_CHARACTERS,
    Context,
    Piece,
    of_seen_code,
    of_seen_copy,
)
from maquette.service.job_runner import JobRunner
from maquette.service.queues import TEXT, abilities
from maquette.service.seeing import Caption, Captioners, SeeingMaker, seen_request
from maquette.service.submissions import of_code, of_copy
from maquette.service.text_maker import TextMaker
from maquette.service.text_price import price_by_tokens, text_price
from maquette.service.text_servers import TextServers
from maquette.service.ticks import Ticks
from maquette.service.wiring import own_captioner
from maquette.world.compose import Wish, arrange
from maquette.world.draw import draw
from tests.api.conftest import Rooms, open_app, served
from tests.api.remote_scene import PRICE, remote_scene
from tests.callers import become
from tests.credits import settle
from tests.engines.text_server import data, piece, say, serving
from tests.waiting import PATIENCE_S, wait_until

MODEL = "starter-text"
SEEN = "a red boat on the sea at night under a clear sky"


@cache
def _captioner() -> Captioner:
    return Captioner(ClipEngine(STARTERS["clip"], torch.device("cpu")))


@cache
def drawn(setting: str = "sea") -> bytes:
    """A red boat as the world draws it, as a PNG file."""
    wish = Wish([("boat", "red")], setting, "night", "clear", "ink", "large")
    return _png(Image.fromarray(draw(arrange(wish, 7))))


def _png(picture: Image.Image) -> bytes:
    picture.save(file := io.BytesIO(), "PNG")
    return file.getvalue()


@dataclass
class Scene:
    """A studio whose worker sees, and someone who has credits."""

    rooms: Rooms
    client: OpenAI
    account: str
    heard: list[list[int]]
    engine: TextEngine

    def post(self, path: str, **asked: Any) -> Any:
        """What our own routes answer, whatever it is."""
        return self.client._client.post(f"{self.client.base_url}{path}", json=asked)

    def put(self, content: bytes) -> str:
        files = {"picture": ("a.png", content, "image/png")}
        answer = self.client._client.post(f"{self.client.base_url}pictures", files=files)
        assert answer.status_code == 201, answer.text
        return answer.json()["content_hash"]

    def ended(self, generation_id: str) -> dict[str, Any]:
        url, http = f"{self.client.base_url}generations/{generation_id}", self.client._client
        return wait_until(lambda: (now := http.get(url).json())["finished_at"] and now)

    def last(self, generation_id: str) -> dict[str, Any]:
        with self.rooms.database.connect() as connection:
            return dict(read_events(connection, UUID(generation_id))[-1].data)

    def talk(self) -> str:
        """What the model read last."""
        return self.engine._tokenizer.decode(self.heard[-1])


@pytest.fixture
def scene(rooms: Rooms, tiny_language: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    engine = TextEngine(ModelSpec("tiny", tiny_language), torch.device("cpu"), torch.float32)
    heard: list[list[int]] = []
    read = engine.read

    def listen(messages: Any) -> list[int]:
        heard.append(read(messages))
        return heard[-1]

    monkeypatch.setattr(engine, "read", listen)
    app, account = open_app(rooms), new_id().hex
    settle(rooms.database, account)
    become(app, account)
    loop = EngineLoop(engine.decoder())
    servers = TextServers(rooms.database, Settings())
    own = partial(own_captioner, Settings())
    captioners = Captioners(rooms.blobs, _captioner, servers, own)
    maker = SeeingMaker(TextMaker({MODEL: engine}, {MODEL: loop}), captioners)
    with Ticks(rooms.database) as ticks, served(app) as port:
        jobs = JobRunner(rooms.database, rooms.blobs, {TEXT: maker}, ticks)
        with working(rooms.queue, abilities([MODEL]).queues, "worker", 8, jobs.run, drain_s=5):
            url = f"http://127.0.0.1:{port}/v1"
            with OpenAI(base_url=url, api_key="none", max_retries=0, timeout=PATIENCE_S) as client:
                yield Scene(rooms, client, account, heard, engine)
    loop.close()


def _url(content: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(content).decode()}"


def test_a_picture_in_a_talk_is_seen_through_its_caption(scene: Scene) -> None:
    answer = scene.client.chat.completions.create(
        model=MODEL,
        max_tokens=4,
        messages=[
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "What is in this picture?"},
                    {"type": "image_url", "image_url": {"url": _url(drawn())}},
                ],
            }
        ],
    )
    assert f"Picture: {SEEN}" in scene.talk()
    assert "What is in this picture?" in scene.talk()
    assert answer.usage is not None
    (job,) = _jobs(scene)
    told = scene.last(str(job.job_id))
    (seen,) = told["seen"]
    assert seen["caption"].startswith(SEEN)
    done = scene.ended(str(job.job_id))
    price = text_price(MODEL, answer.usage.prompt_tokens, answer.usage.completion_tokens)
    assert done["charged_microcredits"] == price + PRICES["starter-captioner"].microcredits
    assert done["charged_microcredits"] <= done["price_microcredits"]
    assert done["request"]["messages"] == [{"role": "user", "content": "What is in this picture?"}]
    assert list(verify(scene.rooms.database)) == []


def test_a_picture_alone_is_a_message(scene: Scene) -> None:
    scene.client.chat.completions.create(
        model=MODEL,
        max_tokens=4,
        messages=[
            {
                "role": "user",
                "content": [{"type": "image_url", "image_url": {"url": _url(drawn())}}],
            }
        ],
    )
    assert f"Picture: {SEEN}" in scene.talk()
    (job,) = _jobs(scene)
    assert scene.ended(str(job.job_id))["request"]["messages"] == [{"role": "user", "content": ""}]
    with pytest.raises(openai.BadRequestError, match="the prompt is empty"):
        scene.client.chat.completions.create(
            model=MODEL, messages=[{"role": "user", "content": []}]
        )


def test_what_is_no_picture_is_one_line_and_costs_nothing(scene: Scene) -> None:
    for url, line in (
        ("https://example.org/a.png", "is not fetched; send it as a data URL"),
        ("data:image/png;base64,%%%", "has no whole base64"),
        ("data:image/png,abc", "is not in base64"),
        (_url(b"GIF89a but not"), "the upload"),
        (f"asset:{new_id()}", "is not here; name an asset or a document of yours"),
        ("asset:x", "names no context"),
    ):
        with pytest.raises(openai.APIStatusError) as refused:
            scene.client.chat.completions.create(
                model=MODEL,
                messages=[
                    {
                        "role": "user",
                        "content": [
                            {"type": "text", "text": "What is it?"},
                            {"type": "image_url", "image_url": {"url": url}},
                        ],
                    }
                ],
            )
        assert refused.value.status_code == 400, url
        assert line in str(refused.value), url
    assert _jobs(scene) == []


def test_alt_text_takes_a_picture(scene: Scene) -> None:
    picture = scene.put(drawn())
    made = scene.post("copy", template="alt-text", inputs={"picture": picture}, seed=3)
    assert made.status_code == 202, made.text
    assert made.json()["request"]["inputs"] == {"picture": picture}
    quoted = scene.post("copy/quotes", template="alt-text", inputs={"picture": picture}).json()
    assert quoted["price_microcredits"] == made.json()["price_microcredits"]  # the caption, too
    done = scene.ended(made.json()["generation_id"])
    assert done["state"] == "succeeded", done["error"]
    assert f"Write alt text for a picture of {SEEN}" in scene.talk()
    assert done["request"]["inputs"] == {"picture": picture}
    again = scene.post("copy", template="alt-text", inputs={"picture": picture}, language="zh")
    assert scene.ended(again.json()["generation_id"])["state"] == "succeeded"
    assert "海面上有一艘红色的船" in scene.talk()


def test_a_picture_that_it_does_not_know_is_said_to_be_so(scene: Scene) -> None:
    noise = np.random.default_rng(7).integers(0, 256, (256, 256, 3), dtype=np.uint8)
    picture = scene.put(_png(Image.fromarray(noise)))
    made = scene.post("copy", template="alt-text", inputs={"picture": picture})
    done = scene.ended(made.json()["generation_id"])
    assert done["state"] == "failed"
    assert "is nothing that the starter's captioner knows" in done["error"]
    assert done["charged_microcredits"] == 0


def test_texts_and_documents_are_read_as_they_are(scene: Scene) -> None:
    about = {"title": "Autumn", "language": "en", "text": "Oolong, smoked over pine."}
    document = scene.post("documents", **about).json()["document_id"]
    said = [{"role": "user", "content": "Write a tagline."}]
    names = [f"document:{document}", scene.put(drawn())]
    made = scene.post("texts", messages=said, context=names, max_tokens=4)
    assert made.status_code == 202, made.text
    assert made.json()["request"]["context"] == names
    done = scene.ended(made.json()["generation_id"])
    assert done["state"] == "succeeded", done["error"]
    assert "Text (Autumn): Oolong, smoked over pine." in scene.talk()
    assert f"Picture: {SEEN}" in scene.talk()
    (asset,) = done["assets"]
    further = scene.post("texts", messages=said, context=[asset["asset_id"]], max_tokens=4)
    assert scene.ended(further.json()["generation_id"])["state"] == "succeeded"
    listed = scene.client._client.get(f"{scene.client.base_url}generations").json()
    assert "Oolong" not in str(listed)
    over = {"title": "", "language": "en", "text": "x" * (MOST_CONTEXT_CHARACTERS + 1)}
    long = scene.post("documents", **over).json()["document_id"]
    refused = scene.post("texts", messages=said, context=[f"document:{long}"])
    assert (refused.status_code, "at most 20000 are read" in refused.text) == (400, True)


def test_no_one_uses_what_is_anothers(scene: Scene, rooms: Rooms) -> None:
    picture = scene.put(drawn())
    other = new_id().hex
    settle(rooms.database, other)
    app = open_app(rooms)
    become(app, other)
    said = [{"role": "user", "content": "Write a tagline."}]
    about = {"title": "", "language": "en", "text": "Oolong."}
    document = scene.post("documents", **about).json()["document_id"]
    with served(app) as port:
        for name in (picture, f"document:{document}", document):
            answer = scene.client._client.post(
                f"http://127.0.0.1:{port}/v1/texts", json={"messages": said, "context": [name]}
            )
            assert answer.status_code == 400, name
            assert "is not here" in answer.text


def _jobs(scene: Scene) -> Any:
    with scene.rooms.database.connect() as connection:
        return list_jobs(connection, scene.account, 10)


def test_a_model_of_another_server_that_sees_is_shown_the_picture(rooms: Rooms) -> None:
    """The picture itself goes there, and what it says is the caption, at its price."""

    def see(handler: BaseHTTPRequestHandler, body: dict[str, Any]) -> None:
        shown = isinstance(body["messages"][-1]["content"], list)
        words = "A red sailing boat\nunder stars." if shown else "Ahoy."
        usage = {"prompt_tokens": 900 if shown else 40, "completion_tokens": 3}
        last = data({"choices": [], "usage": usage})
        say(handler, piece(words), piece(None, "stop"), last, "data: [DONE]")

    with remote_scene(rooms) as scene, serving(see) as (url, asked):
        scene.add(url)
        http = scene.client._client
        base = str(scene.client.base_url)
        put = http.post(f"{base}pictures", files={"picture": ("a.png", drawn(), "image/png")})
        told = {
            "messages": [{"role": "user", "content": "Write a tagline."}],
            "model": "home/m",
            "max_tokens": 8,
            "context": [put.json()["content_hash"]],
            "captioner": "home/m",
        }
        made = http.post(f"{base}texts", json=told)
        assert made.status_code == 202, made.text
        own = f"{base}generations/{made.json()['generation_id']}"
        done = wait_until(lambda: (now := http.get(own).json())["finished_at"] and now)
        assert done["state"] == "succeeded", done["error"]
        first, second = asked
        assert first["messages"][0]["content"][1]["image_url"]["url"].startswith("data:image/png;")
        assert second["messages"][0]["content"] == (
            "Picture: A red sailing boat under stars.\n\nWrite a tagline."
        )
        price = price_by_tokens(PRICE, 900, 3) + price_by_tokens(PRICE, 40, 3)
        assert done["charged_microcredits"] == price <= done["price_microcredits"]
        nowhere = http.post(f"{base}texts", json={**told, "captioner": "home/x"})
        assert nowhere.status_code == 400
        assert "no captioner named 'home/x'; did you mean home/m?" in nowhere.text
    assert list(verify(rooms.database)) == []


def test_what_is_kept_of_copy_has_no_caption_that_no_one_said() -> None:
    context = Context([Piece("asset:x", picture="0" * 64, field="picture")])
    asked = Assignment(template="alt-text", inputs={"picture": "asset:x"}, language="en")
    made = of_seen_copy(asked, lambda one: of_copy(one, MODEL, 1, 3), context)
    assert A_LONG_CAPTION not in str(made.request)
    assert "(asset:x)" in made.request["messages"][-1]["content"]


def test_code_is_made_of_what_a_picture_shows() -> None:
    """Of the submission and of what its maker is given; no model is needed for either."""
    context = Context([Piece("asset:x", picture="0" * 64)])
    request = CodeRequest("draw this", "svg")
    made = of_seen_code(request, lambda one: of_code(one, "starter-code", {}), context)
    assert made.request["prompt"] == "draw this"
    assert made.begins_from == ["0" * 64]
    price = PRICES["starter-code"].microcredits + PRICES["starter-captioner"].microcredits
    assert made.price_microcredits == price
    seen = [Caption("0" * 64, SEEN, "starter-captioner")]
    read = seen_request(made.request, Context.of(made.request), seen)
    assert read["prompt"] == f"draw this\nPicture: {SEEN}"
