"""OpenAI's own client against our routes, unchanged: whole answers, streams, schemas, errors."""

import io
import json
import threading
import time
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import openai
import pytest
import torch
from openai import OpenAI
from openai.types.chat import ChatCompletionUserMessageParam
from pydantic import BaseModel, Field

from maquette.api.text_stream import TextStream
from maquette.batching.loop import EngineLoop
from maquette.core.ids import new_id
from maquette.engines.catalog import ModelSpec
from maquette.engines.text import TextEngine
from maquette.jobs.events import add_event, read_events
from maquette.jobs.queue import working
from maquette.jobs.store import SAID, list_jobs
from maquette.ledger.holds import holds_of
from maquette.ledger.verify import verify
from maquette.service.job_runner import JobRunner
from maquette.service.queues import TEXT, abilities
from maquette.service.said import used_tokens
from maquette.service.text_maker import TextMaker
from maquette.service.text_price import text_price
from maquette.service.ticks import Ticks
from tests.api.conftest import Rooms, database_away, open_app, served
from tests.callers import become
from tests.credits import settle
from tests.waiting import PATIENCE_S, wait_until

ASK: list[ChatCompletionUserMessageParam] = [
    {"role": "user", "content": "Write a tagline for Alder, a kettle."}
]
MODEL = "starter-text"


@dataclass
class Scene:
    """A studio with a worker for texts, and the client of someone who has credits."""

    rooms: Rooms
    client: OpenAI
    account: str
    engine: TextEngine
    pause_s: float = 0.0


@pytest.fixture
def scene(rooms: Rooms, tiny_language: Path) -> Iterator[Scene]:
    spec = ModelSpec("tiny", tiny_language)
    engine = TextEngine(spec, torch.device("cpu"), torch.float32)
    app = open_app(rooms)
    account = new_id().hex
    settle(rooms.database, account)
    become(app, account)
    loop = EngineLoop(engine.decoder())
    maker = TextMaker({MODEL: engine}, {MODEL: loop})
    with Ticks(rooms.database) as ticks, served(app) as port:
        jobs = JobRunner(rooms.database, rooms.blobs, {TEXT: maker}, ticks)
        queues = abilities([MODEL]).queues
        with working(rooms.queue, queues, "worker", 32, jobs.run, drain_s=5):
            url = f"http://127.0.0.1:{port}/v1"
            with OpenAI(base_url=url, api_key="none", max_retries=0, timeout=PATIENCE_S) as client:
                made = Scene(rooms, client, account, engine)
                engine.model.register_forward_pre_hook(lambda *_: time.sleep(made.pause_s))
                yield made
    loop.close()


def _jobs(scene: Scene) -> list[str]:
    with scene.rooms.database.connect() as connection:
        return [job.state for job in list_jobs(connection, scene.account, 100)]


def test_a_talk_is_answered_and_charged_for_its_tokens(scene: Scene) -> None:
    answer = scene.client.chat.completions.create(
        model=MODEL, messages=ASK, max_tokens=400, seed=7, stop=["e"], temperature=1.0
    )
    (choice,) = answer.choices
    assert choice.message.role == "assistant"
    assert choice.finish_reason in ("stop", "length")
    assert answer.usage is not None
    assert answer.usage.completion_tokens <= 400
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens
    again = scene.client.chat.completions.create(
        model=MODEL, messages=ASK, max_tokens=400, seed=7, stop=["e"], temperature=1.0
    )
    assert again.choices[0].message.content == choice.message.content
    assert list(verify(scene.rooms.database)) == []
    with scene.rooms.database.connect() as connection:
        jobs = list_jobs(connection, scene.account, 9)
        holds = holds_of(connection, [job.job_id for job in jobs])
    for hold in holds.values():
        used = text_price(MODEL, answer.usage.prompt_tokens, answer.usage.completion_tokens)
        assert hold.posted_microcredits == used < hold.amount_microcredits


