"""Jobs for speech: one that a worker died in, voices of a folder, and one whose weights are cut."""

from collections.abc import Iterator
from concurrent.futures import CancelledError
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from maquette.core.settings import Settings
from maquette.core.speech_requests import SpeechParams, SpeechRequest
from maquette.jobs.events import add_event, read_events
from maquette.jobs.store import PROGRESS, Job, create_job, get_job, let_go, start_job
from maquette.library.assets import assets_of
from maquette.library.blobs import Blobs
from maquette.service.job_runner import JobRunner
from maquette.service.making import Making
from maquette.service.speech_maker import SpeechMaker
from maquette.service.submissions import of_speech
from maquette.service.text_servers import TextServers
from maquette.service.ticks import Ticks
from maquette.service.voices import Voices
from maquette.service.wiring import speech_maker
from tests.engines.tiny_vits import write_vits

TEXT = "Good morning. The boat is red."


@dataclass
class Room:
    """Jobs for speech, and who does them."""

    database: sa.Engine
    blobs: Blobs
    jobs: JobRunner
    voices: Path
    maker: SpeechMaker

    def job(self, model: str = "espeak-ng", **params: str) -> Job:
        request = SpeechRequest(TEXT, SpeechParams(**params))  # type: ignore[arg-type]
        asked = of_speech(request, model, Voices(self.voices)).request
        with self.database.begin() as connection:
            return create_job(connection, "me", "speech", asked)

    def run(self, job: Job) -> tuple[Job, list[bytes]]:
        """What became of it, and what was made."""
        self.jobs.run(job.job_id)
        with self.database.connect() as connection:
            made = assets_of(connection, [job.job_id])[job.job_id]
            return get_job(connection, job.job_id), [self.blobs.get(a.content_hash) for a in made]


@pytest.fixture
def room(database: sa.Engine, tmp_path: Path) -> Iterator[Room]:
    settings = Settings(data=tmp_path, device="cpu")
    maker = speech_maker(settings, TextServers(database, settings), lambda error: None)
    blobs = Blobs(tmp_path / "blobs")
    with Ticks(database) as ticks:
        jobs = JobRunner(database, blobs, {"speech": maker}, ticks)
        yield Room(database, blobs, jobs, tmp_path / "voices", maker)
    maker.close()


def test_one_that_a_worker_died_in_is_said_again_and_sounds_the_same(room: Room) -> None:
    _, whole = room.run(room.job())
    job = room.job()
    with room.database.begin() as connection:
        assert start_job(connection, job.job_id, "worker")
        add_event(connection, job.job_id, PROGRESS, {"sentences_said": 1, "sentences": 2})
        let_go(connection, job.job_id, "worker")
    ended, made = room.run(job)
    assert (ended.state, len(made)) == ("succeeded", 4)
    assert made == whole
    with room.database.connect() as connection:
        last = read_events(connection, job.job_id)[-1]
    assert last.data["sentences"] == 2
    assert 1 < last.data["seconds"] < 4


def test_what_is_said_long_waits_for_others_that_are(room: Room) -> None:
    """By what is said and how fast, not by what was typed."""

    def made(text: str, **params: Any) -> bool:
        """Whether there was room for it."""
        request = SpeechRequest(text, SpeechParams(**params))
        asked = of_speech(request, "espeak-ng", Voices(None)).request
        with room.database.begin() as connection:
            job = create_job(connection, "me", "speech", asked)
        told: list[object] = []
        making = Making(job, lambda: False, told.append, told.append, *[lambda *_: None] * 3)
        with pytest.raises(CancelledError):
            room.maker.make(making)
        return bool(said)

    said: list[object] = []
    usual = room.maker._espeak.say
    room.maker._espeak.say = lambda sentence: said.append(sentence) or usual(sentence)
    assert made("Good morning. The boat is red.")
    said.clear()
    with room.maker._long, room.maker._long:
        assert made("Good morning. " * 10)
        said.clear()
        assert not made("a " * 90, pronunciations=(("a", "very " * 15 + "long"),))
        assert not made("Good morning. " * 100, speed=0.25)
        assert not made(
            '<speak><prosody rate="x-slow">' + "One more. " * 500 + "</prosody></speak>"
        )
    assert made("Good morning. " * 100, speed=0.25)


def test_a_model_of_the_folder_speaks_and_is_loaded_once(room: Room) -> None:
    write_vits(room.voices / "tiny", language="eng", letters="_abcdefghijklmnopqrstuvwxyz .")
    (ended, made), (_, again) = room.run(room.job("tiny")), room.run(room.job("tiny"))
    assert ended.state == "succeeded", ended.error
    assert made == again
    assert b"The boat is red." in made[1]


def test_weights_that_are_cut_fail_the_job_in_one_line(room: Room) -> None:
    folder = write_vits(room.voices / "tiny", language="eng")
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])
    ended, made = room.run(room.job("tiny"))
    assert (ended.state, made) == ("failed", [])
    assert ended.error
    assert "tiny does not hold a whole model" in ended.error
    assert "\n" not in ended.error
