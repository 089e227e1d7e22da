"""An operator sees what waits, what runs, and on which workers; others do not."""

from typing import Any

from fastapi.testclient import TestClient

from maquette.api.app import create_app
from maquette.jobs.events import read_events
from maquette.jobs.store import start_job
from maquette.jobs.workers import note_leader, report
from maquette.service.queues import abilities
from maquette.service.studio import Studio
from maquette.service.takeover import UNSERVED, Takeover
from tests.api.conftest import Rooms
from tests.callers import become

SMALL = {"prompt": "a cat", "width": 64, "height": 64}
LARGE = {"prompt": "a cat", "width": 1024, "height": 1024, "priority": "batch"}


def _queue(rooms: Rooms) -> dict[str, list[dict[str, Any]]]:
    answer = rooms.client.get("/v1/operator/queue")
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert told.pop("sandbox")["name"] in ("bubblewrap", "webassembly", "none")
    return told


def test_what_waits_and_runs_is_told_with_the_workers(rooms: Rooms) -> None:
    assert _queue(rooms) == {"jobs": [], "workers": []}
    ids = [
        rooms.client.post("/v1/generations", json=asked).json()["generation_id"]
        for asked in (SMALL, LARGE)
    ]
    with rooms.database.begin() as connection:
        report(connection, "here", None, abilities(["starter"], 512**2), "a machine")
        note_leader(connection, "here")
        job_id = Studio(rooms.database, rooms.blobs, rooms.queue).jobs("local", 2)[1].job_id
        assert start_job(connection, job_id, "here")
    queue = _queue(rooms)
    (worker,) = queue["workers"]
    assert worker.pop("heartbeat_at")
    assert worker == {
        "worker_id": "here",
        "host": "a machine",
        "models": ["starter"],
        "most_pixels": 512**2,
        "lives": True,
        "running": 1,
        "leads": True,
    }
    told = [
        [job[name] for name in ("generation_id", "model", "state", "priority", "worker_id")]
        for job in queue["jobs"]
    ]
    assert told == [
        [ids[0], "starter", "running", "interactive", "here"],
        [ids[1], "starter", "queued", "batch", None],
    ]
    assert [job["waits_for_worker"] for job in queue["jobs"]] == [False, True]


def test_a_request_that_no_worker_can_do_says_so_once(rooms: Rooms) -> None:
    for asked in (SMALL, LARGE):
        rooms.client.post("/v1/generations", json=asked)
    small, large = (one.job_id for one in reversed(_studio(rooms).jobs("local", 2)))
    with rooms.database.begin() as connection:
        report(connection, "here", None, abilities(["starter"], 512**2))
    takeover = Takeover(rooms.queue, "here")
    for _ in range(2):
        takeover._look()
    takeover._give_up()
    with rooms.database.connect() as connection:
        kinds = [[one.kind for one in read_events(connection, job)] for job in (small, large)]
        assert kinds == [["queued"], ["queued", "waiting"]]
        assert read_events(connection, large)[1].data == {"reason": UNSERVED}


def test_a_studio_without_a_worker_of_its_own_is_ready_where_another_lives(rooms: Rooms) -> None:
    studio = _studio(rooms)
    app = create_app(studio, rooms.database, studio.has_worker)
    with TestClient(app) as client:
        assert client.get("/readyz").json()["worker"] is False
        with rooms.database.begin() as connection:
            report(connection, "here", None, abilities(["starter"]))
        assert client.get("/readyz").json()["worker"] is True
        assert not studio.has_worker(but="here")


def test_a_member_does_not_see_it(rooms: Rooms) -> None:
    become(rooms.app, "member", "member")
    assert rooms.client.get("/v1/operator/queue").status_code == 403


def _studio(rooms: Rooms) -> Studio:
    return Studio(rooms.database, rooms.blobs, rooms.queue)
