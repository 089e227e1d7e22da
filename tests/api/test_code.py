"""Code over the API: written by a real server, run in the real sandbox, charged when it passes."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient

from maquette.core.errors import SandboxUnavailable
from maquette.jobs.events import add_event, read_events
from maquette.jobs.store import PROGRESS, Job, create_job, get_job, let_go, start_job
from maquette.ledger.verify import verify
from maquette.library.assets import assets_of
from maquette.service.code_maker import CodeMaker
from maquette.service.job_runner import JobRunner
from maquette.service.queues import CODE
from maquette.service.ticks import Ticks
from tests.api.conftest import Rooms
from tests.api.remote_scene import PRICE, RemoteScene, remote_scene
from tests.engines.text_server import data, piece, say, serving

WRONG = "def add(a, b):\n    return a - b\n"
RIGHT = WRONG.replace("-", "+")
ASK: dict[str, Any] = {
    "prompt": "Add two numbers.",
    "kind": "program",
    "model": "home/m",
    "tests": {"assertions": "assert add(2, 3) == 5"},
    "max_tokens": 200,
    "seed": 5,
}


def _block(code: str, language: str = "python") -> str:
    return f"```{language}\n{code}\n```"


class Script:
    """A server for OpenAI's clients that gives answers in turn; the last one goes on."""

    def __init__(self, *answers: str) -> None:
        self._answers, self.count = answers, 0

    def __call__(self, handler: BaseHTTPRequestHandler, body: dict[str, Any]) -> None:
        answer = self._answers[min(self.count, len(self._answers) - 1)]
        self.count += 1
        usage = data({"choices": [], "usage": {"prompt_tokens": 40, "completion_tokens": 20}})
        say(handler, piece(answer), piece(None, "stop"), usage, "data: [DONE]")


@pytest.fixture
def scene(rooms: Rooms) -> Iterator[RemoteScene]:
    with remote_scene(rooms) as made:
        yield made


def _done(scene: RemoteScene, http: TestClient, asked: dict[str, Any]) -> dict[str, Any]:
    """The request once it has ended."""
    answer = http.post("/v1/code", json=asked)
    assert answer.status_code == 202, answer.text
    with http.stream("GET", answer.json()["events_url"], timeout=90) as stream:
        for line in stream.iter_lines():
            if line.startswith("event: ") and line[7:] in ("succeeded", "failed", "cancelled"):
                break
    return http.get(f"/v1/generations/{answer.json()['generation_id']}").json()


@pytest.fixture
def http(scene: RemoteScene) -> Iterator[TestClient]:
    with TestClient(scene.app, raise_server_exceptions=False) as client:
        yield client


def _log(scene: RemoteScene, generation_id: str) -> list[dict[str, Any]]:
    with scene.rooms.database.connect() as connection:
        events = read_events(connection, UUID(generation_id))
    assert events[-1].kind == "failed"
    return events[-1].data["log"]


def test_what_is_wrong_is_written_again_and_what_passed_is_charged(
    scene: RemoteScene, http: TestClient
) -> None:
    with serving(Script(_block(WRONG), _block(RIGHT))) as (url, asked):
        scene.add(url)
        made = _done(scene, http, ASK)
    assert made["state"] == "succeeded", made["error"]
    program, log = made["assets"]
    assert [program["media_type"], log["media_type"]] == ["text/x-python", "application/json"]
    assert http.get(program["url"]).text.strip() == RIGHT.strip()
    first, second = http.get(log["url"]).json()["attempts"]
    assert "AssertionError" in first["failure"]
    assert second["failure"] == ""
    assert [one["seed"] for one in asked] == [5, 6]
    assert "AssertionError" in asked[1]["messages"][-1]["content"]
    hold = scene.hold()
    assert hold is not None
    assert hold.posted_microcredits == PRICE * (20 * 2 * 4 + 40 * 2) // 4000
    assert made["charged_microcredits"] == hold.posted_microcredits < hold.amount_microcredits
    assert made["request"]["tests"]["assertions"] == ASK["tests"]["assertions"]
    assert list(verify(scene.rooms.database)) == []


