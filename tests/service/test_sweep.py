"""What no request names goes after its time, and nothing else does."""

import io
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from PIL import Image

from maquette.core.errors import InvalidRequest, NotFound
from maquette.core.requests import SamplingParams
from maquette.core.settings import Settings
from maquette.db.connect import open_database
from maquette.db.locks import lock_name
from maquette.db.tables.library import upload
from maquette.jobs.queue import JobQueue
from maquette.library.blobs import Blobs
from maquette.service import background, sweep
from maquette.service.studio import Studio
from maquette.service.sweep import Sweeper, sweep_uploads
from tests.credits import settle
from tests.waiting import PATIENCE_S, wait_until

DAY = timedelta(days=1)
SMALL = SamplingParams("a cat", width=64, height=64)


class _Room:
    def __init__(self, database: sa.Engine, queue: JobQueue, folder: Path) -> None:
        self.database, self.blobs, self.queue = database, Blobs(folder), queue
        for account_id in ("me", "another"):
            settle(database, account_id)
        self.studio, self.snapshots = Studio(database, self.blobs, queue), folder / "snapshots"

    def put(self, colour: str, account: str = "me") -> str:
        content = io.BytesIO()
        Image.new("RGB", (64, 64), colour).save(content, "PNG")
        return self.studio.put_picture(account, content.getvalue())

    def age(self) -> None:
        """All that was put is two days older."""
        with self.database.begin() as connection:
            connection.execute(sa.update(upload).values(created_at=upload.c.created_at - 2 * DAY))

    def knows(self, content_hash: str) -> bool:
        this = upload.c.content_hash == content_hash
        with self.database.connect() as connection:
            return connection.execute(sa.select(sa.exists().where(this))).scalar_one()

    def sweep(self) -> int:
        return sweep_uploads(self.database, self.blobs, DAY)


@pytest.fixture
def room(fresh_url: str, tmp_path: Path) -> Iterator[_Room]:
    with (
        open_database(Settings(database=fresh_url)) as database,
        closing(JobQueue(database)) as queue,
    ):
        yield _Room(database, queue, tmp_path / "blobs")


def test_what_is_old_and_unnamed_goes_and_the_rest_stays(room: _Room) -> None:
    source, mask, unnamed, again = (room.put(c) for c in ("red", "white", "blue", "teal"))
    job, _ = room.studio.submit("me", SMALL, source=source, mask=mask)
    room.studio.delete_job("me", job.job_id)  # which can be undone
    room.age()
    assert room.put("teal") == again
    young = room.put("pink")
    assert room.sweep() == 1
    for content_hash in (source, mask, again, young):
        assert room.studio.picture("me", content_hash)
    with pytest.raises(NotFound):
        room.studio.picture("me", unnamed)
    assert not room.blobs.path(unnamed).exists()
    with pytest.raises(InvalidRequest, match="put it first"):
        room.studio.submit("me", SMALL, source=unnamed)
    assert room.put("blue") == unnamed
    assert room.studio.picture("me", unnamed)
    assert room.sweep() == 0


def test_bytes_stay_while_another_has_them(room: _Room) -> None:
    shared = room.put("red")
    room.age()
    assert room.put("red", account="another") == shared
    assert room.sweep() == 0
    assert room.studio.picture("another", shared)
    with pytest.raises(NotFound):
        room.studio.picture("me", shared)
    room.studio.submit("another", SMALL, source=shared)
    assert room.put("red") == shared
    room.age()
    assert room.sweep() == 0  # mine goes, for the request that names it is not mine
    assert room.studio.picture("another", shared)


def test_it_sweeps_on_after_whatever_failed(
    room: _Room, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(sweep, "SWEEP_S", 0.05)
    content_hash = room.put("red")
    room.age()
    path = room.blobs.path(content_hash)
    path.unlink()
    path.mkdir()  # which no one can delete as a file
    with Sweeper(room.blobs, room.queue, room.snapshots, upload_days=1):
        wait_until(lambda: "uploads that are to be swept stay" in caplog.text)
        assert room.knows(content_hash)  # so that it is tried again
        path.rmdir()
        wait_until(lambda: not room.knows(content_hash))


def test_a_part_that_fails_keeps_no_other_from_its_own(
    room: _Room, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fails(*_: object) -> None:
        raise RuntimeError("boom")

    swept = threading.Event()
    for part in ("sweep_credits", "sweep_uploads", "sweep_snapshots"):
        monkeypatch.setattr(sweep, part, fails)
    monkeypatch.setattr(room.queue, "sweep", fails)
    monkeypatch.setattr(sweep, "drop_old_rates", lambda _: swept.set())
    with Sweeper(room.blobs, room.queue, room.snapshots, upload_days=1):
        assert swept.wait(PATIENCE_S)
    for name in ("credits", "uploads", "entries of the queue", "snapshots"):
        assert f"{name} that are to be swept stay for an hour" in caplog.text


def test_it_leaves_off_when_it_is_told_to(room: _Room, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = sorted(room.put(colour) for colour in ("red", "blue"))
    room.age()
    told = iter([False, True])
    assert sweep_uploads(room.database, room.blobs, DAY, lambda: next(told)) == 1
    assert [room.knows(one) for one in (first, second)].count(True) == 1
    monkeypatch.setattr(background, "FAREWELL_S", 0.2)
    left = first if room.knows(first) else second
    with room.database.begin() as connection:
        lock_name(connection, left)  # so the sweep waits
        with Sweeper(room.blobs, room.queue, room.snapshots, upload_days=1) as sweeper:
            time.sleep(0.5)
        assert sweeper._thread.is_alive()  # and no one waits for it
    sweeper._thread.join(PATIENCE_S)
    assert not sweeper._thread.is_alive()


def test_whoever_puts_or_names_what_is_swept_has_it_or_is_told(room: _Room) -> None:
    """Whether the sweep or they come first: a picture that was put again is here, and a request
    that was let in has its source.
    """
    content_hash, stop = room.put("red"), threading.Event()

    def sweep_on() -> None:
        while not stop.is_set():
            sweep_uploads(room.database, room.blobs, timedelta(seconds=-60))  # however young

    sweeping = threading.Thread(target=sweep_on)
    sweeping.start()
    refused = 0
    try:
        while refused < 300:
            room.put("red")
            try:
                room.studio.submit("me", SMALL, source=content_hash)
                break
            except InvalidRequest:
                refused += 1
    finally:
        stop.set()
        sweeping.join()
    assert refused < 300  # or the sweep was always the faster
    assert room.blobs.get(content_hash)
