"""A worker says how fast it is, and the studio lets in what that allows."""

import re
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa
import torch
from torch import Tensor

from maquette.batching.loop import EngineLoop
from maquette.core.errors import InvalidRequest, QueueFull
from maquette.core.requests import SamplingParams
from maquette.core.settings import Settings
from maquette.db.tables.jobs import worker as worker_row
from maquette.diffusion.engine import DenoisingEngine
from maquette.diffusion.noise_schedule import NoiseSchedule
from maquette.diffusion.request import DenoisingRequest, Network
from maquette.diffusion.samplers import compile_table
from maquette.diffusion.step_times import StepTimes
from maquette.engines.catalog import ModelSpec
from maquette.engines.image import ImageEngine
from maquette.jobs.queue import JobQueue
from maquette.jobs.store import Job
from maquette.jobs.workers import StepTime, measured_step_times, report
from maquette.library.blobs import Blobs
from maquette.service import heartbeat, wiring, worker
from maquette.service.admission import QueueLimits
from maquette.service.heartbeat import BEAT_S, Heartbeat, summary
from maquette.service.studio import Studio
from tests.conftest import TinyModels
from tests.credits import settle
from tests.waiting import PATIENCE_S, wait_until

SMALL = SamplingParams("a cat", width=64, height=64, num_inference_steps=20)


def _request(network: Network) -> DenoisingRequest:
    table = compile_table("ddim", NoiseSchedule(prediction_type="v_prediction"), 2)
    context = torch.zeros(2, 1, 1)
    return DenoisingRequest("0", "net", network, table, (1.0,) * 2, (1, 4, 4), context)


def test_what_is_reported_stays_until_it_changes(database: sa.Engine) -> None:
    def known() -> list[StepTime]:
        with database.connect() as connection:
            return measured_step_times(connection).get("starter", [])

    first = StepTime(4096, 20.0, 10.0, [])
    second = StepTime(65536, 90.0, 40.0, [(2, 90.0), (4, 160.0)], 30.0, 5.0)
    assert known() == []
    for said, kept in ((None, []), ([first, second], [first, second]), ([second], [second])):
        with database.begin() as connection:
            report(connection, "worker-1", None if said is None else {"starter": said})
        assert known() == kept
    with database.begin() as connection:
        report(connection, "worker-1")
        assert measured_step_times(connection)["starter"] == [second]
        assert "another" not in measured_step_times(connection)


def test_shapes_of_as_many_pixels_are_one_size() -> None:
    times = StepTimes()
    for rows, side, pass_ms in ((2, 8, 30.0), (4, 8, 50.0), (2, 16, 70.0)):
        for _ in range(4):
            times.record(("net", (4, side, side), (3, 6)), rows, pass_ms)
    for _ in range(4):
        times.record(("net", (4, 4, 16), (3, 6)), 2, 31.0)
        times.record(("other", (4, 3, 8, 8), (3, 6)), 2, 500.0)
    assert summary(times, "net", 8, {16384: 9.0}, 2.0) == [
        StepTime(4096, 31.0, 15.5, [(2, 31.0)], None, 2.0),
        StepTime(16384, 70.0, 35.0, [(2, 70.0)], 9.0, 2.0),
    ]