def test_what_never_passes_fails_in_a_line_costs_nothing_and_keeps_its_log(
    scene: RemoteScene, http: TestClient
) -> None:
    with serving(Script(_block(WRONG), "I cannot.")) as (url, asked):
        scene.add(url)
        made = _done(scene, http, {**ASK, "attempts": 2})
    assert made["state"] == "failed"
    assert made["error"].startswith("no code passed within 2 attempts (no code was found in")
    assert made["charged_microcredits"] == 0
    assert made["assets"] == []
    assert len(asked) == 2
    log = _log(scene, made["generation_id"])
    assert [one["number"] for one in log] == [1, 2]
    assert WRONG in log[0]["code"]
    assert log[1]["notes"] == "I cannot."
    with scene.rooms.database.connect() as connection:
        assert list(verify(scene.rooms.database)) == []
        held = connection.execute(sa.text("SELECT sum(held_microcredits) FROM balance")).scalar()
    assert not held


def test_hostile_code_reaches_nothing_of_the_studio(scene: RemoteScene, http: TestClient) -> None:
    hostile = (
        "import os, json\nseen = {}\n"
        "for path in ('/etc/passwd', '/root', os.environ.get('HOME', '/') + '/..', '/tmp/w'):\n"
        "    try:\n"
        "        seen[path] = os.listdir(path) if os.path.isdir(path) else open(path).read()\n"
        "    except OSError as error:\n        seen[path] = type(error).__name__\n"
        "print(json.dumps([seen, sorted(os.environ)]))"
    )
    asked = {**ASK, "tests": {"assertions": "assert '/etc' and True"}, "attempts": 1}
    with serving(Script(_block(hostile))) as (url, _):
        scene.add(url)
        made = _done(scene, http, asked)
    assert made["state"] == "succeeded", made["error"]
    (attempt,) = http.get(made["assets"][-1]["url"]).json()["attempts"]
    assert "root:" not in attempt["output"]
    assert "MAQUETTE" not in attempt["output"]


