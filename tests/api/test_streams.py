"""Whoever watches a request is told all of it in order, however often the connection is cut.

`pytest -m gate tests/api/test_streams.py` opens 500 streams and cuts them 10,000 times.
"""

import asyncio
import gc
import json
import random
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import httpx2 as httpx
import pytest
import sqlalchemy as sa
from fastapi import FastAPI
from fastapi.testclient import TestClient

from maquette.api import events
from maquette.jobs.events import add_event, read_events
from maquette.jobs.store import ENDS, PROGRESS, create_job, end_job
from maquette.people.keys import add_key, delete_keys
from maquette.people.persons import LOCAL_ACCOUNT, change_person
from maquette.people.sessions import end_sessions
from maquette.people.teams import add_member, remove_member, teams_of
from tests.api.conftest import Rooms, database_away, served
from tests.api.people import ORIGIN, open_to_all, someone_new
from tests.api.test_schema import SMALL
from tests.waiting import PATIENCE_S, wait_until

MOST_LINES = 12  # that a client reads before it cuts; an event has four
Told = list[tuple[int, str, Any]]


class _Client:
    """One who watches a request and loses the connection so many times, in the middle of an event
    as well as after one.
    """

    def __init__(self, job_id: UUID, cuts: int, chance: random.Random) -> None:
        self.job_id, self.cuts_left, self._chance = job_id, cuts, chance
        self.told: Told = []

    async def watch(self, http: httpx.AsyncClient) -> None:
        """To the end of the stream."""
        while not (self.told and self.told[-1][1] in ENDS):
            lines = self._chance.randint(1, MOST_LINES) if self.cuts_left else None
            await self._connect(http, lines)

    async def _connect(self, http: httpx.AsyncClient, most_lines: int | None) -> None:
        last = {"Last-Event-ID": str(self.told[-1][0])} if self.told else {}
        url = f"/v1/generations/{self.job_id}/events"
        async with http.stream("GET", url, headers=last) as answer:
            assert answer.status_code == 200
            event: dict[str, str] = {}
            count = 0
            async for line in answer.aiter_lines():
                name, _, value = line.partition(": ")
                event[name] = value
                if not line:
                    if "id" in event:
                        data = json.loads(event["data"])
                        self.told.append((int(event["id"]), event["event"], data))
                    event = {}
                count += 1
                if count == most_lines:
                    self.cuts_left -= 1
                    return


def _write(rooms: Rooms, job_ids: list[UUID], clients: list[_Client]) -> None:
    """What workers do: progress again and again, now and then a new attempt, at last the end."""
    number = 0
    while any(client.cuts_left for client in clients):
        for job_id in job_ids:
            number += 1
            kind = "running" if number % 3 == 0 else PROGRESS
            with rooms.database.begin() as connection:
                add_event(connection, job_id, kind, {"number": number})
    for job_id in job_ids:
        _end(rooms, job_id)


