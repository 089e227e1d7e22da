"""One backup at a time is written to a place, whole and on the disk, and what rots is mended."""

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest
import sqlalchemy as sa

from maquette.core.errors import BackupDamaged, UsageError
from maquette.db.connect import open_database
from maquette.library.blobs import Blobs
from maquette.service.backup import back_up
from maquette.service.restore import check_backup
from tests.service.test_backup import Site
from tests.waiting import PATIENCE_S


@pytest.fixture
def site(fresh_url: str, tmp_path: Path) -> Site:
    made = Site(tmp_path / "data", fresh_url)
    made.fill()
    return made


class _Watched(Blobs):
    """Blobs of which each that is read is told of first."""

    def __init__(self, folder: Path, on_read: Callable[[], object]) -> None:
        super().__init__(folder)
        self._on_read = on_read

    def get(self, content_hash: str) -> bytes:
        self._on_read()
        return super().get(content_hash)


@pytest.mark.parametrize(("name", "there"), [("kept", False), ("kept", True), ("kept.tar", False)])
def test_of_two_backups_at_once_into_one_place_the_second_is_refused(
    site: Site, tmp_path: Path, name: str, there: bool
) -> None:
    place, reading, go_on = tmp_path / "backups" / name, threading.Event(), threading.Event()
    if there:
        back_up(site.settings, place, site.blobs)
    with open_database(site.settings) as database, database.begin() as connection:
        site.add(connection, b"one more")

    def wait() -> None:
        reading.set()
        assert go_on.wait(PATIENCE_S)

    slow = _Watched(site.blobs.folder, wait)
    first = threading.Thread(target=back_up, args=(site.settings, place, slow))
    first.start()
    try:
        assert reading.wait(PATIENCE_S)
        with pytest.raises(UsageError, match=f"another backup is being written to .*{name}; wait"):
            back_up(site.settings, place, site.blobs)
    finally:
        go_on.set()
        first.join()
    assert check_backup(place).blobs == 4
    assert [path.name for path in place.parent.iterdir()] == [name]


def test_the_second_is_refused_in_a_process_of_its_own(site: Site, tmp_path: Path) -> None:
    place, refused = tmp_path / "kept", list[str]()
    words = ["backup", str(place), "--data", str(site.settings.data)]
    words += ["--database", str(site.settings.database)]

    def second() -> None:
        command = [sys.executable, "-m", "maquette", *words]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        refused.append(f"{done.returncode} {done.stderr}")

    back_up(site.settings, place, _Watched(site.blobs.folder, second))
    assert len(refused) == 3
    assert all(one.startswith("2 ") and "another backup is being" in one for one in refused)
    assert back_up(site.settings, place, site.blobs).new_blobs == 0


def test_no_transaction_is_open_while_files_are_copied(site: Site, tmp_path: Path) -> None:
    """For what is deleted meanwhile would stay in the tables for as long."""
    query = "SELECT count(*) FROM pg_stat_activity WHERE backend_xmin IS NOT NULL "
    query += "AND backend_type = 'client backend' "
    query += "AND datname = current_database() AND pid <> pg_backend_pid()"
    seen: list[int] = []
    with open_database(site.settings) as database:

        def look() -> None:
            with database.connect() as connection:
                seen.append(connection.execute(sa.text(query)).scalar_one())

        back_up(site.settings, tmp_path / "kept", _Watched(site.blobs.folder, look))
    assert seen == [0, 0, 0]


@pytest.mark.parametrize(("rotten", "verify"), [(b"", False), (b"x", True)])
def test_a_blob_that_rots_in_the_folder_is_mended(
    site: Site, tmp_path: Path, rotten: bytes, verify: bool
) -> None:
    place, picture = tmp_path / "kept", sha256(b"picture 1").hexdigest()
    back_up(site.settings, place, site.blobs)
    for whole in (b"picture 1", b"weights"):
        path = Blobs(place / "blobs").path(sha256(whole).hexdigest())
        path.write_bytes(rotten * len(whole))
    with pytest.raises(BackupDamaged, match=r"is lost or damaged; .* with --verify"):
        check_backup(place)
    if verify:  # what has the right size is not read else
        assert back_up(site.settings, place, site.blobs).new_blobs == 0
    assert back_up(site.settings, place, site.blobs, verify=verify).new_blobs == 1
    assert check_backup(place).missing == []
    site.blobs.delete(picture)  # then the backup's own is all that there is
    assert back_up(site.settings, place, site.blobs, verify=True).manifest.missing == []
    Blobs(place / "blobs").path(picture).write_bytes(rotten * 9)
    assert back_up(site.settings, place, site.blobs, verify=True).lost == [picture]
    assert check_backup(place).missing == [picture]


def test_a_backup_is_on_the_disk_before_the_one_of_before_goes(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "kept"
    back_up(site.settings, place, site.blobs)
    done: list[tuple[str, str]] = []
    fsync, unlink = os.fsync, Path.unlink

    def flushed(descriptor: int) -> None:
        done.append(("flushed", os.path.basename(os.readlink(f"/proc/self/fd/{descriptor}"))))
        fsync(descriptor)

    def gone(path: Path, missing_ok: bool = False) -> None:
        done.append(("gone", path.name))
        unlink(path, missing_ok)

    monkeypatch.setattr(os, "fsync", flushed)
    monkeypatch.setattr(Path, "unlink", gone)
    made = back_up(site.settings, place, site.blobs)
    first = next(n for n, (what, name) in enumerate(done) if (what, name[-5:]) == ("gone", ".dump"))
    before = [name for what, name in done[:first] if what == "flushed"]
    assert {*made.manifest.parts, "kept"} <= set(before)
    assert before[-1] == "kept"
    assert any(name.startswith(".manifest.json.") for name in before)
