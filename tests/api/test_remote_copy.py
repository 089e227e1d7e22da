"""Copy that other servers write: checked, written anew where it misses something, paid for so."""

import re
import threading
from collections.abc import Iterator, Sequence
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest
from fastapi.testclient import TestClient

from maquette.copydesk.tries import COPY_TRIES, seed_of_try
from maquette.jobs.events import read_events
from maquette.jobs.store import SAID
from maquette.ledger.verify import verify
from maquette.service.text_price import price_by_tokens
from tests.api.conftest import Rooms
from tests.api.remote_scene import PRICE, RemoteScene, remote_scene
from tests.engines.text_server import data, piece, say, serving
from tests.waiting import wait_until

SEED = 7
ASK: dict[str, Any] = {
    "template": "tagline",
    "inputs": {"product": "Alder, a kettle"},
    "include": ["calm"],
    "avoid": ["cheap"],
    "model": "home/m",
    "seed": SEED,
}
GOOD, BAD = "Alder, and all is calm.", "Alder, and all is well."
WORSE = "Alder, a cheap kettle."
READ, SAID_TOKENS = 40, 6  # as the server counts them


class Writer:
    """A server that writes by the seed it is given: of a text, what it says at each of its tries;
    None is no answer.
    """

    def __init__(self, *texts: Sequence[str | None]) -> None:
        self._said = {
            seed_of_try(SEED + number, tries): text
            for number, tried in enumerate(texts)
            for tries, text in enumerate(tried, 1)
        }

    def __call__(self, handler: BaseHTTPRequestHandler, body: dict[str, Any]) -> None:
        text = self._said[body["seed"]]
        if text is None:
            say(handler, '{"error": {"message": "out of memory"}}', status=500)
            return
        usage = {"prompt_tokens": READ, "completion_tokens": SAID_TOKENS}
        counted = data({"choices": [], "usage": usage})
        words = re.findall(r"\S+\s*", text)
        say(handler, *map(piece, words), piece(None, "stop"), counted, "data: [DONE]")


@pytest.fixture
def scene(rooms: Rooms) -> Iterator[RemoteScene]:
    with remote_scene(rooms) as made:
        yield made


@pytest.fixture
def http(scene: RemoteScene) -> Iterator[TestClient]:
    with TestClient(scene.app, raise_server_exceptions=False) as client:
        yield client


def _begun(http: TestClient, **more: Any) -> dict[str, Any]:
    answer = http.post("/v1/copy", json={**ASK, **more})
    assert answer.status_code == 202, answer.text
    return answer.json()


def _ended(http: TestClient, generation_id: str) -> dict[str, Any]:
    url = f"/v1/generations/{generation_id}"
    return wait_until(lambda: (now := http.get(url).json())["finished_at"] and now)


def _told(scene: RemoteScene, generation_id: str) -> dict[str, Any]:
    with scene.rooms.database.connect() as connection:
        return dict(read_events(connection, generation_id)[-1].data)  # type: ignore[arg-type]


def _texts(http: TestClient, made: dict[str, Any]) -> list[str]:
    return [http.get(one["url"]).text for one in made["assets"]]


def test_only_what_misses_something_is_written_anew_and_the_model_is_told_what(
    scene: RemoteScene, http: TestClient
) -> None:
    with serving(Writer([GOOD], [BAD, GOOD])) as (url, asked):
        scene.add(url)
        begun = _begun(http, count=2)
        made = _ended(http, begun["generation_id"])
    assert made["state"] == "succeeded", made["error"]
    assert _texts(http, made) == [GOOD, GOOD]
    assert {one["seed"] for one in asked[:2]} == {SEED, SEED + 1}
    (third,) = asked[2:]
    assert third["seed"] == seed_of_try(SEED + 1, 2) == made["assets"][1]["seed"]
    first = next(one for one in asked if one["seed"] == SEED + 1)["messages"]
    *before, answer, mend = third["messages"]
    assert before == first
    assert "the text alone" in first[0]["content"]
    assert answer == {"role": "assistant", "content": BAD}
    assert "- “calm” is missing." in mend["content"]
    told = _told(scene, made["generation_id"])
    assert (told["missed"], told["tries"]) == ([[], []], [1, 2])
    assert (told["prompt_tokens"], told["answer_tokens"]) == (3 * READ, 3 * SAID_TOKENS)
    price = price_by_tokens(PRICE, 3 * READ, 3 * SAID_TOKENS)
    assert made["charged_microcredits"] == price < begun["price_microcredits"]
    quoted = http.post("/v1/copy/quotes", json={**ASK, "count": 2}).json()
    assert quoted == {
        "kind": "at_most",
        "model": "home/m",
        "price_microcredits": begun["price_microcredits"],
    }
    assert made["request"]["model"] == "home/m"
    assert {one.queue for one in scene.jobs()} == {"text/remote"}
    assert list(verify(scene.rooms.database)) == []


def test_of_tries_that_all_miss_something_the_best_is_kept(
    scene: RemoteScene, http: TestClient
) -> None:
    with serving(Writer([WORSE, BAD, WORSE])) as (url, asked):
        scene.add(url)
        made = _ended(http, _begun(http)["generation_id"])
    assert _texts(http, made) == [BAD]
    assert made["assets"][0]["seed"] == seed_of_try(SEED, 2)
    told = _told(scene, made["generation_id"])
    assert (told["missed"], told["tries"]) == ([["include"]], [COPY_TRIES])
    assert len(asked) == COPY_TRIES
    assert made["charged_microcredits"] == price_by_tokens(PRICE, 3 * READ, 3 * SAID_TOKENS)


