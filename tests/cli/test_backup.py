"""`maquette backup` and `maquette restore`, as processes that may die at any moment."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from maquette.cli.app import app
from maquette.core.ids import new_id
from maquette.core.settings import Settings
from maquette.db.beside import FRESH
from maquette.db.connect import connect, open_database
from maquette.db.tables.jobs import job
from maquette.db.tables.library import asset
from maquette.ledger.accounts import open_account
from maquette.ledger.grants import grant
from maquette.ledger.verify import verify
from maquette.library.blobs import Blobs
from tests.waiting import wait_until

PICTURES = 400
ROWS = 20_000  # so that a dump takes a while to be read back


def _fill(settings: Settings, word: str, rows: int) -> list[str]:
    """A studio with pictures of its own; their hashes."""
    blobs = Blobs(settings.data / "blobs")
    hashes = [blobs.put(f"{word} {number}".encode()) for number in range(PICTURES)]
    with open_database(settings) as database, database.begin() as connection:
        open_account(connection, word)
        grant(connection, word, 5, "paid")
        request = {"prompt": word * 100}
        jobs = [
            {
                "job_id": new_id(),
                "account_id": word,
                "kind": "image",
                "queue": "image",
                "request": request,
            }
            for _ in range(rows)
        ]
        connection.execute(sa.insert(job), jobs)
        assets = [
            {
                "asset_id": new_id(), "job_id": jobs[0]["job_id"], "account_id": word,
                "position": number, "media_type": "image/png", "content_hash": content_hash,
                "size_bytes": 1,
            }
            for number, content_hash in enumerate(hashes)
        ]  # fmt: skip
        connection.execute(sa.insert(asset), assets)
    return hashes


def _is_whole(settings: Settings, word: str, rows: int, hashes: list[str]) -> bool:
    blobs = Blobs(settings.data / "blobs")
    with open_database(settings) as database, database.connect() as connection:
        query = sa.select(job.c.account_id, sa.func.count()).group_by(job.c.account_id)
        assert [tuple(row) for row in connection.execute(query)] == [(word, rows)]
        named = connection.execute(sa.select(asset.c.content_hash)).scalars().all()
        assert sorted(named) == sorted(hashes)
        assert all(blobs.get(one) for one in named)
        return list(verify(database)) == []


def _restoring(url: sa.URL) -> bool:
    with connect(url.set(database="postgres")) as engine, engine.connect() as connection:
        query = sa.text("SELECT EXISTS (SELECT FROM pg_database WHERE datname = :name)")
        return connection.execute(query, {"name": f"{url.database}{FRESH}"}).scalar_one()


def _has_begun(process: "subprocess.Popen[bytes]", url: sa.URL) -> bool:
    assert process.poll() is None
    return _restoring(url)


LEAST_S = 0.1  # of its work, by which it has to be killed wherever this runs


@pytest.mark.slow
def test_a_restore_that_is_killed_leaves_what_was_there_and_can_be_done_again(
    new_url: Callable[[], str], tmp_path: Path
) -> None:
    old = Settings(data=tmp_path / "old", database=new_url())
    source = Settings(data=tmp_path / "source", database=new_url())
    hashes, others = _fill(old, "old", 3), _fill(source, "new", ROWS)
    place = str(tmp_path / "kept")
    environ = {"MAQUETTE_DATA": str(source.data), "MAQUETTE_DATABASE": str(source.database)}
    made = CliRunner().invoke(app, ["backup", place, "--json"], obj=environ)
    assert made.exit_code == 0, made.output
    assert json.loads(made.stdout)["blobs"] == PICTURES
    words = ["restore", place, "--data", str(old.data), "--database", str(old.database)]
    command = [sys.executable, "-m", "maquette", *words, "--json"]
    url = sa.make_url(str(old.database))
    for after_s in (0.0, LEAST_S, 0.2, 0.5, 1.0):
        with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
            wait_until(partial(_has_begun, process, url), pause_s=0.01)
            time.sleep(after_s)
            if after_s > LEAST_S and process.poll() is not None:
                break  # a fast machine has done by then
            assert process.poll() is None
            process.send_signal(signal.SIGKILL)
        assert _is_whole(old, "old", 3, hashes)
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    said = json.loads(done.stdout)
    assert (said["restored"], said["manifest"]["rows"]["public.job"]) == (True, ROWS)
    assert _is_whole(old, "new", ROWS, others)
    assert not _restoring(url)


@pytest.mark.slow
def test_the_studios_own_server_is_backed_up_and_restored(tmp_path: Path) -> None:
    """No database is named: that in the data folder runs for the command, and stops after it."""
    settings = Settings(data=tmp_path / "data")
    place = str(tmp_path / "kept.tar")
    environ = {"MAQUETTE_DATA": str(settings.data)}
    nothing = CliRunner().invoke(app, ["backup", place], obj=environ)
    assert "there is nothing to back up" in str(nothing.exception)
    assert not Path(place).exists()
    hashes = _fill(settings, "mine", 3)
    made = CliRunner().invoke(app, ["backup", place], obj=environ)
    assert made.exit_code == 0, made.output
    assert f"{place} is a backup, with {PICTURES} new blobs" in made.stdout
    whole = CliRunner().invoke(app, ["restore", place, "--check"], obj=environ)
    assert whole.stdout.endswith(f"{place} is whole\n")
    for blob in hashes[:5]:
        Blobs(settings.data / "blobs").delete(blob)
    back = CliRunner().invoke(app, ["restore", place], obj=environ)
    assert back.exit_code == 0, back.output
    assert "restored, with 5 blobs that were not there" in back.stdout
    assert "the database of before is postgres_before_" in back.stdout
    assert _is_whole(settings, "mine", 3, hashes)
    elsewhere = {"MAQUETTE_DATA": str(tmp_path / "other")}
    fresh = CliRunner().invoke(app, ["restore", place], obj=elsewhere)
    assert fresh.exit_code == 0, fresh.output
    assert "before" not in fresh.stdout
    assert _is_whole(Settings(data=tmp_path / "other"), "mine", 3, hashes)


def test_what_is_lost_is_told_by_the_exit_code(fresh_url: str, tmp_path: Path) -> None:
    settings = Settings(data=tmp_path / "data", database=fresh_url)
    hashes = _fill(settings, "mine", 3)
    Blobs(settings.data / "blobs").delete(hashes[0])
    environ = {"MAQUETTE_DATA": str(settings.data), "MAQUETTE_DATABASE": fresh_url}
    made = CliRunner().invoke(app, ["backup", str(tmp_path / "kept")], obj=environ)
    assert made.exit_code == 1
    assert f"lost: blob {hashes[0]}" in made.output