def test_a_stream_says_the_same_piece_by_piece(scene: Scene) -> None:
    scene.pause_s = 0.02
    asked = {"model": MODEL, "messages": ASK, "max_tokens": 40, "seed": 3, "n": 2}
    whole = scene.client.chat.completions.create(**asked)  # type: ignore[call-overload]
    said, ends, usage, pieces = ["", ""], dict[int, str](), None, 0
    for chunk in scene.client.chat.completions.create(  # type: ignore[call-overload]
        **asked, stream=True, stream_options={"include_usage": True}
    ):
        usage = chunk.usage or usage
        for choice in chunk.choices:
            said[choice.index] += choice.delta.content or ""
            pieces += bool(choice.delta.content)
            if choice.finish_reason:
                ends[choice.index] = choice.finish_reason
    assert said == [choice.message.content for choice in whole.choices]
    assert ends == {c.index: c.finish_reason for c in whole.choices}
    assert usage == whole.usage
    assert pieces > 4


class Review(BaseModel):
    """What the answer is to be."""

    title: str = Field(max_length=10)
    stars: int = Field(ge=1, le=5)


def test_an_answer_is_parsed_by_its_schema(scene: Scene) -> None:
    answer = scene.client.chat.completions.parse(
        model=MODEL, messages=ASK, response_format=Review, seed=5, max_tokens=200
    )
    review = answer.choices[0].message.parsed
    assert review is not None
    assert 1 <= review.stars <= 5


def test_any_json_can_be_asked_for(scene: Scene) -> None:
    answer = scene.client.chat.completions.create(
        model=MODEL,
        messages=ASK,
        response_format={"type": "json_object"},
        seed=5,
        max_tokens=200,
    )
    assert (answer.choices[0].message.content or "").lstrip().startswith("{")


def test_models_are_listed_as_the_client_reads_them(scene: Scene) -> None:
    assert MODEL in [model.id for model in scene.client.models.list()]


@pytest.mark.parametrize(
    ("changed", "kind", "line"),
    [
        ({"model": "gpt-9"}, openai.BadRequestError, "no text model named 'gpt-9'"),
        ({"max_tokens": 0}, openai.BadRequestError, "max_tokens 0 must be between 1 and"),
        ({"temperature": 9}, openai.BadRequestError, "temperature 9 must be between 0 and 2"),
        ({"messages": []}, openai.UnprocessableEntityError, "messages"),
        (
            {"messages": [{"role": "user", "content": "  "}]},
            openai.BadRequestError,
            "the prompt is empty",
        ),
        (
            {"tools": [{"type": "function", "function": {"name": "f"}}]},
            openai.BadRequestError,
            "tools are not called here",
        ),
        (
            {"messages": [{"role": "user", "content": "x" * 300_000}]},
            openai.BadRequestError,
            "at most 200000 are read; shorten it",
        ),
    ],
)
def test_what_does_not_fit_is_told_in_the_clients_form_and_costs_nothing(
    scene: Scene, changed: dict[str, object], kind: type[openai.APIStatusError], line: str
) -> None:
    with pytest.raises(kind) as told:
        scene.client.chat.completions.create(**{"model": MODEL, "messages": ASK, **changed})  # type: ignore[call-overload]
    body = told.value.body
    assert isinstance(body, dict)
    assert line in body["message"]
    assert body["type"] == "invalid_request_error"
    assert _jobs(scene) == []


def test_a_prompt_that_the_model_cannot_hold_fails_with_its_length_and_costs_nothing(
    scene: Scene,
) -> None:
    long: list[ChatCompletionUserMessageParam] = [{"role": "user", "content": "kettle " * 3000}]
    for stream in (False, True):
        with pytest.raises(openai.APIError, match=r"the prompt has \d+ tokens"):
            for _ in scene.client.chat.completions.create(  # type: ignore[call-overload]
                model=MODEL, messages=long, stream=stream
            ):
                pass
    assert _jobs(scene) == ["failed", "failed"]


def _charged(scene: Scene) -> list[int]:
    with scene.rooms.database.connect() as connection:
        jobs = [one.job_id for one in list_jobs(connection, scene.account, 100)]
        holds = holds_of(connection, jobs)
    assert {hold.state for hold in holds.values()} <= {"posted", "voided"}
    assert list(verify(scene.rooms.database)) == []
    return [holds[job_id].posted_microcredits for job_id in jobs]


