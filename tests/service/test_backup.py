"""A backup holds what its rows name, and a restore changes all or nothing."""

import json
import os
import subprocess
import threading
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest
import sqlalchemy as sa

from maquette.core.errors import BackupDamaged, DatabaseUnavailable, OutputNotWritable, UsageError
from maquette.core.ids import new_id
from maquette.core.settings import Settings
from maquette.db.connect import connect, open_database, revisions
from maquette.db.tables.jobs import job
from maquette.db.tables.library import asset, upload
from maquette.jobs.queue import JobQueue
from maquette.ledger.accounts import open_account
from maquette.ledger.grants import grant
from maquette.library.blobs import Blobs
from maquette.people.audit import read_audit
from maquette.service import restore as story
from maquette.service.backup import back_up
from maquette.service.restore import check_backup, restore
from tests.db.rows_by_revision import MADE, PICTURES, rows_until
from tests.waiting import wait_until


class Site:
    """A data folder and a database."""

    def __init__(self, data: Path, url: str) -> None:
        self.settings = Settings(data=data, database=url)
        self.blobs = Blobs(data / "blobs")

    def add(self, connection: sa.Connection, content: bytes) -> str:
        """A job with one asset, its blob before its row."""
        content_hash = self.blobs.put(content)
        row = {
            "job_id": new_id(),
            "account_id": "ada",
            "kind": "image",
            "queue": "image",
            "request": {},
        }
        connection.execute(sa.insert(job).values(row | {"state": "succeeded"}))
        connection.execute(
            sa.insert(asset).values(
                asset_id=new_id(),
                job_id=row["job_id"],
                account_id="ada",
                position=0,
                media_type="image/png",
                content_hash=content_hash,
                size_bytes=len(content),
            )
        )
        return content_hash

    def fill(self, pictures: int = 3) -> None:
        """Credits, the queue's own tables, pictures, a LoRA and settings with a secret."""
        with open_database(self.settings) as database:
            JobQueue(database).close()
            with database.begin() as connection:
                open_account(connection, "ada")
                grant(connection, "ada", 5, "paid")
                for number in range(pictures):
                    self.add(connection, f"picture {number}".encode())
        adapters = self.settings.data / "adapters"
        adapters.mkdir(parents=True)
        (adapters / "fog.safetensors").write_bytes(b"weights")
        text = 'threads = 2\ndatabase = "postgresql://me:secret@host/studio"\n'
        (self.settings.data / "settings.toml").write_text(text)

    def state(self) -> tuple[list[list[str]], dict[str, bytes]]:
        """All rows that matter, and all files."""
        with connect(sa.make_url(str(self.settings.database))) as engine:
            tables = ("job", "asset", "upload", "balance", "transfer", "entry", "alembic_version")
            with engine.connect() as connection:
                rows = [
                    sorted(map(str, connection.execute(sa.text(f"SELECT * FROM {name}"))))
                    for name in tables
                ]
        return rows, self.files()

    def files(self) -> dict[str, bytes]:
        folder = self.settings.data
        return {
            str(path.relative_to(folder)): path.read_bytes()
            for path in folder.rglob("*")
            if path.is_file()
        }

    def databases(self) -> list[str]:
        """Those of this site's name: its own, and what a restore left."""
        url = sa.make_url(str(self.settings.database))
        query = sa.text("SELECT datname FROM pg_database WHERE starts_with(datname, :name)")
        with connect(url.set(database="postgres")) as engine, engine.connect() as connection:
            return sorted(connection.execute(query, {"name": url.database}).scalars())


NewSite = Callable[[], Site]


@pytest.fixture
def new_site(new_url: Callable[[], str], tmp_path: Path) -> NewSite:
    return lambda: Site(tmp_path / f"data-{new_id().hex[-6:]}", new_url())


@pytest.fixture
def site(new_site: NewSite) -> Site:
    made = new_site()
    made.fill()
    return made


