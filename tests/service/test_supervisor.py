"""A worker that hangs is found out and started again, and what it was at goes on."""

import os
import sys
import time
from contextlib import closing
from pathlib import Path

import psutil
import pytest
from fastapi.testclient import TestClient

from maquette.api.app import create_app
from maquette.core.settings import Settings
from maquette.db.connect import open_database
from maquette.jobs.queue import JobQueue
from maquette.library.blobs import Blobs
from maquette.service import supervisor as supervising
from maquette.service.owner import prepare_owner
from maquette.service.studio import Studio
from maquette.service.supervisor import Supervisor
from tests.waiting import wait_until

LONG = {"prompt": "a red boat", "num_inference_steps": 200, "width": 64, "height": 64}


# A worker that starts slowly, lives a while and hangs; it ends when its standard input does.
HANGS = """#!{python}
import sys, time
time.sleep(2)
for word in ["ready", *["alive"] * 40]:
    print(word, flush=True)
    time.sleep(0.05)
sys.stdin.read()
"""


def test_none_is_blamed_before_it_takes_jobs_nor_while_it_is_heard(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "worker"
    program.write_text(HANGS.format(python=sys.executable))
    program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(program))
    monkeypatch.setattr(supervising, "LISTEN_S", 0.05)
    begun = time.monotonic()
    with Supervisor(os.environ, still_s=0.8, hung_s=1.0) as supervisor:
        wait_until(supervisor.is_ready)
        assert time.monotonic() - begun >= 2.0  # it was silent for longer than it may be later
        assert supervisor.restarts == 0
        wait_until(lambda: not supervisor.is_ready())
        assert time.monotonic() - begun >= 4.0
        wait_until(lambda: supervisor.restarts == 1)
        wait_until(supervisor.is_ready)


@pytest.mark.slow
def test_a_worker_that_hangs_is_not_ready_and_is_started_again(
    fresh_url: str, tmp_path: Path
) -> None:
    settings = Settings(data=tmp_path, database=fresh_url, backend="eager")
    with (
        open_database(settings) as database,
        closing(JobQueue(database)) as queue,
        Supervisor(os.environ | settings.as_environment(), still_s=8.0, hung_s=16.0) as supervisor,
    ):
        prepare_owner(database)
        studio = Studio(database, Blobs(tmp_path / "blobs"), queue)
        app = create_app(studio, database, supervisor.is_ready)
        with TestClient(app, client=("127.0.0.1", 50000)) as client:

            def is_ready() -> bool:
                return client.get("/readyz").status_code == 200

            def state() -> str:
                return client.get(f"/v1/generations/{asked['generation_id']}").json()["state"]

            wait_until(is_ready)
            asked = client.post("/v1/generations", json=LONG).json()
            wait_until(lambda: state() == "running")
            (hung,) = psutil.Process().children()[-1:]
            assert "worker" in hung.cmdline()
            hung.suspend()
            wait_until(lambda: not is_ready())
            assert client.get("/readyz").json().items() >= {("database", True), ("worker", False)}
            assert hung.is_running()
            wait_until(is_ready)
            assert not hung.is_running()
            assert supervisor.restarts == 1
            wait_until(lambda: state() == "succeeded")