def test_who_goes_away_is_charged_for_what_was_said(scene: Scene) -> None:
    scene.pause_s = 0.01
    stream = scene.client.chat.completions.create(
        model=MODEL, messages=ASK, max_tokens=800, temperature=1.0, stream=True, n=8
    )
    for pieces, _ in enumerate(stream):
        if pieces == 200:
            break
    stream.close()
    wait_until(lambda: _jobs(scene) == ["cancelled"], 60)
    (charged,) = _charged(scene)
    # Each piece is a token at least, and of the last quarter of a second no more than some are not
    # charged.
    assert text_price(MODEL, 9, 100) <= charged < text_price(MODEL, 9, 8 * 800)


def test_who_cancels_is_charged_for_what_was_said_and_nothing_before(scene: Scene) -> None:
    import httpx2 as httpx

    scene.pause_s = 0.02
    with httpx.Client(base_url=str(scene.client.base_url).removesuffix("/v1/")) as http:
        asked = {"messages": ASK, "max_tokens": 800, "temperature": 1.0, "count": 8}
        made = http.post("/v1/texts", json=asked).json()
        own = f"/v1/generations/{made['generation_id']}"
        wait_until(lambda: _tokens(_parts(scene, made["generation_id"])) >= 150)
        one = http.post(f"{own}/cancel").json()
        parts = _parts(scene, made["generation_id"])
        assert one["state"] == "cancelled"
        assert one["charged_microcredits"] == text_price(MODEL, *used_tokens(parts))
        assert one["charged_microcredits"] < one["price_microcredits"]
        assert http.post(f"{own}/cancel").json() == one  # once
        assert _charged(scene) == [one["charged_microcredits"]]
        # What was paid for can still be read.
        lines = http.get(f"{own}/events").text.splitlines()
        told = [json.loads(line[6:]) for line in lines if line.startswith("data: ")]
        assert any(one.get("texts") == parts[0]["texts"] for one in told), told


def _tokens(parts: Sequence[Mapping[str, Any]]) -> int:
    return used_tokens(parts)[1] if parts else 0


def _parts(scene: Scene, job_id: str) -> list[Mapping[str, Any]]:
    with scene.rooms.database.connect() as connection:
        events = read_events(connection, UUID(job_id))
    return [event.data for event in events if event.kind == SAID]


def test_with_a_key_who_asks_again_is_answered_alike_and_pays_once(scene: Scene) -> None:
    asked = {"model": MODEL, "messages": ASK, "max_tokens": 40, "temperature": 1.0}
    key = {"Idempotency-Key": "one-talk"}
    first = scene.client.chat.completions.create(**asked, extra_headers=key)  # type: ignore[call-overload]
    raw = scene.client.chat.completions.with_raw_response
    again = raw.create(**asked, extra_headers=key)  # type: ignore[call-overload]
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.parse() == first
    assert _jobs(scene) == ["succeeded"]
    with pytest.raises(openai.UnprocessableEntityError, match="came with another request"):
        scene.client.chat.completions.create(**asked | {"max_tokens": 41}, extra_headers=key)  # type: ignore[call-overload]


def test_with_a_key_who_goes_away_comes_again_for_the_rest(scene: Scene) -> None:
    scene.pause_s = 0.02
    asked = {"model": MODEL, "messages": ASK, "max_tokens": 60, "temperature": 1.0, "stream": True}
    key = {"Idempotency-Key": "one-talk"}
    stream = scene.client.chat.completions.create(**asked, extra_headers=key)  # type: ignore[call-overload]
    begun = next(iter(stream)).choices[0].delta.content
    stream.close()
    chunks = scene.client.chat.completions.create(**asked, extra_headers=key)  # type: ignore[call-overload]
    said = "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
    assert said.startswith(begun)
    assert _jobs(scene) == ["succeeded"]


