"""Texts that other servers write: as jobs, at their own price, and what their failures cost."""

import contextlib
import json
import logging
import threading
from collections.abc import Iterator, Sequence
from http.server import BaseHTTPRequestHandler
from typing import Any

import openai
import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient
from openai.types.chat import ChatCompletionUserMessageParam

from maquette.core import tracing
from maquette.core.settings import Settings
from maquette.db.tables.jobs import job, job_event
from maquette.jobs.events import JobEvent, read_events
from maquette.jobs.store import SAID
from maquette.ledger.accounts import get_balance
from maquette.ledger.verify import verify
from maquette.service.said import used_tokens
from maquette.service.studio import Studio
from maquette.service.text_price import price_by_tokens
from maquette.service.text_servers import ServerChange
from tests.api.conftest import Rooms
from tests.api.remote_scene import KEY, PRICE, RemoteScene, remote_scene
from tests.api.test_tracing import _Receiver
from tests.engines.text_server import data, good, piece, say, serving
from tests.waiting import PATIENCE_S, wait_until

ASK: list[ChatCompletionUserMessageParam] = [{"role": "user", "content": "A tagline, please."}]


@pytest.fixture
def scene(rooms: Rooms) -> Iterator[RemoteScene]:
    with remote_scene(rooms) as made:
        yield made


def _ask(scene: RemoteScene, **more: Any) -> Any:
    asked = {"model": "home/m", "messages": ASK, "max_tokens": 40, **more}
    return scene.client.chat.completions.create(**asked)


def test_an_answer_comes_from_there_and_costs_what_its_model_does(scene: RemoteScene) -> None:
    with serving(good) as (url, asked):
        scene.add(url)
        whole = _ask(scene, n=2, seed=3)
        said, usage = ["", ""], None
        for chunk in _ask(scene, n=2, stream=True, stream_options={"include_usage": True}):
            usage = chunk.usage or usage
            for choice in chunk.choices:
                said[choice.index] += choice.delta.content or ""
    assert said == [one.message.content for one in whole.choices] == ["Tea, 水"] * 2
    assert [one.finish_reason for one in whole.choices] == ["length"] * 2
    assert usage == whole.usage
    assert (whole.usage.prompt_tokens, whole.usage.completion_tokens) == (18, 6)
    assert {(one["model"], one["key"]) for one in asked} == {("m", f"Bearer {KEY}")}
    assert {one["seed"] for one in asked[:2]} == {3, 4}
    hold = scene.hold()
    assert hold is not None
    assert hold.posted_microcredits == price_by_tokens(PRICE, 18, 6) < hold.amount_microcredits
    assert {one.queue for one in scene.jobs()} == {"text/remote"}
    assert list(verify(scene.rooms.database)) == []


def test_models_are_listed_with_their_prices_and_those_of_no_one_are_not(
    scene: RemoteScene,
) -> None:
    scene.add("http://127.0.0.1:9/v1")
    (server,) = scene.servers.list()
    listed = {one.id: one for one in scene.client.models.list()}
    assert listed["home/m"].owned_by == "home"
    assert (listed["home/m"].model_extra or {})["thousand_tokens_microcredits"] == PRICE
    scene.servers.change("boss", server.server_id, ServerChange(disabled=True))
    assert "home/m" not in {one.id for one in scene.client.models.list()}
    with pytest.raises(openai.BadRequestError, match="no text model named 'home/m'"):
        _ask(scene)
    assert scene.jobs() == []


def test_what_costs_nothing_holds_nothing(scene: RemoteScene) -> None:
    with serving(good) as (url, _):
        scene.add(url, price=0)
        assert _ask(scene).choices[0].message.content == "Tea, 水"
    assert scene.hold() is None
    assert scene.jobs()[0].state == "succeeded"
    assert list(verify(scene.rooms.database)) == []


def test_no_more_is_charged_than_was_held_whatever_a_server_says(scene: RemoteScene) -> None:
    def lying(handler: BaseHTTPRequestHandler, _: dict[str, Any]) -> None:
        usage = {"prompt_tokens": 10**12, "completion_tokens": 10**12}
        say(handler, piece("Tea"), piece(None, "stop"), data({"choices": [], "usage": usage}))

    with serving(lying) as (url, _):
        scene.add(url, price=10**6)
        usage = _ask(scene).usage
    assert (usage.prompt_tokens, usage.completion_tokens) == (5, 1)
    hold = scene.hold()
    assert hold is not None
    assert hold.posted_microcredits == price_by_tokens(10**6, 5, 1) < hold.amount_microcredits


