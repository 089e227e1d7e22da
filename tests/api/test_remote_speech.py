"""Speech by other servers: as jobs, at their own price; what failures cost; a studio by another."""

import contextlib
import json
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from typing import Any

import httpx2 as httpx
import openai
import pytest

from maquette.core.ids import new_id
from maquette.jobs.queue import working
from maquette.jobs.store import Job, list_jobs
from maquette.ledger.holds import Hold, holds_of
from maquette.ledger.verify import verify
from maquette.service import speech_maker, wiring
from maquette.service.job_runner import JobRunner
from maquette.service.queues import SPEECH, abilities
from maquette.service.server_voices import OfferedVoice
from maquette.service.speech_price import speech_price
from maquette.service.text_servers import ServerChange, TextServers
from maquette.service.ticks import Ticks
from maquette.speech.espeak import EspeakVoice
from tests.api.conftest import Rooms, served
from tests.api.remote_scene import KEY, SETTINGS, open_safe_app
from tests.api.test_speech import seconds_of
from tests.callers import become
from tests.credits import settle
from tests.engines.text_server import Answer, serving
from tests.engines.voice_server import give, speaks
from tests.waiting import PATIENCE_S, wait_until

TEXT = "Good morning. The boat is red, and it sails at noon."
PRICE = 2_000_000  # microcredits for a thousand characters


@dataclass
class Scene:
    """A studio whose worker speaks, itself and by others, and someone who has credits."""

    rooms: Rooms
    http: httpx.Client
    url: str
    account: str
    servers: TextServers

    def add(self, url: str, name: str = "home", **more: Any) -> None:
        offered = OfferedVoice("tts", **{"thousand_characters_microcredits": PRICE, **more})
        self.servers.add("boss", name, url, KEY, speech=[offered])

    def ask(self, **asked: Any) -> dict[str, Any]:
        made = self.http.post("/v1/speech", json={"text": TEXT, "model": "home/tts", **asked})
        assert made.status_code == 202, made.text
        return made.json()

    def end(self, one: dict[str, Any]) -> dict[str, Any]:
        url = f"/v1/generations/{one['generation_id']}"
        return wait_until(lambda: (now := self.http.get(url).json())["finished_at"] and now)

    def say(self, **asked: Any) -> dict[str, Any]:
        return self.end(self.ask(**asked))

    def contents(self, one: dict[str, Any]) -> dict[str, bytes]:
        return {asset["media_type"]: self.http.get(asset["url"]).content for asset in one["assets"]}

    def jobs(self) -> Sequence[Job]:
        with self.rooms.database.connect() as connection:
            return list_jobs(connection, self.account, 100)

    def hold(self, one: Job) -> Hold:
        with self.rooms.database.connect() as connection:
            return holds_of(connection, [one.job_id])[one.job_id]


@pytest.fixture
def scene(rooms: Rooms) -> Iterator[Scene]:
    app = open_safe_app(rooms)
    account = new_id().hex
    settle(rooms.database, account)
    become(app, account)
    servers = TextServers(rooms.database, SETTINGS)
    maker = wiring.speech_maker(SETTINGS, servers, lambda error: None)
    with Ticks(rooms.database) as ticks, served(app) as port:
        jobs = JobRunner(rooms.database, rooms.blobs, {SPEECH: maker}, ticks)
        queues = abilities(["espeak-ng"]).queues
        with working(rooms.queue, queues, "worker", 8, jobs.run, drain_s=5):
            url = f"http://127.0.0.1:{port}"
            with httpx.Client(base_url=url, timeout=PATIENCE_S) as http:
                yield Scene(rooms, http, f"{url}/v1", account, servers)
    maker.close()


@pytest.fixture(scope="module")
def good() -> Iterator[Answer]:
    """What a well-kept server does."""
    with EspeakVoice() as espeak:
        yield speaks(espeak)


