"""Requests that are cancelled at any moment leave nothing behind."""

import gc
import random
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx2 as httpx
import pytest
import sqlalchemy as sa
import torch

from maquette.db.tables.jobs import job
from maquette.diffusion.request import DenoisingRequest, RequestState
from tests.api.conftest import Rooms, Worker, open_app, served
from tests.waiting import PATIENCE_S, wait_until

LONG = {"prompt": "a cat", "width": 64, "height": 64, "num_inference_steps": 1000}
LONGEST_S = 0.5  # that one is let go on, but for
KEPT = 8  # one in so many, until something of it is kept for another worker


def _alive() -> dict[type, int]:
    """How many there are of what a request is made of."""
    gc.collect()
    kinds = (torch.Tensor, DenoisingRequest, RequestState)
    alive = gc.get_objects()
    return {kind: sum(type(one) is kind for one in alive) for kind in kinds}


def _cancel_some(port: int, snapshots: Path, seed: int, times: int) -> None:
    """One after the other, as one impatient person does."""
    chance = random.Random(seed)
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE_S) as http:
        for number in range(times):
            asked = http.post("/v1/generations", json={**LONG, "count": chance.randint(1, 3)})
            assert asked.status_code == 202
            name = asked.json()["generation_id"]
            if number % KEPT == 0:
                wait_until(lambda name=name: list(snapshots.glob(f"{name}-*")))
            time.sleep(chance.uniform(0, LONGEST_S))
            path = f"/v1/generations/{name}"
            if chance.random() < 0.5:
                assert http.post(f"{path}/cancel").json()["state"] == "cancelled"
            else:
                assert http.delete(path).status_code == 204


def _settle(rooms: Rooms, worker: Worker) -> None:
    """Until no job is in a thread, in the engine, or in the queue."""
    waiting = sa.text("SELECT count(*) FROM dbos.workflow_status WHERE status <> 'SUCCESS'")

    def settled() -> bool:
        with rooms.database.connect() as connection:
            left = connection.execute(waiting).scalar_one()
        return not left and not worker.jobs.under_way and not len(worker.engine)

    wait_until(settled)


@pytest.mark.slow
def test_what_is_cancelled_at_any_moment_leaves_nothing(rooms: Rooms, worker: Worker) -> None:
    others = _alive()  # of tests that this process ran before
    with served(open_app(rooms)) as port, ThreadPoolExecutor(8) as people:
        _cancel_some(port, rooms.snapshots, 0, 3)  # what is made once, such as the preview's map
        _settle(rooms, worker)
        before = _alive()
        cancelled = [
            people.submit(_cancel_some, port, rooms.snapshots, 1 + person, 25)
            for person in range(8)
        ]
        for one in cancelled:
            one.result()
        _settle(rooms, worker)
    with rooms.database.connect() as connection:
        states = sa.select(job.c.state, sa.func.count()).group_by(job.c.state)
        assert [tuple(row) for row in connection.execute(states)] == [("cancelled", 203)]
    assert list(rooms.snapshots.iterdir()) == []
    after = _alive()
    assert all(after[kind] <= before[kind] for kind in after), (after, before)
    for kind in (DenoisingRequest, RequestState):
        assert after[kind] <= others[kind]