def test_an_answer_that_does_not_fit_its_schema_costs_nothing(scene: RemoteScene) -> None:
    def answer(handler: BaseHTTPRequestHandler, _: dict[str, Any]) -> None:
        say(handler, piece('{"stars": "many"}'), piece(None, "stop"))

    schema = {"type": "object", "properties": {"stars": {"type": "integer"}}}
    form = {"type": "json_schema", "json_schema": {"name": "review", "schema": schema}}
    with serving(answer) as (url, asked):
        scene.add(url)
        with pytest.raises(openai.UnprocessableEntityError, match="home wrote what does not fit"):
            _ask(scene, response_format=form)
    assert asked[0]["response_format"]["json_schema"]["schema"] == schema
    hold = scene.hold()
    assert hold is not None
    assert (hold.state, hold.posted_microcredits) == ("voided", 0)
    form["json_schema"]["schema"] = {"$ref": "http://127.0.0.1:9/x"}
    with pytest.raises(openai.BadRequestError, match="the JSON Schema cannot be held to"):
        _ask(scene, response_format=form)
    assert len(scene.jobs()) == 1


@pytest.mark.parametrize("stream", [False, True])
def test_a_server_that_is_away_is_named_and_costs_nothing(scene: RemoteScene, stream: bool) -> None:
    scene.add("http://127.0.0.1:9/v1")
    with pytest.raises(openai.APIError, match="home does not answer") as told:
        for _ in _ask(scene, stream=stream):
            pass
    assert "127.0.0.1" not in told.value.message  # the operator's network is no one else's
    hold = scene.hold()
    assert hold is not None
    assert hold.state == "voided"
    assert list(verify(scene.rooms.database)) == []


def test_who_goes_away_has_the_connection_closed(scene: RemoteScene) -> None:
    gone = threading.Event()

    def silent(handler: BaseHTTPRequestHandler, _: dict[str, Any]) -> None:
        say(handler, piece("Tea"))
        if handler.connection.recv(1) == b"":
            gone.set()

    with serving(silent) as (url, _):
        scene.add(url)
        stream = _ask(scene, stream=True)
        assert next(iter(stream)).choices[0].delta.content == "Tea"
        stream.close()
        assert gone.wait(10)
    wait_until(lambda: scene.jobs()[0].state == "cancelled", 10)


def test_pieces_are_told_while_they_come(scene: RemoteScene) -> None:
    go_on = threading.Event()

    def slow(handler: BaseHTTPRequestHandler, _: dict[str, Any]) -> None:
        say(handler, piece("Tea, "))
        assert go_on.wait(PATIENCE_S)
        with contextlib.suppress(OSError):
            handler.wfile.write(f"{piece('water')}\n\n{piece(None, 'stop')}\n\n".encode())

    with serving(slow) as (url, _):
        scene.add(url)
        said = list[str]()
        for chunk in _ask(scene, stream=True):
            said += [one.delta.content for one in chunk.choices if one.delta.content]
            go_on.set()  # no sooner than the first piece was read
    assert said == ["Tea, ", "water"]