def test_a_heart_beats_only_while_the_engine_goes_on(
    database: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(heartbeat, "BEAT_S", 0.05)
    hanging, go_on = threading.Event(), threading.Event()

    def hangs(latents: Tensor, *_: object) -> Tensor:
        hanging.set()
        assert go_on.wait(PATIENCE_S)
        return latents

    beats: list[object] = []

    def beats_within(seconds: float) -> bool:
        before, last = len(beats), _heartbeat_at(database)
        time.sleep(seconds)
        assert (len(beats) != before) == (_heartbeat_at(database) != last)
        return len(beats) != before

    loop = EngineLoop(DenoisingEngine(torch.device("cpu")))
    with Heartbeat(database, "worker-1", [loop], dict, lambda: beats.append(1), longest_pass_s=2.0):
        assert beats_within(1.0)  # with nothing to do
        future = loop.add(_request(hangs))
        assert hanging.wait(PATIENCE_S)
        assert beats_within(1.0)  # a pass may take its time
        time.sleep(2.0)
        assert not beats_within(1.0)
        go_on.set()
        future.result(PATIENCE_S)
        assert beats_within(1.0)
    loop.close()


def test_a_heart_outlives_whatever_fails_in_a_beat(
    database: sa.Engine, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(heartbeat, "BEAT_S", 0.02)
    failures, beats = 3, threading.Semaphore(0)

    def measured() -> dict[str, list[StepTime]]:
        nonlocal failures
        failures -= 1
        if failures >= 0:
            raise ZeroDivisionError("no pass took any time")
        return {"starter": [StepTime(4096, 20.0, 10.0)]}

    loop = EngineLoop(DenoisingEngine(torch.device("cpu")))
    with Heartbeat(database, "worker-1", [loop], measured, beats.release):
        for _ in range(6):
            assert beats.acquire(timeout=PATIENCE_S)
    loop.close()
    assert caplog.text.count("cannot say that it lives") == 3
    with database.connect() as connection:
        assert measured_step_times(connection)["starter"] == [StepTime(4096, 20.0, 10.0, [])]


def _heartbeat_at(database: sa.Engine) -> object:
    with database.connect() as connection:
        return connection.execute(sa.select(worker_row.c.heartbeat_at)).scalar()


def _wait_for_end(studio: Studio, job: Job) -> Job:
    return wait_until(lambda: now if (now := studio.job("me", job.job_id)).ended else None)


def _fill(studio: Studio) -> QueueFull:
    for _ in range(20):
        try:
            studio.submit("me", SMALL)
        except QueueFull as error:
            return error
    raise AssertionError("all were let in")


@pytest.mark.slow
def test_a_studio_lets_in_what_its_worker_can_do(
    fresh_url: str,
    database: sa.Engine,
    tiny_models: TinyModels,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    image = ImageEngine(ModelSpec("starter", tiny_models.image), torch.device("cpu"), torch.float32)
    # Slowed, so that it takes what it takes on a busy machine, too.
    image.unet.register_forward_pre_hook(lambda *_: time.sleep(0.2))
    monkeypatch.setattr(wiring, "image_engine", lambda *_, **__: image)
    stop, ready = threading.Event(), threading.Event()
    settings = Settings(data=tmp_path, database=fresh_url)
    running = threading.Thread(target=worker.work, args=(settings, stop, ready.set))
    with closing(JobQueue(database)) as queue:
        settle(database, "me")
        studio = Studio(database, Blobs(tmp_path / "blobs"), queue, QueueLimits(most_s=30.0))
        unknown, _ = studio.submit("me", SMALL)
        assert unknown.expected_at is None  # nothing is measured yet
        running.start()
        try:
            assert ready.wait(PATIENCE_S)
            _wait_for_end(studio, unknown)
            time.sleep(2 * BEAT_S)  # by now this size is known, too
            first = _wait_for_end(studio, studio.submit("me", SMALL)[0])
            assert first.expected_at is not None
            assert first.finished_at is not None
            promised = (first.expected_at - first.created_at).total_seconds()
            took = (first.finished_at - first.created_at).total_seconds()
            assert 4.0 <= promised < 30.0  # twenty passes of at least 200 ms
            assert took / 3 < promised < 3 * took
            with pytest.raises(InvalidRequest, match=r"30 s of work are let in; ask for fewer st"):
                studio.submit("me", SamplingParams("a cat", num_inference_steps=1000))
            full = _fill(studio)
            assert re.match(r"\d requests wait, about \d+ s of work; try again", full.message)
            time.sleep(full.retry_after_s)
            studio.submit("me", SMALL)  # as it was told
        finally:
            for job in studio.jobs("me", 100):
                studio.cancel("me", job.job_id)
            stop.set()
            running.join(PATIENCE_S)
