"""One job's story: watched, cancelled, failed, and gone on with after a crash."""

import threading
import time
from concurrent.futures import CancelledError
from typing import Any

import pytest
import sqlalchemy as sa
import torch
from PIL import Image

from maquette.core.errors import OutOfMemory
from maquette.core.requests import AdapterUse
from maquette.db.tables.library import blob_drop
from maquette.diffusion.engine import DenoisingEngine
from maquette.diffusion.request import Snapshot
from maquette.diffusion.snapshot_file import write_snapshot
from maquette.jobs.events import add_event, read_events
from maquette.jobs.queue import JobQueue
from maquette.jobs.store import end_job, get_job, start_job
from maquette.service.studio import Studio
from tests.conftest import TinyModels
from tests.lora_files import write_diffusers
from tests.service.conftest import ImageRoom
from tests.waiting import PATIENCE_S


def test_a_job_is_drawn_kept_and_not_drawn_twice(room: ImageRoom) -> None:
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


def test_a_slow_job_tells_how_far_it_is(room: ImageRoom) -> None:
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


def test_a_cancelled_job_is_dropped_by_the_engine_and_leaves_nothing(room: ImageRoom) -> None:
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
    room: ImageRoom, tiny_models: TinyModels, sampler: str, worn: str
) -> None:
    adapters = (AdapterUse(worn, 0.7),) if worn else ()
    if worn:
        file = write_diffusers(room.adapters / "folder", tiny_models.image, 1)
        file.rename(room.adapters / f"{worn}.safetensors")
    whole = room.job(sampler=sampler, adapters=adapters)
    room.jobs.run(whole.job_id)
    job = room.job(sampler=sampler, adapters=adapters)
    (one,) = room.image.prepare(room.maker._request(job), str(job.job_id))
    engine = DenoisingEngine(torch.device("cpu"))
    engine.add(one)
    for _ in range(5):
        engine.step()
    snapshot = engine.snapshot(one.request_id)
    write_snapshot(room.maker._place(one), snapshot)
    steps: list[int] = []
    room.image.unet.register_forward_hook(lambda *_: steps.append(1))
    room.jobs.run(job.job_id)
    assert len(steps) == 3
    assert room.hashes(job) == room.hashes(whole)
    assert len(one.adapters) == len(adapters)


def test_a_snapshot_that_does_not_fit_is_passed_over(room: ImageRoom) -> None:
    whole, job = room.job(count=2), room.job(count=2)
    room.jobs.run(whole.job_id)
    first, second = room.image.prepare(room.maker._request(job), str(job.job_id))
    at_the_end = Snapshot(len(first.table), torch.zeros(first.shape), torch.zeros(first.shape))
    write_snapshot(room.maker._place(first), at_the_end)
    write_snapshot(room.maker._place(second), Snapshot(1, torch.zeros(1), torch.zeros(1)))
    room.jobs.run(job.job_id)
    assert (room.state(job), room.hashes(job)) == ("succeeded", room.hashes(whole))


def test_bytes_that_another_deletes_meanwhile_are_there_in_the_end(
    room: ImageRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who deletes them is between the bytes and the rows."""
    job, put, deleted = room.job(), room.blobs.put, []

    def put_and_lose(content: bytes) -> str:
        content_hash = put(content)
        if not deleted:
            deleted.append(content_hash)
            with room.database.begin() as connection:
                connection.execute(sa.insert(blob_drop).values(blob_hash=content_hash))
            Studio(room.database, room.blobs, JobQueue(room.database)).drop_bytes()
            assert not room.blobs.path(content_hash).exists()
        return content_hash

    monkeypatch.setattr(room.blobs, "put", put_and_lose)
    room.jobs.run(job.job_id)
    assert room.hashes(job) == deleted
    assert room.blobs.get(deleted[0])


def test_what_was_cancelled_while_no_worker_was_there_leaves_nothing(room: ImageRoom) -> None:
    job = room.job()
    (one,) = room.image.prepare(room.maker._request(job), str(job.job_id))
    write_snapshot(room.maker._place(one), Snapshot(1, torch.zeros(1), torch.zeros(1)))
    with room.database.begin() as connection:
        start_job(connection, job.job_id, "worker")
        end_job(connection, job.job_id, "cancelled")
    room.jobs.run(job.job_id)
    assert (room.state(job), room.kinds(job)) == ("cancelled", [])
    assert list((room.folder / "snapshots").iterdir()) == []


def test_a_job_ends_with_its_first_failure_and_says_where_memory_is_lacking(
    room: ImageRoom,
) -> None:
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
        runner.join(PATIENCE_S)
    with room.database.connect() as connection:
        error = get_job(connection, job.job_id).error
    assert room.state(job) == "failed"
    assert error is not None
    assert "x 16 x 16 do not fit the memory that cpu has left; ask for a smaller size" in error
    assert len(passes) < 8 + 20  # the other pictures of the job were not even tried
    assert room.state(other) == "succeeded"


def test_a_decoder_that_lacks_memory_says_so_as_a_pass_does(room: ImageRoom) -> None:
    _ = room.image.codec.preview  # which decodes, too, when it is made
    room.image.codec.autoencoder.decoder.register_forward_pre_hook(lambda *_: torch.empty(2**60))
    job = room.job()
    room.jobs.run(job.job_id)
    with room.database.connect() as connection:
        error = get_job(connection, job.job_id).error
    assert error is not None
    assert "x 4 x 4 do not fit the memory that cpu has left; ask for a smaller size" in error
    assert room.broken == []


def test_a_source_that_lacks_memory_says_so_as_well(room: ImageRoom) -> None:
    room.image.codec.autoencoder.encoder.register_forward_pre_hook(lambda *_: torch.empty(2**60))
    with pytest.raises(OutOfMemory, match="x 4 x 8 do not fit the memory that cpu has left"):
        room.image.codec.encode(Image.new("RGB", (128, 64)))


def test_a_decoder_that_meets_a_broken_device_ends_the_loop(room: ImageRoom) -> None:
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
        room.loop.add(room.image.prepare(room.maker._request(room.job()))[0]).result(PATIENCE_S)