def _watch_all(rooms: Rooms, jobs: int, streams: int, cuts: int) -> None:
    ids = _new_jobs(rooms, jobs)
    chance = random.Random(0)
    clients = [
        _Client(ids[number % jobs], cuts // streams, random.Random(chance.random()))
        for number in range(streams)
    ]

    async def watch(port: int) -> None:
        limits = httpx.Limits(max_connections=None)
        base_url = f"http://127.0.0.1:{port}"
        async with httpx.AsyncClient(base_url=base_url, limits=limits, timeout=PATIENCE_S) as http:
            await asyncio.gather(*(client.watch(http) for client in clients))

    gc.disable()  # what is left must not wait for it
    try:
        with served(rooms.app) as port, ThreadPoolExecutor(1) as writer:
            written = writer.submit(_write, rooms, ids, clients)
            asyncio.run(watch(port))
            written.result()
            _no_one_watches(rooms)
    finally:
        gc.enable()
    for client in clients:
        with rooms.database.connect() as connection:
            events = read_events(connection, client.job_id)
        kept = [(event.sequence, event.kind, dict(event.data)) for event in events]
        numbers = [number for number, _, _ in client.told]
        assert numbers == sorted(set(numbers))
        assert [one for one in client.told if one[1] != PROGRESS] == kept


def _no_one_watches(rooms: Rooms) -> None:
    """The last to leave is noticed at once, or nearly."""
    wait_until(lambda: "maquette_streams 0.0" in rooms.client.get("/metrics").text, 20)


def _new_jobs(rooms: Rooms, number: int) -> list[UUID]:
    """Without a worker's entry: the test is their worker."""
    with rooms.database.begin() as connection:
        asked = {"params": SMALL, "count": 1}
        return [create_job(connection, "local", "image", asked).job_id for _ in range(number)]


def _end(rooms: Rooms, job_id: UUID) -> None:
    with rooms.database.begin() as connection:
        end_job(connection, job_id, "succeeded")
        add_event(connection, job_id, "succeeded", {"assets": []})


def test_a_stream_outlasts_a_database_that_goes_away(rooms: Rooms) -> None:
    (job_id,) = _new_jobs(rooms, 1)
    with rooms.database.begin() as connection:
        add_event(connection, job_id, "queued", {})
    kinds: list[str] = []
    with served(rooms.app) as port, httpx.Client(timeout=PATIENCE_S) as http:
        url = f"http://127.0.0.1:{port}/v1/generations/{job_id}/events"
        with http.stream("GET", url) as answer:
            for line in answer.iter_lines():
                if line.startswith("event: "):
                    kinds.append(line.removeprefix("event: "))
                if line == "" and kinds == ["queued"]:
                    with database_away(rooms.database):
                        time.sleep(1)
                    _end(rooms, job_id)
    assert kinds == ["queued", "succeeded"]


def _sign_out(connection: sa.Connection, account_id: str) -> None:
    end_sessions(connection, account_id)


def _suspend(connection: sa.Connection, account_id: str) -> None:
    change_person(connection, account_id, suspended_at=sa.func.now())


def _delete_key(connection: sa.Connection, account_id: str) -> None:
    delete_keys(connection, account_id)


def _leave_team(connection: sa.Connection, account_id: str) -> None:
    (team,) = teams_of(connection, account_id)
    add_member(connection, team.team_id, LOCAL_ACCOUNT, "owner")
    remove_member(connection, team.team_id, account_id)


@pytest.mark.parametrize("path", ["/v1/events", "/v1/generations/{}/events"])
@pytest.mark.parametrize("end", [None, _sign_out, _suspend, _delete_key, _leave_team])
def test_a_stream_ends_with_the_right_to_it(
    rooms: Rooms,
    path: str,
    end: Callable[[sa.Connection, str], None] | None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(events, "PING_S", 0.2)
    with TestClient(open_to_all(rooms), base_url=ORIGIN) as client:
        who = someone_new(rooms, client)
        team = who.post("/v1/teams", {"name": "Tea house"}).json()["account_id"]
        assert who.send("PATCH", "/v1/me", json={"payer_account_id": team}).status_code == 200
        with rooms.database.begin() as connection:
            asked = {"params": SMALL, "count": 1}
            job = create_job(connection, who.account_id, "image", asked)
            _, key = add_key(connection, who.account_id, "a program", ["read"])
        headers = who.headers if end is not _delete_key else {"Authorization": f"Bearer {key}"}
        assert isinstance(client.app, FastAPI)
        with served(client.app) as port, httpx.Client(timeout=PATIENCE_S) as http:
            url = f"http://127.0.0.1:{port}{path.format(job.job_id)}"
            pings, lasts = 0, end is not None
            with http.stream("GET", url, headers=headers) as answer:
                assert answer.status_code == 200
                for line in answer.iter_lines():
                    pings += line.startswith(":")
                    if pings == 2 and lasts and end is not None:
                        lasts = False
                        with rooms.database.begin() as connection:
                            end(connection, who.account_id)
                    if pings == 5:
                        break
    assert pings == 5 if end is None else pings < 5


def test_streams_that_are_cut_resume_complete(rooms: Rooms) -> None:
    _watch_all(rooms, jobs=5, streams=25, cuts=250)


@pytest.mark.gate
def test_500_streams_that_are_cut_10_000_times_resume_complete(rooms: Rooms) -> None:
    _watch_all(rooms, jobs=50, streams=500, cuts=10_000)