@pytest.mark.parametrize("name", ["kept", "kept.tar"])
def test_all_comes_back_elsewhere_as_it_was(
    site: Site, new_site: NewSite, tmp_path: Path, name: str
) -> None:
    place, other = tmp_path / "backups" / name, new_site()
    made = back_up(site.settings, place, site.blobs)
    assert (made.manifest.blobs, made.new_blobs, made.lost) == (3, 3, [])
    assert made.manifest.rows["public.asset"] == 3
    assert made.manifest.rows["dbos.workflow_status"] == 0
    assert check_backup(place) == made.manifest
    restored = restore(other.settings, place, other.blobs)
    assert (restored.new_blobs, restored.kept, restored.settings_written) == (3, None, True)
    rows, files = site.state()
    there = {name: content for name, content in files.items() if name != "settings.toml"}
    assert other.state() == (rows, there | {"settings.toml": b"threads = 2\n"})
    assert [path.name for path in place.parent.iterdir()] == [name]
    with open_database(other.settings) as database, database.connect() as connection:
        assert [entry.act for entry in read_audit(connection, 10)] == ["backup.restore"]
    with open_database(site.settings) as database, database.connect() as connection:
        assert [entry.act for entry in read_audit(connection, 10)] == ["backup.make"]


def test_secrets_are_kept_only_where_they_are_asked_for(site: Site, tmp_path: Path) -> None:
    for name, with_secrets in (("without", False), ("with", True)):
        back_up(site.settings, tmp_path / name, site.blobs, with_secrets)
        said = (tmp_path / name / "manifest.json").read_text()
        assert ("secret@host" in said) == with_secrets
        assert "threads = 2" in said


def test_a_folder_takes_in_what_is_new_and_lets_go_what_went(site: Site, tmp_path: Path) -> None:
    place = tmp_path / "kept"
    back_up(site.settings, place, site.blobs)
    with open_database(site.settings) as database, database.begin() as connection:
        new = site.add(connection, b"one more")
        gone = connection.execute(sa.select(asset.c.content_hash).limit(1)).scalar_one()
        connection.execute(sa.delete(asset).where(asset.c.content_hash == gone))
    made = back_up(site.settings, place, site.blobs)
    assert (made.manifest.blobs, made.new_blobs) == (3, 1)
    kept = {path.name for path in (place / "blobs").rglob("*") if path.is_file()}
    assert new in kept
    assert gone not in kept
    assert sha256(b"weights").hexdigest() in kept
    assert len(list(place.glob("*.dump"))) == len(list(place.glob("*.blobs"))) == 1
    assert check_backup(place) == made.manifest


