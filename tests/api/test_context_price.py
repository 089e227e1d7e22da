"""What requests that name context are charged: what is made, and the captions as they came out."""

from collections.abc import Iterator, Sequence
from functools import partial
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from threading import Event
from typing import Any

import pytest
import torch

from maquette.batching.loop import EngineLoop
from maquette.copydesk.assignment import Assignment
from maquette.core.code_requests import CodeRequest
from maquette.core.settings import Settings
from maquette.core.text_requests import Message, TextParams, TextRequest
from maquette.engines.catalog import ModelSpec
from maquette.engines.text import TextEngine
from maquette.ledger.prices import PRICES
from maquette.ledger.verify import verify
from maquette.service.code_maker import CodeMaker
from maquette.service.context import (
    MOST_CAPTION_CHARACTERS,
    Context,
    Piece,
    code_with,
    copy_with,
    of_seen_code,
    of_seen_copy,
    of_seen_texts,
    talk_with,
)
from maquette.service.job_runner import JobRunner
from maquette.service.queues import CODE
from maquette.service.seeing import Captioners, SeeingMaker
from maquette.service.submissions import Submission, of_code, of_copy, of_texts
from maquette.service.text_price import price_by_tokens
from maquette.service.ticks import Ticks
from maquette.service.wiring import own_captioner
from tests.api.conftest import Rooms
from tests.api.remote_scene import PRICE, RemoteScene, remote_scene
from tests.api.test_context import drawn
from tests.engines.text_server import data, piece, say, serving
from tests.waiting import PATIENCE_S

CAPTION = "Three red boats on the sea."


def see(handler: BaseHTTPRequestHandler, body: dict[str, Any]) -> None:
    usage = data({"choices": [], "usage": {"prompt_tokens": 900, "completion_tokens": 3}})
    say(handler, piece(CAPTION), piece(None, "stop"), usage, "data: [DONE]")


@pytest.fixture
def scene(rooms: Rooms) -> Iterator[RemoteScene]:
    with remote_scene(rooms) as made, serving(see) as (url, _):
        made.add(url)
        yield made


def _post(scene: RemoteScene, path: str, **asked: Any) -> Any:
    return scene.client._client.post(f"{scene.client.base_url}{path}", json=asked)


def _picture(scene: RemoteScene) -> str:
    files = {"picture": ("a.png", drawn(), "image/png")}
    answer = scene.client._client.post(f"{scene.client.base_url}pictures", files=files)
    return answer.json()["content_hash"]


def _draw(scene: RemoteScene, language: Path, prompt: str) -> dict[str, Any]:
    """What becomes of a drawing of the starter's with a picture that another's model sees."""
    asked = {"prompt": prompt, "kind": "svg", "model": "starter-code", "captioner": "home/m"}
    made = _post(scene, "code", **asked, context=[_picture(scene)])
    assert made.status_code == 202, made.text
    engine = TextEngine(ModelSpec("tiny", language), torch.device("cpu"), torch.float32)
    loop = EngineLoop(engine.decoder())
    rooms, servers = scene.rooms, scene.servers
    others = lambda: pytest.fail("not the starter's"), servers, partial(own_captioner, Settings())
    captioners = Captioners(rooms.blobs, *others)
    maker = SeeingMaker(CodeMaker(servers, (engine, loop)), captioners)
    with Ticks(rooms.database) as ticks:
        JobRunner(rooms.database, rooms.blobs, {CODE: maker}, ticks).run(scene.jobs()[0].job_id)
    loop.close()
    url = f"{scene.client.base_url}generations/{made.json()['generation_id']}"
    return scene.client._client.get(url).json()


def test_the_starters_code_is_charged_what_its_captions_took(
    scene: RemoteScene, tiny_language: Path
) -> None:
    done = _draw(scene, tiny_language, "draw this")
    assert done["state"] == "succeeded", done["error"]
    price = PRICES["starter-code"].microcredits + price_by_tokens(PRICE, 900, 3)
    assert done["charged_microcredits"] == price < done["price_microcredits"]
    assert list(verify(scene.rooms.database)) == []