def test_where_a_further_try_fails_what_was_written_stays(
    scene: RemoteScene, http: TestClient
) -> None:
    with serving(Writer([BAD, None], [GOOD])) as (url, asked):
        scene.add(url)
        made = _ended(http, _begun(http, count=2)["generation_id"])
    assert made["state"] == "succeeded", made["error"]
    assert _texts(http, made) == [BAD, GOOD]
    assert len(asked) == 3
    told = _told(scene, made["generation_id"])
    assert (told["missed"], told["tries"]) == ([["include"], []], [1, 1])
    assert made["charged_microcredits"] == price_by_tokens(PRICE, 2 * READ, 2 * SAID_TOKENS)
    assert list(verify(scene.rooms.database)) == []


@pytest.mark.parametrize("is_there", [True, False])
def test_where_no_try_of_a_text_comes_nothing_is_charged(
    scene: RemoteScene, http: TestClient, is_there: bool
) -> None:
    with serving(Writer([GOOD], [None])) as (url, _):
        scene.add(url if is_there else "http://127.0.0.1:9/v1")
        made = _ended(http, _begun(http, count=2)["generation_id"])
    assert made["state"] == "failed"
    assert made["error"].startswith("home ")
    assert (made["charged_microcredits"], made["assets"]) == (0, [])
    hold = scene.hold()
    assert hold is not None
    assert hold.state == "voided"
    assert list(verify(scene.rooms.database)) == []


def test_who_cancels_pays_for_the_tries_that_ended_and_what_was_said_of_the_next(
    scene: RemoteScene, http: TestClient
) -> None:
    gone, answers = threading.Event(), Writer([BAD])

    def slow(handler: BaseHTTPRequestHandler, body: dict[str, Any]) -> None:
        if body["seed"] == SEED:
            answers(handler, body)
            return
        say(handler, piece("Alder, "), piece("and "), piece("so "))
        if handler.connection.recv(1) == b"":
            gone.set()

    with serving(slow) as (url, asked):
        scene.add(url)
        begun = _begun(http)["generation_id"]

        def said() -> list[dict[str, Any]] | None:
            with scene.rooms.database.connect() as connection:
                events = read_events(connection, begun)  # type: ignore[arg-type]
            texts = [one.data["texts"][0] for one in events if one.kind == SAID]
            parts = [one for one in texts if "tried" in one]
            return parts if "".join(one["text"] for one in parts) == "Alder, and so " else None

        parts = wait_until(said)
        talk = sum(len(one["content"].encode()) for one in asked[1]["messages"])
        read = -(-talk // 4)
        tried = {"tries": 2, "read": READ, "said": SAID_TOKENS, "talk": read}
        assert [one["tried"] for one in parts] == [tried] * len(parts)
        made = http.post(f"/v1/generations/{begun}/cancel").json()
        assert gone.wait(10)
    assert made["state"] == "cancelled"
    expected = price_by_tokens(PRICE, READ + read, SAID_TOKENS + 3)
    assert made["charged_microcredits"] == expected


def test_in_chinese_the_model_is_told_in_chinese(scene: RemoteScene, http: TestClient) -> None:
    with serving(Writer(["水开了。", "松禾，水开了。"])) as (url, asked):
        scene.add(url)
        asks = {"language": "zh", "inputs": {"product": "松禾，一把水壶"}, "include": ["松禾"]}
        made = _ended(http, _begun(http, **asks)["generation_id"])
    assert _texts(http, made) == ["松禾，水开了。"]
    assert "只写正文本身" in asked[0]["messages"][0]["content"]
    assert "- 缺少“松禾”。" in asked[1]["messages"][-1]["content"]


def test_what_comes_empty_is_asked_for_again_as_at_first(
    scene: RemoteScene, http: TestClient
) -> None:
    with serving(Writer(["", GOOD])) as (url, asked):
        scene.add(url, price=0)
        made = _ended(http, _begun(http)["generation_id"])
    assert _texts(http, made) == [GOOD]
    assert asked[0]["messages"] == asked[1]["messages"]
    assert scene.hold() is None


def test_a_campaign_is_written_there_too(scene: RemoteScene, http: TestClient) -> None:
    plan = {"inputs": ASK["inputs"], "templates": ["tagline", "headline"]}
    path = "/v1/campaigns"
    how = {"model": "home/m", "count": 1}

    def answer(handler: BaseHTTPRequestHandler, body: dict[str, Any]) -> None:
        say(handler, piece("Alder, for all of us, every day."), piece(None, "stop"))

    with serving(answer) as (url, asked):
        scene.add(url)
        quoted = http.post(f"{path}/quotes", json={**plan, **how}).json()
        kept = http.post(path, json={"name": "Spring", **plan}).json()
        run = http.post(f"{path}/{kept['campaign_id']}/run", json=how)
        assert run.status_code == 202, run.text
        pieces = [one["generation"] for one in run.json()["pieces"]]
        ended = [_ended(http, one["generation_id"]) for one in pieces]
    assert [one["state"] for one in ended] == ["succeeded"] * 2
    assert quoted["price_microcredits"] == sum(one["price_microcredits"] for one in pieces)
    assert {one["model"] for one in asked} == {"m"}
    refused = http.post(f"{path}/quotes", json={**plan, "inputs": {}})
    assert refused.status_code == 400


def test_what_is_not_offered_writes_no_copy(scene: RemoteScene, http: TestClient) -> None:
    scene.add("http://127.0.0.1:9/v1")
    for path in ("/v1/copy", "/v1/copy/quotes"):
        answer = http.post(path, json={**ASK, "model": "home/other"})
        assert answer.status_code == 400, answer.text
        assert "no text model named 'home/other'" in answer.json()["error"]
    assert scene.jobs() == []
