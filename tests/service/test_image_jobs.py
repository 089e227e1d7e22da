"""One job's story: watched, cancelled, failed, and gone on with after a crash."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import CancelledError
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import torch
from PIL import Image
from sqlalchemy.exc import OperationalError

from maquette.core.errors import OutOfMemory
from maquette.core.requests import AdapterUse, SamplingParams
from maquette.core.settings import Settings
from maquette.db.connect import open_database
from maquette.diffusion.engine import DenoisingEngine
from maquette.diffusion.loop import EngineLoop
from maquette.diffusion.request import Snapshot
from maquette.diffusion.snapshot_file import write_snapshot
from maquette.engines.catalog import ModelSpec
from maquette.engines.image import ImageEngine
from maquette.jobs.events import add_event, read_events
from maquette.jobs.store import Job, create_job, end_job, get_job, list_jobs, start_job
from maquette.library.assets import assets_of
from maquette.library.blobs import Blobs
from maquette.service import image_jobs
from maquette.service.image_jobs import ImageJobs
from tests.conftest import TinyModels
from tests.lora_files import write_diffusers


class _Room:
    """Jobs on a tiny model whose steps can be slowed down."""

    def __init__(self, database: sa.Engine, folder: Path, model: Path) -> None:
        self.database, self.folder = database, folder
        self.blobs = Blobs(folder / "blobs")
        spec = ModelSpec("starter", model)
        self.adapters = folder / "adapters"
        self.image = ImageEngine(spec, torch.device("cpu"), torch.float32, self.adapters)
        # Bytes are compared: on a busy machine two pictures of a job do not always share passes.
        self.loop = EngineLoop(
            DenoisingEngine(torch.device("cpu"), deterministic=True), self._note_broken
        )
        self.broken: list[tuple[Exception, set[str]]] = []  # with the states of all jobs then
        self.jobs = ImageJobs(
            database, self.blobs, {"starter": self.image}, self.loop, folder / "snapshots"
        )
        self.pause_s = 0.0
        self.image.unet.register_forward_pre_hook(lambda *_: time.sleep(self.pause_s))

    def job(self, count: int = 1, **params: Any) -> Job:
        small: dict[str, Any] = {"width": 64, "height": 64, "num_inference_steps": 8, "seed": 3}
        asked = {
            "params": asdict(SamplingParams("a cat", **small | params)),
            "count": count,
            "model": "starter",
            "source": None,
            "mask": None,
        }
        with self.database.begin() as connection:
            return create_job(connection, "me", "image", asked)

    def _note_broken(self, error: Exception) -> None:
        with self.database.connect() as connection:
            self.broken.append((error, {one.state for one in list_jobs(connection, "me", 100)}))

    def hashes(self, job: Job) -> list[str]:
        with self.database.connect() as connection:
            return [a.content_hash for a in assets_of(connection, [job.job_id])[job.job_id]]

    def kinds(self, job: Job) -> list[str]:
        with self.database.connect() as connection:
            return [event.kind for event in read_events(connection, job.job_id)]

    def state(self, job: Job) -> str:
        with self.database.connect() as connection:
            return get_job(connection, job.job_id).state


@pytest.fixture
def room(fresh_url: str, tiny_models: TinyModels, tmp_path: Path) -> Iterator[_Room]:
    with open_database(Settings(database=fresh_url)) as database:
        made = _Room(database, tmp_path, tiny_models.image)
        yield made
        made.loop.close()


def test_a_job_is_drawn_kept_and_not_drawn_twice(room: _Room) -> None:
    job = room.job(count=3)
    room.jobs.run(job.job_id)
    assert (room.state(job), room.kinds(job)) == ("succeeded", ["running", "succeeded"])
    hashes = room.hashes(job)
    assert len(set(hashes)) == 3
    assert all(room.blobs.get(h).startswith(b"\x89PNG") for h in hashes)
    room.jobs.run(job.job_id)  # as after a crash between the last commit and the queue's own
    assert room.hashes(job) == hashes
    assert room.kinds(job) == ["running", "succeeded"]
    assert not room.jobs.under_way


def test_a_slow_job_tells_how_far_it_is(room: _Room) -> None:
    room.pause_s = 0.3
    job = room.job(count=2)
    runner = threading.Thread(target=room.jobs.run, args=(job.job_id,))
    runner.start()
    seen: list[dict[str, Any]] = []
    while runner.is_alive():
        with room.database.connect() as connection:
            events = read_events(connection, job.job_id)
        seen += [dict(e.data) for e in events if e.kind == "progress"]
        time.sleep(0.1)
    assert seen
    assert {s["steps"] for s in seen} == {16}
    assert [s["step"] for s in seen] == sorted(s["step"] for s in seen)
    assert 0 < seen[0]["remaining_ms"] < 10_000
    assert [len(s["previews"]) for s in seen] == [2] * len(seen)
    assert all(p.startswith("data:image/webp;base64,") for p in seen[-1]["previews"])
    assert room.kinds(job) == ["running", "succeeded"]
    assert list((room.folder / "snapshots").iterdir()) == []


def test_a_cancelled_job_is_dropped_by_the_engine_and_leaves_nothing(room: _Room) -> None:
    room.pause_s = 0.2
    job = room.job(count=2, num_inference_steps=200)
    runner = threading.Thread(target=room.jobs.run, args=(job.job_id,))
    runner.start()
    time.sleep(1.5)
    with room.database.begin() as connection:
        assert end_job(connection, job.job_id, "cancelled")
        add_event(connection, job.job_id, "cancelled", {})
    runner.join(5)
    assert not runner.is_alive()
    assert (room.state(job), room.hashes(job)) == ("cancelled", [])
    assert room.kinds(job)[-1] == "cancelled"
    assert list((room.folder / "snapshots").iterdir()) == []


@pytest.mark.parametrize(
    ("sampler", "worn"), [("dpm++2m", ""), ("euler-a", ""), ("lcm", ""), ("euler", "ink")]
)
def test_a_job_that_goes_on_ends_in_the_same_picture(
    room: _Room, tiny_models: TinyModels, sampler: str, worn: str
) -> None:
    adapters = (AdapterUse(worn, 0.7),) if worn else ()
    if worn:
        file = write_diffusers(room.adapters / "folder", tiny_models.image, 1)
        file.rename(room.adapters / f"{worn}.safetensors")
    whole = room.job(sampler=sampler, adapters=adapters)
    room.jobs.run(whole.job_id)
    job = room.job(sampler=sampler, adapters=adapters)
    (one,) = room.image.prepare(room.jobs._request(job), str(job.job_id))
    engine = DenoisingEngine(torch.device("cpu"))
    engine.add(one)
    for _ in range(5):
        engine.step()
    snapshot = engine.snapshot(one.request_id)
    write_snapshot(room.jobs._place(one), snapshot)
    steps: list[int] = []
    room.image.unet.register_forward_hook(lambda *_: steps.append(1))
    room.jobs.run(job.job_id)
    assert len(steps) == 3
    assert room.hashes(job) == room.hashes(whole)
    assert len(one.adapters) == len(adapters)


def test_a_snapshot_that_does_not_fit_is_passed_over(room: _Room) -> None:
    whole, job = room.job(count=2), room.job(count=2)
    room.jobs.run(whole.job_id)
    first, second = room.image.prepare(room.jobs._request(job), str(job.job_id))
    at_the_end = Snapshot(len(first.table), torch.zeros(first.shape), torch.zeros(first.shape))
    write_snapshot(room.jobs._place(first), at_the_end)
    write_snapshot(room.jobs._place(second), Snapshot(1, torch.zeros(1), torch.zeros(1)))
    room.jobs.run(job.job_id)
    assert (room.state(job), room.hashes(job)) == ("succeeded", room.hashes(whole))


def test_a_job_that_kills_its_worker_is_given_up(room: _Room) -> None:
    job = room.job()
    with room.database.begin() as connection:
        for _ in range(3):
            start_job(connection, job.job_id)
    room.jobs.run(job.job_id)
    assert (room.state(job), room.hashes(job)) == ("failed", [])
    with room.database.connect() as connection:
        assert get_job(connection, job.job_id).error == "this broke 3 times; ask for less"


@pytest.mark.parametrize(("times", "state"), [(2, "succeeded"), (3, "failed")])
def test_what_breaks_is_tried_three_times(
    room: _Room, monkeypatch: pytest.MonkeyPatch, times: int, state: str
) -> None:
    tries: list[float] = []
    finish = room.image.finish

    def breaks(*given: Any) -> Any:
        tries.append(time.monotonic())
        if len(tries) <= times:
            raise RuntimeError("boom")
        return finish(*given)

    monkeypatch.setattr(image_jobs, "FIRST_RETRY_S", 0.5)
    monkeypatch.setattr(room.image, "finish", breaks)
    job = room.job()
    room.jobs.run(job.job_id)
    assert room.state(job) == state
    assert len(tries) == 3
    assert tries[1] - tries[0] >= 0.5
    assert tries[2] - tries[1] >= 2.0
    with room.database.connect() as connection:
        assert get_job(connection, job.job_id).attempts == 3


def test_a_request_that_is_at_fault_is_tried_once(room: _Room) -> None:
    job = room.job(adapters=(AdapterUse("missing"),))
    room.jobs.run(job.job_id)
    with room.database.connect() as connection:
        failed = get_job(connection, job.job_id)
    assert (failed.state, failed.attempts) == ("failed", 1)


def test_a_job_that_waits_for_another_try_can_be_cancelled(
    room: _Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(image_jobs, "FIRST_RETRY_S", 600.0)
    monkeypatch.setattr(room.image, "finish", lambda *_: 1 / 0)
    job = room.job()
    runner = threading.Thread(target=room.jobs.run, args=(job.job_id,))
    runner.start()
    time.sleep(1.0)
    with room.database.begin() as connection:
        assert end_job(connection, job.job_id, "cancelled")
    runner.join(10)
    assert not runner.is_alive()
    assert room.state(job) == "cancelled"


def test_an_attempt_that_is_anothers_by_now_writes_nothing(room: _Room) -> None:
    room.pause_s = 0.2
    job = room.job(num_inference_steps=200)
    runner = threading.Thread(target=room.jobs.run, args=(job.job_id,))
    runner.start()
    kept = room.folder / "snapshots"
    while not [*kept.iterdir()]:
        time.sleep(0.05)
    with room.database.begin() as connection:
        assert start_job(connection, job.job_id, "another")
    runner.join(10)
    assert not runner.is_alive()
    assert (room.state(job), room.hashes(job)) == ("running", [])
    assert [*kept.iterdir()]  # for the other to go on from


def test_a_picture_that_was_drawn_for_another_attempt_is_not_kept(
    room: _Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    job, finish = room.job(), room.image.finish

    def another_begins(*given: Any) -> Any:
        with room.database.begin() as connection:
            assert start_job(connection, job.job_id, "another")
        return finish(*given)

    monkeypatch.setattr(room.image, "finish", another_begins)
    room.jobs.run(job.job_id)
    assert (room.state(job), room.hashes(job), room.kinds(job)) == ("running", [], ["running"])


def test_a_job_waits_while_the_database_is_away(
    room: _Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[int] = []
    finish = room.image.finish

    def away_twice(*given: Any) -> Any:
        calls.append(1)
        if len(calls) <= 2:
            raise OperationalError("SELECT 1", {}, Exception("gone"))
        return finish(*given)

    monkeypatch.setattr(room.image, "finish", away_twice)
    job = room.job()
    room.jobs.run(job.job_id)
    assert (room.state(job), room.kinds(job)) == ("succeeded", ["running", "succeeded"])
    with room.database.connect() as connection:
        assert get_job(connection, job.job_id).attempts == 1


def test_what_was_cancelled_while_no_worker_was_there_leaves_nothing(room: _Room) -> None:
    job = room.job()
    (one,) = room.image.prepare(room.jobs._request(job), str(job.job_id))
    write_snapshot(room.jobs._place(one), Snapshot(1, torch.zeros(1), torch.zeros(1)))
    with room.database.begin() as connection:
        start_job(connection, job.job_id)
        end_job(connection, job.job_id, "cancelled")
    room.jobs.run(job.job_id)
    assert (room.state(job), room.kinds(job)) == ("cancelled", [])
    assert list((room.folder / "snapshots").iterdir()) == []


def test_a_job_ends_with_its_first_failure_and_says_where_memory_is_lacking(room: _Room) -> None:
    passes: list[int] = []

    def greedy(module: Any, given: Any) -> None:
        passes.append(len(given[0]))
        if given[0].shape[-1] == 16:
            torch.empty(2**60)

    room.image.unet.register_forward_pre_hook(greedy)
    room.pause_s = 0.1
    job, other = room.job(count=20, width=256, height=256), room.job()
    runners = [threading.Thread(target=room.jobs.run, args=(j.job_id,)) for j in (job, other)]
    for runner in runners:
        runner.start()
    for runner in runners:
        runner.join(30)
    with room.database.connect() as connection:
        error = get_job(connection, job.job_id).error
    assert room.state(job) == "failed"
    assert error is not None
    assert "x 16 x 16 do not fit the memory that cpu has left; ask for a smaller size" in error
    assert len(passes) < 8 + 20  # the other pictures of the job were not even tried
    assert room.state(other) == "succeeded"


def test_a_decoder_that_lacks_memory_says_so_as_a_pass_does(room: _Room) -> None:
    _ = room.image.codec.preview  # which decodes, too, when it is made
    room.image.codec.autoencoder.decoder.register_forward_pre_hook(lambda *_: torch.empty(2**60))
    job = room.job()
    room.jobs.run(job.job_id)
    with room.database.connect() as connection:
        error = get_job(connection, job.job_id).error
    assert error is not None
    assert "x 4 x 4 do not fit the memory that cpu has left; ask for a smaller size" in error
    assert room.broken == []


def test_a_source_that_lacks_memory_says_so_as_well(room: _Room) -> None:
    room.image.codec.autoencoder.encoder.register_forward_pre_hook(lambda *_: torch.empty(2**60))
    with pytest.raises(OutOfMemory, match="x 4 x 8 do not fit the memory that cpu has left"):
        room.image.codec.encode(Image.new("RGB", (128, 64)))


def test_a_decoder_that_meets_a_broken_device_ends_the_loop(room: _Room) -> None:
    def breaks(*_: Any) -> None:
        raise torch.AcceleratorError("CUDA error: an illegal memory access was encountered")

    job = room.job()
    _ = room.image.codec.preview  # which decodes, too, when it is made
    room.image.codec.autoencoder.decoder.register_forward_pre_hook(breaks)
    with pytest.raises(CancelledError):  # of its next attempt, which a worker no more lives to see
        room.jobs.run(job.job_id)
    ((error, states),) = room.broken
    assert isinstance(error, torch.AcceleratorError)
    assert states == {"running"}  # a worker ends before its job hears of it
    with pytest.raises(CancelledError):
        room.loop.add(room.image.prepare(room.jobs._request(room.job()))[0]).result(10)


def test_what_breaks_ends_the_job_in_one_line(room: _Room, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("boom\nand a traceback")

    monkeypatch.setattr(image_jobs, "FIRST_RETRY_S", 0.1)
    monkeypatch.setattr(room.image, "finish", broken)
    job = room.job()
    room.jobs.run(job.job_id)
    with room.database.connect() as connection:
        error = get_job(connection, job.job_id).error
    assert (room.state(job), room.hashes(job)) == ("failed", [])
    assert error == "something broke while this was drawn; the log of the studio says what"