def test_a_key_is_in_no_log_no_trace_and_no_row_of_a_job(
    scene: RemoteScene, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    receiver = _Receiver()
    tracing.configure(Settings(otel_endpoint=receiver.url), "maquette-test")

    def refusing(handler: BaseHTTPRequestHandler, _: dict[str, Any]) -> None:
        said = handler.headers["authorization"]
        say(handler, json.dumps({"error": {"message": f"wrong: {said}"}}), status=401)

    with serving(good) as (url, _), serving(refusing) as (other, asked):
        scene.add(url)
        scene.add(other, "away")
        _ask(scene)
        with pytest.raises(openai.APIError, match="away answers 401, for its key is refused"):
            _ask(scene, model="away/m")
    tracing.close()
    receiver.close()
    assert asked[0]["key"] == f"Bearer {KEY}"
    told = [str(one) for one in receiver.spans]
    assert any("home" in one for one in told)
    with scene.rooms.database.connect() as connection:
        rows = [
            str(row) for table in (job, job_event) for row in connection.execute(sa.select(table))
        ]
    assert len(rows) > 4
    for text in (caplog.text, *told, *rows):
        assert KEY not in text


def test_another_attempt_begins_anew_and_says_so(scene: RemoteScene) -> None:
    """As where a worker died: the job is taken from it while its server says nothing more."""
    calls = list[int]()
    broken = threading.Event()

    def twice(handler: BaseHTTPRequestHandler, _: dict[str, Any]) -> None:
        calls.append(1)
        if len(calls) == 1:
            say(handler, piece("Tea that "))
            handler.connection.recv(1)
            return
        assert broken.wait(PATIENCE_S)
        say(handler, piece("Warm"), piece(None, "stop"))

    with serving(twice) as (url, _):
        scene.add(url)
        stream = iter(_ask(scene, stream=True))
        assert next(stream).choices[0].delta.content == "Tea that "
        _take_back(scene)
        broken.set()
        with pytest.raises(openai.APIError, match="what was said before does not hold"):
            list(stream)
        calls.clear()
        broken.clear()
        http = TestClient(scene.app)
        asked = {"model": "home/m", "messages": ASK, "max_tokens": 40}
        job_id = http.post("/v1/texts", json=asked).json()["generation_id"]
        said = {"at": 0, "text": "Tea that ", "pieces": 1}
        assert _once(scene, SAID)[-1].data["texts"] == [said]
        _take_back(scene)
        assert SAID not in [event.kind for event in _once(scene, "running", 2)]
        broken.set()
        wait_until(lambda: http.get(f"/v1/generations/{job_id}").json()["state"] == "succeeded")
    content = scene.rooms.blobs.get(_made(scene, job_id))
    assert content == b"Warm"
    http.close()


def test_who_cancels_is_charged_for_the_pieces_that_came(scene: RemoteScene) -> None:
    gone = threading.Event()

    def long(handler: BaseHTTPRequestHandler, _: dict[str, Any]) -> None:
        say(handler, *[piece("tea ") for _ in range(30)])
        gone.wait(PATIENCE_S)

    with serving(long) as (url, _), TestClient(scene.app) as http:
        scene.add(url)
        asked = {"model": "home/m", "messages": ASK, "max_tokens": 400}
        job_id = http.post("/v1/texts", json=asked).json()["generation_id"]

        def said() -> int:
            return used_tokens([one.data for one in _once(scene, SAID) if one.kind == SAID])[1]

        wait_until(lambda: said() >= 30)
        one = http.post(f"/v1/generations/{job_id}/cancel").json()
        gone.set()
    assert one["charged_microcredits"] == price_by_tokens(PRICE, 5, 30)
    assert list(verify(scene.rooms.database)) == []


def test_what_did_not_hold_is_paid_back_once_though_it_had_ended(scene: RemoteScene) -> None:
    def there() -> int:
        with scene.rooms.database.connect() as connection:
            return get_balance(connection, scene.account).available_microcredits

    before = there()
    with serving(good) as (url, _):
        scene.add(url)
        _ask(scene)
    assert there() < before
    studio = Studio(scene.rooms.database, scene.rooms.blobs, scene.rooms.queue)
    for _ in "12":
        assert not studio.cancel(scene.account, scene.jobs()[0].job_id, charge=False)
    assert there() == before
    assert list(verify(scene.rooms.database)) == []


def _once(scene: RemoteScene, kind: str, times: int = 1) -> Sequence[JobEvent]:
    """What happened, once there are so many events of a kind."""

    def there() -> Sequence[JobEvent] | None:
        with scene.rooms.database.connect() as connection:
            events = read_events(connection, scene.jobs()[0].job_id)
        return events if sum(event.kind == kind for event in events) >= times else None

    return wait_until(there)


def _take_back(scene: RemoteScene) -> None:
    """Has the job be handed over anew, as it is where its worker is not heard of any more."""
    assert scene.rooms.queue.take_from("worker", str(scene.jobs()[0].job_id))


def _made(scene: RemoteScene, job_id: str) -> str:
    with TestClient(scene.app) as http:
        return http.get(f"/v1/generations/{job_id}").json()["assets"][0]["content_hash"]