def test_without_a_sandbox_nothing_is_run_nor_written(
    scene: RemoteScene, http: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(data: object) -> None:
        raise SandboxUnavailable("wasmtime is not installed")

    monkeypatch.setattr("shutil.which", lambda *_, **__: None)  # no bubblewrap
    monkeypatch.setattr("maquette.sandbox.choice.find_webassembly", missing)
    with serving(Script(_block(RIGHT))) as (url, asked):
        scene.add(url)
        made = _done(scene, http, ASK)
        assert made["state"] == "failed"
        assert made["error"].startswith("code cannot be run safely here: bubblewrap is not")
        assert asked == []  # nothing was asked for that could not be run
        assert made["charged_microcredits"] == 0


def test_a_page_is_never_shown_as_of_the_studio(scene: RemoteScene, http: TestClient) -> None:
    page = "<!doctype html><html><title>T</title><p>Tea</p><script>1</script></html>"
    svg = "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 9 9'><circle r='3'/></svg>"
    with serving(Script(_block(page, "html"), _block(svg, "svg"))) as (url, _):
        scene.add(url)
        for kind in ("page", "svg"):
            made = _done(scene, http, {**ASK, "kind": kind, "tests": {}})
            shown = http.get(made["assets"][0]["url"])
            assert shown.headers["content-type"].startswith(
                {"page": "text/html", "svg": "image/svg+xml"}[kind]
            )
            policy = shown.headers["content-security-policy"]
            assert policy.split(";")[0] == {"page": "sandbox allow-scripts", "svg": "sandbox"}[kind]
            assert "default-src 'none'" in policy
            assert "allow-same-origin" not in policy
            assert shown.headers["x-content-type-options"] == "nosniff"
            small = http.get(made["assets"][0]["url"], params={"width": 256})
            assert small.status_code == 400
    source = made["assets"][0]["content_hash"]
    asked = {"prompt": "a boat", "source": source, "width": 64, "height": 64}
    refused = http.post("/v1/generations", json=asked)
    assert refused.status_code == 400
    assert "no picture" in refused.json()["error"]


def test_a_worker_that_died_goes_on_after_the_attempts_that_were_kept(scene: RemoteScene) -> None:
    rooms = scene.rooms
    with serving(Script(_block(RIGHT))) as (url, asked), Ticks(rooms.database) as ticks:
        scene.add(url)
        request = _request(scene)
        with rooms.database.begin() as connection:
            job = create_job(connection, scene.account, CODE, request)
            assert start_job(connection, job.job_id, "worker")
            begun = {"number": 1, "code": WRONG, "tests": "", "exit_code": 1, "stopped_by": None}
            begun |= {"output": "", "failure": "it was wrong", "seconds": 0.1, "read_tokens": 40}
            kept = {"attempt": 1, "attempts": 3, "doing": "tried"}
            kept |= {"log": [{**begun, "said_tokens": 20, "notes": ""}]}
            add_event(connection, job.job_id, PROGRESS, kept)
            let_go(connection, job.job_id, "worker")
        maker = CodeMaker(scene.servers, None)
        JobRunner(rooms.database, rooms.blobs, {CODE: maker}, ticks).run(job.job_id)
        made = _job(rooms, job)
    assert made.state == "succeeded"
    assert len(asked) == 1
    assert "it was wrong" in asked[0]["messages"][-1]["content"]
    with rooms.database.connect() as connection:
        log = assets_of(connection, [job.job_id])[job.job_id][-1]
    attempts = json.loads(rooms.blobs.get(log.content_hash))["attempts"]
    assert [one["number"] for one in attempts] == [1, 2]


def _request(scene: RemoteScene) -> dict[str, Any]:
    from maquette.api.code_schemas import CodeIn
    from maquette.service.submissions import of_code

    return dict(of_code(CodeIn(**ASK).request(5), "home/m", scene.servers.offered()).request)


def _job(rooms: Rooms, job: Job) -> Job:
    with rooms.database.connect() as connection:
        return get_job(connection, job.job_id)


def test_what_cannot_be_made_is_refused_before_it_is_held(rooms: Rooms) -> None:
    def line(**asked: Any) -> str:
        answer = rooms.client.post("/v1/code", json={"prompt": "a boat", "kind": "svg", **asked})
        assert answer.status_code in (400, 422), answer.text
        return answer.json()["error"]

    assert "starter-code draws scenes and lays out small pages, and cannot write a program" in line(
        kind="program"
    )
    assert "finds nothing that it can draw in 'a dragon'" in line(prompt="a dragon")
    assert "no model named 'starter-text' writes code; did you mean starter-code?" in line(
        model="starter-text"
    )
    assert "attempts 9 must be between 1 and 8" in line(attempts=9)
    assert "the tests are no Python" in line(kind="program", tests={"assertions": "assert ("})
    assert "cannot be tested by assertions" in line(tests={"assertions": "assert 1"})
    assert rooms.client.get("/v1/generations", params={"kind": "code"}).json() == []


def test_a_quote_is_what_is_held(rooms: Rooms) -> None:
    asked = {"prompt": "a red boat", "kind": "svg"}
    quoted = rooms.client.post("/v1/code/quotes", json=asked).json()
    assert quoted == {"kind": "at_most", "model": "starter-code", "price_microcredits": 50_000}
    made = rooms.client.post("/v1/code", json=asked).json()
    assert made["price_microcredits"] == 50_000
    assert (made["kind"], made["request"]["kind"]) == ("code", "svg")
    models = rooms.client.get("/v1/models").json()["data"]
    (code,) = [one for one in models if one["media"] == "code"]
    assert code["kinds"] == ["svg", "page"]
    assert code["piece_microcredits"] == 50_000


def test_operators_are_told_of_the_sandbox(rooms: Rooms) -> None:
    told = rooms.client.get("/v1/operator/queue").json()["sandbox"]
    assert told["name"] in ("bubblewrap", "webassembly")
    assert told["why"]
