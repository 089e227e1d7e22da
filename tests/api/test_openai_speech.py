"""OpenAI's own client against our route for speech, unchanged: whole, streamed, refused, left."""

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2 as httpx
import openai
import pytest
from openai import OpenAI

from maquette.api.openai_speech import SPEAKERS
from maquette.core.ids import new_id
from maquette.jobs.store import list_jobs
from maquette.speech.espeak_languages import shipped_names
from tests.api.conftest import Rooms, served
from tests.api.speaking import open_app, speaking
from tests.api.test_speech import seconds_of
from tests.callers import become
from tests.credits import settle
from tests.waiting import PATIENCE_S, wait_until

TEXT = "Good morning. The boat is red, and it sails at noon."
BEGINS = {"mp3": b"ID3", "opus": b"OggS", "aac": b"\xff\xf1", "flac": b"fLaC", "wav": b"RIFF"}


@dataclass
class Scene:
    """A studio that speaks, and OpenAI's client of someone who has credits."""

    rooms: Rooms
    client: OpenAI
    account: str

    def jobs(self) -> list[str]:
        with self.rooms.database.connect() as connection:
            return [job.state for job in list_jobs(connection, self.account, 100)]


@pytest.fixture
def scene(rooms: Rooms, tmp_path: Path) -> Iterator[Scene]:
    app = open_app(rooms, tmp_path)
    account = new_id().hex
    settle(rooms.database, account)
    become(app, account)
    with speaking(rooms, tmp_path), served(app) as port:
        url = f"http://127.0.0.1:{port}/v1"
        with OpenAI(base_url=url, api_key="none", max_retries=0, timeout=PATIENCE_S) as client:
            yield Scene(rooms, client, account)


def test_a_text_is_said_as_their_documentation_has_it(
    scene: Scene, subtests: pytest.Subtests, tmp_path: Path
) -> None:
    sounds: dict[str, bytes] = {}
    for form, begins in BEGINS.items():
        with subtests.test(form):
            answer = scene.client.audio.speech.create(
                model="tts-1",
                voice="alloy",
                input=TEXT,
                response_format=form,  # type: ignore[arg-type]
            )
            assert answer.content.startswith(begins)
            assert answer.response.headers["content-type"].startswith("audio/")
            sounds[form] = answer.content
    pcm = scene.client.audio.speech.create(
        model="espeak-ng", voice="alloy", input=TEXT, response_format="pcm"
    ).content
    seconds = seconds_of(sounds["wav"])
    assert len(pcm) / 2 / 24_000 == pytest.approx(seconds, abs=0.01)
    usual = scene.client.audio.speech.create(model="tts-1", voice="alloy", input=TEXT)
    assert usual.content == sounds["mp3"]
    fast = scene.client.audio.speech.create(
        model="gpt-4o-mini-tts", voice="nova", input=TEXT, speed=2.0, response_format="wav"
    ).content
    assert seconds_of(fast) < 0.65 * seconds
    path = tmp_path / "speech.mp3"
    with scene.client.audio.speech.with_streaming_response.create(
        model="tts-1-hd", voice="alloy", input=TEXT, instructions="Speak warmly."
    ) as streamed:
        streamed.stream_to_file(path)
    assert path.read_bytes() == sounds["mp3"]
    assert set(scene.jobs()) == {"succeeded"}


def test_it_comes_as_events_where_that_is_asked_for(scene: Scene) -> None:
    url = f"{scene.client.base_url}audio/speech"
    asked = {"model": "tts-1", "voice": "echo", "input": TEXT, "response_format": "wav"}
    whole = httpx.post(url, json=asked, timeout=PATIENCE_S).content
    with httpx.stream(
        "POST", url, json={**asked, "stream_format": "sse"}, timeout=PATIENCE_S
    ) as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        said = [
            json.loads(line.removeprefix("data:"))
            for line in stream.iter_lines()
            if line.startswith("data:")
        ]
    *deltas, done = said
    assert {one["type"] for one in deltas} == {"speech.audio.delta"}
    assert b"".join(base64.b64decode(one["audio"]) for one in deltas) == whole
    assert (done["type"], done["usage"]["input_tokens"]) == ("speech.audio.done", len(TEXT))


def test_each_of_their_voices_is_another_of_ours() -> None:
    assert set(SPEAKERS.values()) <= set(shipped_names().speakers)
    assert len(set(SPEAKERS.values())) == len(SPEAKERS)


REFUSED: tuple[tuple[dict[str, Any], type[openai.APIStatusError], str], ...] = (
    ({"model": "gpt-9"}, openai.BadRequestError, "no speech model named 'gpt-9'"),
    ({"voice": "albert"}, openai.BadRequestError, "unknown voice 'albert' of espeak"),
    ({"input": " "}, openai.BadRequestError, "the text is empty"),
    ({"input": "x" * 50_001}, openai.BadRequestError, "at most 50000 are read at once"),
    ({"input": "a\x07"}, openai.BadRequestError, "control character U+0007"),
    ({"speed": 5}, openai.BadRequestError, "speed 5 must be between 0.25 and 4"),
    ({"response_format": "ogg"}, openai.UnprocessableEntityError, "response_format"),
)


def test_what_does_not_fit_is_told_in_the_clients_form_and_costs_nothing(
    scene: Scene, subtests: pytest.Subtests
) -> None:
    for changed, kind, line in REFUSED:
        with subtests.test(line), pytest.raises(kind) as told:
            scene.client.audio.speech.create(
                **{"model": "tts-1", "voice": "alloy", "input": TEXT, **changed}
            )
        body = told.value.body
        assert isinstance(body, dict)
        assert line in body["message"]
        assert body["type"] == "invalid_request_error"
    assert scene.jobs() == []


def test_who_goes_away_is_charged_nothing(scene: Scene) -> None:
    hurried = scene.client.with_options(timeout=0.5)
    with pytest.raises(openai.APITimeoutError):
        hurried.audio.speech.create(
            model="tts-1", voice="alloy", input="The boat is red and old. " * 1900
        )
    wait_until(lambda: scene.jobs() == ["cancelled"], 20)