def test_the_starter_draws_what_it_is_asked_beside_what_a_picture_shows(
    scene: RemoteScene, tiny_language: Path
) -> None:
    """How many figures there are in all is known once the picture was seen."""
    done = _draw(scene, tiny_language, "a red boat on the sea at night")
    assert done["state"] == "succeeded", done["error"]
    crowded = _draw(scene, tiny_language, "two green houses at night")
    assert crowded["state"] == "failed"
    assert "starter-code has room for at most 4 figures" in crowded["error"]
    assert crowded["charged_microcredits"] == 0
    asked = {"kind": "svg", "model": "starter-code", "context": [_picture(scene)] * 8}
    for prompt in ("画出这张图", "draw all of these"):
        assert _post(scene, "code/quotes", **asked, prompt=prompt).status_code == 200
    refused = _post(scene, "code/quotes", **asked, prompt="five red boats on the sea")
    assert (refused.status_code, "at most 4 figures" in refused.text) == (400, True)


def test_what_is_cancelled_is_charged_for_what_was_seen(rooms: Rooms) -> None:
    """The server that writes says nothing until the job, whose captions are kept, is cancelled."""
    asked_to_write, cancelled = Event(), Event()

    def see_only(handler: BaseHTTPRequestHandler, body: dict[str, Any]) -> None:
        if not isinstance(body["messages"][-1]["content"], list):
            asked_to_write.set()
            cancelled.wait(PATIENCE_S)
        see(handler, body)

    with remote_scene(rooms) as scene, serving(see_only) as (url, _):
        scene.add(url)
        said = [{"role": "user", "content": "Write a tagline."}]
        asked = {"messages": said, "model": "home/m", "captioner": "home/m"}
        made = _post(scene, "texts", **asked, context=[_picture(scene)])
        assert made.status_code == 202, made.text
        assert asked_to_write.wait(PATIENCE_S)
        generation = f"{scene.client.base_url}generations/{made.json()['generation_id']}"
        assert scene.client._client.post(f"{generation}/cancel").status_code == 200
        cancelled.set()
        done = scene.client._client.get(generation).json()
    assert done["state"] == "cancelled"
    assert done["charged_microcredits"] == price_by_tokens(PRICE, 900, 3)
    assert list(verify(rooms.database)) == []


def test_a_context_that_the_model_has_no_room_for_is_refused_before_it_is_seen(
    rooms: Rooms,
) -> None:
    long = {"title": "", "language": "en", "text": "Oolong, smoked over pine. " * 300}
    said = [{"role": "user", "content": "Write a tagline."}]
    with remote_scene(rooms) as scene, serving(see) as (url, asked):
        scene.add(url)
        document = _post(scene, "documents", **long).json()["document_id"]
        names = [_picture(scene), f"document:{document}"]
        told = {"messages": said, "model": "starter-text", "captioner": "home/m"}
        refused = _post(scene, "texts", **told, context=names)
        assert (refused.status_code, asked) == (400, [])
        assert "starter-text reads 1024" in refused.text
        assert scene.jobs() == []
        assert _post(scene, "texts", **told, context=names[:1]).status_code == 202


@pytest.mark.parametrize("model", ["home/m", "starter-text"])
def test_the_longest_captions_of_anothers_model_are_held_for(model: str) -> None:
    """A Chinese character has three bytes, and no token has less than one."""
    context = Context([Piece("asset:x", picture="0" * 64)], "home/m", PRICE)
    seen = {"0" * 64: "水" * MOST_CAPTION_CHARACTERS}
    messages = (Message("user", "Write a tagline."),)

    def texts(talk: Sequence[Message]) -> Submission:
        return of_texts(TextRequest(talk, TextParams(8), 2), model, lambda _: PRICE)

    def copy(one: Assignment) -> Submission:
        return of_copy(one, model, 2, 7, lambda _: PRICE)

    talk = tuple(talk_with(messages, context, seen))
    most = texts(talk).price_microcredits + context.most_price()
    assert of_seen_texts(messages, texts, context).price_microcredits >= most
    asked = Assignment(template="tagline", inputs={"product": "Alder, a kettle"}, language="en")
    most = copy(copy_with(asked, context, seen)).price_microcredits + context.most_price()
    assert of_seen_copy(asked, copy, context).price_microcredits >= most


def test_so_they_are_for_code() -> None:
    context = Context([Piece("asset:x", picture="0" * 64)], "home/m", PRICE)
    request = CodeRequest("draw this", "svg")

    def code(one: CodeRequest) -> Submission:
        return of_code(one, "home/m", {"home/m": PRICE})

    long = code_with(request, context, {"0" * 64: "水" * MOST_CAPTION_CHARACTERS})
    most = code(long).price_microcredits + context.most_price()
    assert of_seen_code(request, code, context).price_microcredits == most
    starters = of_seen_code(request, lambda one: of_code(one, "starter-code", {}), context)
    fixed = PRICES["starter-code"].microcredits
    assert starters.price_microcredits == fixed + context.most_price()