def test_a_narration_comes_from_there_with_its_captions_at_its_price(
    scene: Scene, good: Answer
) -> None:
    with serving(good) as (url, asked):
        scene.add(url)
        quoted = scene.http.post("/v1/speech/quotes", json={"text": TEXT, "model": "home/tts"})
        one = scene.say(voice="nova", speed=1.25, format="mp3", pause_ms=400)
    assert one["state"] == "succeeded", one
    assert [(a["model"], a["voice"], a["speed"], a["input"]) for a in asked] == [
        ("tts", "nova", 1.25, "Good morning."),
        ("tts", "nova", 1.25, "The boat is red, and it sails at noon."),
    ]
    assert {one["key"] for one in asked} == {f"Bearer {KEY}"}
    made = scene.contents(one)
    assert made["audio/mpeg"].startswith(b"ID3")
    assert b"The boat is red" in made["text/vtt"]
    first, second = json.loads(made["application/json"])["sentences"]
    assert 0.3 < second["start_s"] - first["end_s"] < 0.5  # the pause that was asked for
    assert first["words"] == []
    price = speech_price(len(TEXT), PRICE)
    assert quoted.json()["price_microcredits"] == price
    assert one["price_microcredits"] == one["charged_microcredits"] == price
    (job,) = scene.jobs()
    assert job.queue == "speech/remote"
    assert KEY not in str(job)
    assert list(verify(scene.rooms.database)) == []


def test_a_voice_is_listed_with_its_speakers_and_its_price(scene: Scene, good: Answer) -> None:
    with serving(good) as (url, asked):
        scene.add(url, voices=("af_heart", "nova"))
        scene.add(url, "away", thousand_characters_microcredits=0)
        known = {one["model"]: one for one in scene.http.get("/v1/voices").json()["data"]}
        home, away = known["home/tts"], known["away/tts"]
        assert home["voices"] == ["default", "af_heart", "nova"]
        assert (home["has_others"], away["has_others"]) == (False, True)
        prices = [known[m]["thousand_characters_microcredits"] for m in ("espeak-ng", "home/tts")]
        assert prices == [50_000, PRICE]
        models = {one["id"]: one for one in scene.http.get("/v1/models").json()["data"]}
        assert models["home/tts"]["owned_by"] == "home"
        assert models["home/tts"]["thousand_characters_microcredits"] == PRICE
        assert models["espeak-ng"]["owned_by"] == "maquette"
        wrong = scene.http.post(
            "/v1/speech", json={"text": TEXT, "model": "home/tts", "voice": "novo"}
        )
        assert wrong.status_code == 400
        assert wrong.json()["error"] == "unknown voice 'novo' of tts; did you mean nova?"
        by_word = {"text": TEXT, "model": "home/tts", "captions": "word"}
        assert scene.http.post("/v1/speech", json=by_word).status_code == 400
        assert scene.say()["state"] == scene.say(model="away/tts")["state"] == "succeeded"
    assert [one["voice"] for one in asked] == ["af_heart"] * 2 + ["alloy"] * 2
    free, paid = scene.jobs()
    with pytest.raises(KeyError):
        scene.hold(free)
    assert scene.hold(paid).state == "posted"
    (_, server) = scene.servers.list()
    scene.servers.change("boss", server.server_id, ServerChange(disabled=True))
    gone = scene.http.post("/v1/speech", json={"text": TEXT, "model": "home/tts"})
    assert gone.status_code == 400
    assert "no speech model named 'home/tts'" in gone.json()["error"]