def test_a_backup_while_others_write_has_the_blob_of_each_row(
    site: Site, new_site: NewSite, tmp_path: Path
) -> None:
    stop, written = threading.Event(), list[str]()

    def write() -> None:
        with open_database(site.settings) as database:
            while not stop.is_set():
                with database.begin() as connection:
                    written.append(site.add(connection, new_id().bytes))
                    connection.execute(
                        sa.insert(upload).values(
                            account_id="ada", content_hash=written[-1], size_bytes=16
                        )
                    )

    threads = [threading.Thread(target=write) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        wait_until(lambda: len(written) >= 10)
        places = [tmp_path / "kept", tmp_path / "kept", tmp_path / "kept.tar"]
        made = [back_up(site.settings, place, site.blobs).manifest for place in places]
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert all(3 < one.rows["public.asset"] == one.blobs for one in made)
    for place in places[1:]:
        other = new_site()
        restored = restore(other.settings, place, other.blobs)
        with open_database(other.settings) as database, database.connect() as connection:
            hashes = connection.execute(sa.select(asset.c.content_hash)).scalars().all()
        assert len(hashes) == restored.manifest.rows["public.asset"]
        assert all(other.blobs.get(one) for one in hashes)


def test_what_is_lost_is_said_and_the_rest_is_kept(
    site: Site, new_site: NewSite, tmp_path: Path
) -> None:
    lost, changed = (sha256(f"picture {n}".encode()).hexdigest() for n in range(2))
    site.blobs.delete(lost)
    site.blobs.path(changed).write_bytes(b"picture 9")
    made = back_up(site.settings, tmp_path / "kept", site.blobs)
    assert set(made.lost) == set(made.manifest.missing) == {lost, changed}
    other = new_site()
    assert restore(other.settings, tmp_path / "kept", other.blobs).new_blobs == 1


@pytest.mark.parametrize("name", ["kept", "kept.tar"])
@pytest.mark.parametrize("at", [0.1, 0.5, 0.9])
def test_a_backup_that_is_cut_short_is_refused(
    site: Site, tmp_path: Path, name: str, at: float
) -> None:
    place = tmp_path / name
    back_up(site.settings, place, site.blobs)
    before, listed = site.state(), site.databases()
    for path in [place] if place.is_file() else [p for p in place.rglob("*") if p.is_file()]:
        whole = path.read_bytes()
        path.write_bytes(whole[: int(len(whole) * at)])
        with pytest.raises(BackupDamaged):
            restore(site.settings, place, site.blobs)
        path.write_bytes(whole)
    assert check_backup(place)
    assert (site.state(), site.databases()) == (before, listed)


def test_a_backup_in_which_anything_changed_is_refused(site: Site, tmp_path: Path) -> None:
    place = tmp_path / "kept"
    back_up(site.settings, place, site.blobs)
    before, listed = site.state(), site.databases()
    for path in [path for path in place.rglob("*") if path.is_file()]:
        whole = path.read_bytes()
        for damaged in (whole[:-1] + bytes([whole[-1] ^ 1]), None):
            path.write_bytes(damaged) if damaged else path.unlink()
            with pytest.raises(BackupDamaged):
                restore(site.settings, place, site.blobs)
        path.write_bytes(whole)
    manifest = json.loads((place / "manifest.json").read_text())
    manifest["rows"]["public.job"] += 1  # whole JSON, found out only by counting
    (place / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(BackupDamaged, match=r"does not have the rows that it says: public\.job"):
        restore(site.settings, place, site.blobs)
    (place / "manifest.json").write_text(json.dumps(manifest | {"revision": "9999"}))
    with pytest.raises(DatabaseUnavailable, match="its schema is 9999"):
        restore(site.settings, place, site.blobs)
    assert (site.state(), site.databases()) == (before, listed)


def test_a_restore_that_fails_at_any_point_leaves_what_was_there(
    site: Site, new_site: NewSite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = new_site()
    source.fill(5)
    (source.settings.data / "adapters" / "mist.safetensors").write_bytes(b"more")
    back_up(source.settings, tmp_path / "kept", source.blobs)
    before, listed = site.state(), site.databases()

    def fail(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    for owner, name in [
        (story, "fill"), (story, "migrate"), (story, "compare_metadata"), (story, "verify"),
        (story, "note"), (story, "write_whole"), (story.Beside, "swap"), (Blobs, "put"),
    ]:  # fmt: skip
        with monkeypatch.context() as patch:
            patch.setattr(owner, name, fail)
            with pytest.raises(OSError, match="No space left"):
                restore(site.settings, tmp_path / "kept", site.blobs)
        assert (site.state(), site.databases()) == (before, listed), name
    restored = restore(site.settings, tmp_path / "kept", site.blobs)
    assert restored.kept in site.databases()
    again = restore(site.settings, tmp_path / "kept", site.blobs, discard=True)
    assert (again.new_blobs, again.kept) == (0, None)
    assert site.databases() == sorted([*listed, str(restored.kept)])


def test_a_restore_waits_for_no_one_who_uses_the_data(site: Site, tmp_path: Path) -> None:
    back_up(site.settings, tmp_path / "kept", site.blobs)
    with (
        open_database(site.settings) as database,
        database.connect(),
        pytest.raises(DatabaseUnavailable, match="stop the studio and all workers first"),
    ):
        restore(site.settings, tmp_path / "kept", site.blobs)


def test_one_who_comes_while_it_restores_keeps_the_data(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    back_up(site.settings, tmp_path / "kept", site.blobs)
    listed, swap = site.databases(), story.Beside.swap
    with open_database(site.settings) as database, monkeypatch.context() as patch:
        database.dispose()

        def late(server: story.Beside) -> str | None:
            with database.connect():
                return swap(server)

        patch.setattr(story.Beside, "swap", late)
        with pytest.raises(DatabaseUnavailable, match="in use"):
            restore(site.settings, tmp_path / "kept", site.blobs)
    assert site.databases() == listed


def test_a_place_that_holds_something_else_is_left_alone(site: Site, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "one").write_text("mine")
    (tmp_path / "old.tar").write_text("mine")
    for name, said in [
        ("file", "is a file"), ("letters", "holds no backup"), ("old.tar", "is there already"),
    ]:  # fmt: skip
        with pytest.raises(UsageError, match=said):
            back_up(site.settings, tmp_path / name, site.blobs)
    with pytest.raises(OutputNotWritable, match="cannot be written"):
        back_up(site.settings, tmp_path / "file" / "kept", site.blobs)
    assert (tmp_path / "letters" / "one").read_text() == "mine"
    back_up(site.settings, tmp_path / "kept", site.blobs)
    (site.settings.data / "adapters" / "fog.safetensors").write_bytes(b"other")
    with pytest.raises(
        UsageError, match=r"fog.safetensors is another file than that of the backup"
    ):
        restore(site.settings, tmp_path / "kept", site.blobs)


@pytest.mark.parametrize("revision", revisions())
def test_a_backup_of_an_older_schema_is_brought_to_this_one(
    new_site: NewSite, tmp_path: Path, revision: str
) -> None:
    old, new = new_site(), new_site()
    with connect(sa.make_url(str(old.settings.database))) as engine:
        rows_until(engine, revision)
    for picture in PICTURES:
        old.blobs.put(picture)
    made = back_up(old.settings, tmp_path / "kept.tar", old.blobs)
    assert made.manifest.revision == revision
    with connect(sa.make_url(str(old.settings.database))) as engine, engine.connect() as connection:
        version = connection.execute(sa.text("SELECT * FROM alembic_version")).scalar_one()
    assert version == revision  # a backup before an upgrade is not itself the upgrade
    restore(new.settings, tmp_path / "kept.tar", new.blobs)
    with open_database(new.settings) as database, database.connect() as connection:
        assert connection.execute(sa.select(asset.c.content_hash)).scalar_one() == MADE
        assert connection.execute(sa.select(sa.func.count()).select_from(job)).scalar_one() >= 2
    assert new.blobs.get(MADE) == PICTURES[0]


def test_it_goes_from_the_server_that_pip_brings_to_debians_and_back(
    site: Site, new_site: NewSite, debian_postgres: sa.URL, tmp_path: Path
) -> None:
    url = debian_postgres.set(database=f"studio_{new_id().hex}")
    debian = Site(tmp_path / "debian", url.render_as_string(hide_password=False))
    back_up(site.settings, tmp_path / "kept", site.blobs)
    restored = restore(debian.settings, tmp_path / "kept", debian.blobs)
    assert (restored.kept, restored.new_blobs) == (None, 3)
    assert debian.state()[0] == site.state()[0]
    made = back_up(debian.settings, tmp_path / "again.tar", debian.blobs)
    assert made.manifest.postgresql.split(".")[0] != "18"
    assert "a:b" not in made.manifest.model_dump_json()
    back = new_site()
    restore(back.settings, tmp_path / "again.tar", back.blobs)
    assert back.state()[0] == site.state()[0]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a small disk")
def test_a_disk_that_is_full_leaves_what_was_there(
    site: Site, new_site: NewSite, tmp_path: Path
) -> None:
    source = new_site()
    source.fill()
    with open_database(source.settings) as database, database.begin() as connection:
        for number in range(4):
            source.add(connection, bytes([number]) * 400_000)
    back_up(source.settings, tmp_path / "kept", source.blobs)
    small = site.settings.data / "blobs"
    contents = {path.name: path.read_bytes() for path in small.rglob("*") if path.is_file()}
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "none", str(small)]
    subprocess.run(mount, check=True)
    try:
        for content in contents.values():
            site.blobs.put(content)
        before, listed = site.state(), site.databases()
        with pytest.raises(OutputNotWritable, match="no space left on device; free some space"):
            restore(site.settings, tmp_path / "kept", site.blobs)
        assert (site.state(), site.databases()) == (before, listed)
        with pytest.raises(OutputNotWritable, match="no space left on device"):
            back_up(source.settings, small / "kept.tar", source.blobs)
        assert site.state() == before
    finally:
        subprocess.run(["umount", str(small)], check=True)
