"""A studio of several real processes on one database, which can be killed and stopped at will."""

import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx2 as httpx
import sqlalchemy as sa

from maquette.db.tables.jobs import job
from maquette.db.tables.ledger import hold
from maquette.db.tables.library import asset
from maquette.ledger.verify import verify
from maquette.library.blobs import Blobs
from tests.waiting import wait_until

ROOT = Path(__file__).parents[2]
REQUEST = {"prompt": "a red boat", "width": 64, "height": 64, "num_inference_steps": 1}
MANY = {"MAQUETTE_ACCOUNT_REQUESTS": "1000000", "MAQUETTE_QUEUE_JOBS": "1000000"}


class Cluster:
    """An API and workers whose engine is instant (`instant_worker`). Use as a context manager."""

    def __init__(
        self, url: str, data: Path, seconds: float = 0.1, silent_s: float = 5.0, **environ: str
    ) -> None:
        self.url, self.data = url, data
        self._seconds, self._silent_s = seconds, silent_s
        self._environ = os.environ | MANY | {"MAQUETTE_DATA": str(data)} | environ
        self.processes: dict[str, subprocess.Popen[str]] = {}
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.http = httpx.Client(base_url=f"http://127.0.0.1:{self.port}", timeout=30)

    def __enter__(self) -> "Cluster":
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()
        for process in self.processes.values():
            process.kill()
            process.communicate()

    def start_api(self, **environ: str) -> None:
        words = ["studio", "--no-worker", "--no-open", "--port", str(self.port)]
        self._start("api", ["-m", "maquette", *words, "--database", self.url], environ)

    def start_worker(self, name: str, *models: str, **environ: str) -> None:
        numbers = [str(self._seconds), str(self._silent_s)]
        words = [self.url, str(self.data), name, *numbers, *models]
        self._start(name, ["-m", "tests.service.instant_worker", *words], environ)

    def _start(self, name: str, words: Sequence[str], environ: dict[str, str]) -> None:
        self.processes[name] = subprocess.Popen(
            [sys.executable, *words],
            cwd=ROOT,
            env=self._environ | environ | {"PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}"},
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            text=True,
        )

    def kill(self, name: str) -> None:
        self.processes[name].kill()
        self.processes[name].communicate()

    def signal(self, name: str, number: signal.Signals) -> None:
        self.processes[name].send_signal(number)

    def answers(self) -> bool:
        """Whether the API does."""
        try:
            return self.http.get("/livez").status_code == 200
        except httpx.TransportError:
            return False

    def ready(self) -> bool:
        """Whether the API answers, and a worker lives."""
        try:
            return self.http.get("/readyz").status_code == 200
        except httpx.TransportError:
            return False

    def ask(self, http: httpx.Client | None = None, **more: Any) -> UUID | None:
        """The id of a request that was accepted; None where it was not, or no one knows."""
        try:
            answer = (http or self.http).post("/v1/generations", json={**REQUEST, **more})
        except httpx.TransportError:
            return None
        if answer.status_code in (429, 503):
            return None
        assert answer.status_code == 202, answer.text
        return UUID(answer.json()["generation_id"])

    def ask_for(self, count: int, at_once: int = 4) -> set[UUID]:
        """So many requests that were accepted, asked for again where they were not."""
        accepted: list[UUID] = []

        def person() -> None:
            with httpx.Client(base_url=self.http.base_url, timeout=30) as http:
                while len(accepted) < count:
                    if (job_id := self.ask(http)) is None:
                        time.sleep(0.1)
                    else:
                        accepted.append(job_id)

        people = [threading.Thread(target=person) for _ in range(at_once)]
        for one in people:
            one.start()
        for one in people:
            one.join()
        return set(accepted)


class Killer:
    """Kills one process of a cluster after the other, and starts it again, while this is open."""

    def __init__(self, cluster: Cluster, seed: int, pause_s: float) -> None:
        self._cluster, self._chance, self._pause_s = cluster, random.Random(seed), pause_s
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._keep_on)
        self.kills = 0

    def __enter__(self) -> "Killer":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join()

    def _keep_on(self) -> None:
        while not self._stopping.wait(self._pause_s * self._chance.uniform(0.5, 1.5)):
            name = self._chance.choice(sorted(self._cluster.processes))
            self._cluster.kill(name)
            self.kills += 1
            if name == "api":
                self._cluster.start_api()
                wait_until(self._cluster.answers)  # or a busy machine would never get so far
            else:
                self._cluster.start_worker(name)


def unfinished(database: sa.Engine) -> int:
    with database.connect() as connection:
        query = sa.select(sa.func.count()).where(job.c.state.in_(("queued", "running")))
        return connection.execute(query).scalar_one()


def check_all(database: sa.Engine, data: Path, accepted: set[UUID]) -> None:
    """All that was accepted has ended, each with its picture, its charge and its bytes; nothing is
    held any more, and the ledger is whole. Where workers are killed at random, one in a hundred
    may have been there as often as what kills them: given up, and given back.
    """
    assert list(verify(database)) == []
    blobs = Blobs(data / "blobs")
    with database.connect() as connection:
        jobs = {one.job_id: one for one in connection.execute(sa.select(job))}
        assets = connection.execute(sa.select(asset.c.job_id, asset.c.content_hash)).all()
        states = Counter(connection.execute(sa.select(hold.c.state)).scalars())
    assert accepted <= {*jobs}
    made = {job_id for job_id, one in jobs.items() if one.state == "succeeded"}
    given_up = [one for job_id, one in jobs.items() if job_id not in made]
    assert len(given_up) <= len(jobs) / 100
    for one in given_up:
        assert (one.state, one.error) == ("failed", "this broke 3 times; ask for less")
    assert sorted(one.job_id for one in assets) == sorted(made)
    assert states == Counter(posted=len(made)) + Counter(voided=len(given_up))
    for one in assets:
        assert blobs.get(one.content_hash)