@pytest.mark.parametrize(
    ("content", "status", "line"),
    [
        (b"<!DOCTYPE html><p>Welcome", 200, "home answered 'Good morning.' with no sound"),
        (b"RIFF....WAVEfmt ", 200, "with a WAV file that is not whole"),
        (b'{"error": {"message": "no such voice"}}', 400, "home answers 400: no such voice"),
        (b"you sent sk-very-secret-7", 401, "home answers 401, for its key is refused"),
        (b"", 503, "home answers 503"),
    ],
)
def test_what_is_no_speech_is_one_line_and_costs_nothing(
    scene: Scene, content: bytes, status: int, line: str
) -> None:
    with serving(give(content, status)) as (url, _):
        scene.add(url)
        one = scene.say()
    assert (one["state"], one["charged_microcredits"]) == ("failed", 0)
    assert line in one["error"]
    assert "\n" not in one["error"]
    assert KEY not in one["error"]
    assert scene.hold(scene.jobs()[0]).state == "voided"
    assert list(verify(scene.rooms.database)) == []


def test_a_server_that_is_away_is_named_to_their_client(scene: Scene) -> None:
    scene.add("http://127.0.0.1:9/v1")
    client = openai.OpenAI(base_url=scene.url, api_key="none", max_retries=0)
    with client, pytest.raises(openai.APIError, match="home does not answer") as told:
        client.audio.speech.create(model="home/tts", voice="alloy", input=TEXT)
    assert "127.0.0.1" not in told.value.message
    assert scene.hold(scene.jobs()[0]).state == "voided"


def test_who_cancels_has_the_connection_closed_and_pays_nothing(scene: Scene) -> None:
    asked, gone = threading.Event(), threading.Event()

    def silent(handler: BaseHTTPRequestHandler, _: dict[str, Any]) -> None:
        asked.set()
        with contextlib.suppress(OSError):
            if handler.connection.recv(1) == b"":
                gone.set()

    with serving(silent) as (url, _):
        scene.add(url)
        one = scene.ask()
        assert asked.wait(PATIENCE_S)
        cancelled = scene.http.post(f"/v1/generations/{one['generation_id']}/cancel").json()
        assert gone.wait(10)
    assert (cancelled["state"], cancelled["charged_microcredits"]) == ("cancelled", 0)


def test_a_server_that_hangs_holds_up_no_voice_of_another(
    scene: Scene, good: Answer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even where what it is to say is long, of which few are said at once."""
    monkeypatch.setattr(speech_maker, "LONG_CHARACTERS", 60)
    go_on, long = threading.Event(), f"{TEXT} {TEXT}"

    def hangs(handler: BaseHTTPRequestHandler, _: dict[str, Any]) -> None:
        go_on.wait(2 * PATIENCE_S)

    with serving(hangs) as (slow, _), serving(good) as (url, _):
        scene.add(slow, "slow")
        scene.add(url)
        stuck = [scene.ask(model="slow/tts", text=text) for text in [long] * 4 + [TEXT] * 12]
        try:
            for asked in ({}, {"text": long}, {"text": long, "model": "espeak-ng"}):
                one = scene.say(**asked)
                assert one["state"] == "succeeded", one
        finally:
            for one in stuck:
                scene.http.post(f"/v1/generations/{one['generation_id']}/cancel")
            go_on.set()


def test_a_studio_speaks_by_the_route_of_another(scene: Scene) -> None:
    """Here by its own: what it says of itself is what it says."""
    scene.servers.add("boss", "studio", scene.url, speech=[OfferedVoice("espeak-ng", ("f3",))])
    by_itself = scene.say(model="espeak-ng", voice="f3")
    by_another = scene.say(model="studio/espeak-ng", voice="f3")
    assert by_another["state"] == "succeeded", by_another
    assert by_another["charged_microcredits"] is None  # which costs nothing here
    one, other = (seconds_of(scene.contents(made)["audio/wav"]) for made in (by_itself, by_another))
    assert other == pytest.approx(one, abs=0.15)
    assert {job.queue for job in scene.jobs()} == {"speech/espeak-ng", "speech/remote"}
    kept = scene.contents(by_another)["application/json"]
    assert [s["text"] for s in json.loads(kept)["sentences"]] == [
        "Good morning.",
        "The boat is red, and it sails at noon.",
    ]
    (server,) = scene.servers.list()
    assert "espeak-ng" in scene.servers.check(server.server_id).models