def test_an_answer_outlives_a_database_that_goes_away(scene: Scene) -> None:
    scene.pause_s = 0.02
    asked = {"model": MODEL, "messages": ASK, "max_tokens": 50, "temperature": 1.0, "seed": 4}
    answers: list[Any] = []

    def ask() -> None:
        answers.append(scene.client.chat.completions.create(**asked))  # type: ignore[call-overload]

    asking = threading.Thread(target=ask)
    asking.start()
    wait_until(lambda: _jobs(scene) == ["running"])
    with database_away(scene.rooms.database):
        time.sleep(3)  # the text has ended, and neither that nor anything else can be read
    asking.join()
    assert answers[0].choices[0].message.content
    assert _jobs(scene) == ["succeeded"]


def test_a_text_that_another_attempt_says_otherwise_ends_its_stream_and_is_free(
    scene: Scene,
) -> None:
    scene.pause_s = 0.05
    stream = scene.client.chat.completions.create(
        model=MODEL, messages=ASK, max_tokens=800, temperature=1.0, stream=True
    )
    for _ in range(10):
        next(stream)
    with scene.rooms.database.begin() as connection:
        (job,) = list_jobs(connection, scene.account, 1)
        one = {"at": 0, "text": "Else", "tokens": [1], "finished": None}
        add_event(connection, job.job_id, SAID, {"read": 9, "texts": [one]})
    with pytest.raises(openai.APIError, match="what was said before does not hold"):
        list(stream)
    wait_until(lambda: _jobs(scene) == ["cancelled"], 60)
    assert _charged(scene) == [0]


def test_a_stream_that_waits_is_not_silent(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    import httpx2 as httpx

    monkeypatch.setattr(TextStream.__init__, "__defaults__", (0.2, 60.0))
    scene.pause_s = 1.5
    asked = {"messages": ASK, "max_tokens": 1, "stream": True}
    with httpx.Client(timeout=PATIENCE_S) as http:
        said = http.post(f"{scene.client.base_url}chat/completions", json=asked).text
    assert said.startswith(": still here\n\n")
    assert said.endswith("data: [DONE]\n\n")


def test_many_talks_share_the_machine_and_none_is_mixed_up(scene: Scene) -> None:
    said: dict[int, str] = {}

    def talk(seed: int) -> None:
        said[seed] = "".join(
            chunk.choices[0].delta.content or ""
            for chunk in scene.client.chat.completions.create(
                model=MODEL, messages=ASK, max_tokens=30, seed=seed, temperature=1.0, stream=True
            )
        )

    people = [threading.Thread(target=talk, args=(seed,)) for seed in range(12)]
    for person in people:
        person.start()
    for person in people:
        person.join()
    for seed in (0, 5, 11):
        alone = scene.client.chat.completions.create(
            model=MODEL, messages=ASK, max_tokens=30, seed=seed, temperature=1.0
        )
        assert said[seed] == alone.choices[0].message.content


def test_a_text_is_asked_for_by_our_own_route_and_kept(scene: Scene) -> None:
    import httpx2 as httpx

    with httpx.Client(base_url=str(scene.client.base_url).removesuffix("/v1/")) as http:
        asked = {"messages": ASK, "max_tokens": 12, "seed": 9, "json_schema": {"type": "array"}}
        made = http.post("/v1/texts", json=asked)
        assert made.status_code == 202, made.text
        own = f"/v1/generations/{made.json()['generation_id']}"
        one = wait_until(lambda: (now := http.get(own).json())["finished_at"] and now)
        assert one["kind"] == "text"
        assert one["request"]["json_schema"] == {"type": "array"}
        assert 0 < one["charged_microcredits"] <= one["price_microcredits"]
        text = http.get(one["assets"][0]["url"])
        assert text.headers["content-type"].startswith("application/json")
        small = http.get(one["assets"][0]["url"], params={"width": 256})
        assert small.status_code == 400
        assert "no picture; leave the width out" in small.json()["error"]
        named = {"prompt": "a cat", "source": one["assets"][0]["content_hash"]}
        assert "no picture" in http.post("/v1/generations", json=named).json()["error"]
        with zipfile.ZipFile(io.BytesIO(http.get("/v1/me/export").content)) as file:
            name = f"texts/{one['assets'][0]['content_hash']}.json"
            assert file.read(name) == text.content
        assert json.loads(http.get("/v1/generations?kind=image").text) == []
