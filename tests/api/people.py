"""People of a studio that others reach, and what they send it from their browsers."""

from base64 import b64encode
from dataclasses import dataclass, field
from typing import Any

import httpx2 as httpx
from fastapi import FastAPI
from fastapi.testclient import TestClient

from maquette.api.app import create_app
from maquette.api.dependencies import COOKIE
from maquette.core.ids import new_id
from maquette.core.settings import Settings
from maquette.ledger.accounts import open_account
from maquette.ledger.grants import grant
from maquette.people.emails import read_email
from maquette.people.persons import Role, add_person
from maquette.people.sessions import start_session
from maquette.service.people import People
from maquette.service.studio import Studio
from tests.api.conftest import Rooms
from tests.credits import PLENTY_MICROCREDITS

ORIGIN = "https://studio.example"
ELSEWHERE = ("203.0.113.7", 50000)
PASSWORD = "three kettles and a heron"
SECOND_FACTOR_KEY = b64encode(bytes(32)).decode()


@dataclass
class Someone:
    """A browser, in which someone may be signed in."""

    http: TestClient
    headers: dict[str, str] = field(default_factory=dict)
    account_id: str = ""

    def send(self, method: str, path: str, **more: Any) -> httpx.Response:
        headers = {"Origin": ORIGIN, **self.headers, **more.pop("headers", {})}
        self.http.cookies.clear()  # each carries their own
        return self.http.request(method, path, headers=headers, follow_redirects=False, **more)

    def get(self, path: str, **more: Any) -> httpx.Response:
        return self.send("GET", path, **more)

    def post(self, path: str, json: Any = None, **more: Any) -> httpx.Response:
        return self.send("POST", path, json=json, **more)

    def keep(self, answer: httpx.Response) -> "Someone":
        """Signed in by the cookie of an answer."""
        token = answer.cookies[COOKIE]
        account_id = answer.json().get("account_id", self.account_id)
        return Someone(self.http, {"Cookie": f"{COOKIE}={token}"}, account_id)


def open_to_all(rooms: Rooms, **settings: Any) -> FastAPI:
    """The studio as others reach it, over HTTPS."""
    studio = Studio(rooms.database, rooms.blobs, rooms.queue)
    known = Settings(**{"second_factor_key": SECOND_FACTOR_KEY, **settings})
    people = People(rooms.database, known, on_loopback=False)
    return create_app(studio, rooms.database, people=people)


def someone_new(rooms: Rooms, http: TestClient, role: Role = "member") -> Someone:
    """A person who has shown that their address is theirs, signed in."""
    account_id = str(new_id())
    with rooms.database.begin() as connection:
        open_account(connection, account_id)
        grant(connection, account_id, PLENTY_MICROCREDITS, "free")
        email = read_email(f"{account_id}@example.org")
        add_person(connection, account_id, email=email, verified=True, role=role)
        token = start_session(connection, account_id)
    return Someone(http, {"Cookie": f"{COOKIE}={token}"}, account_id)
