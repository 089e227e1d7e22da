"""A studio with a provider of OpenID Connect, and browsers on their way between the two."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_plus

import httpx2 as httpx
from fastapi import FastAPI
from fastapi.testclient import TestClient

from maquette.api.dependencies import COOKIE
from maquette.api.oidc import ATTEMPT
from maquette.core.settings import Settings
from maquette.ledger.accounts import get_balance
from maquette.people.oidc import OidcClient
from tests.api.conftest import Rooms, served
from tests.api.openid_provider import CLIENT_ID, CLIENT_SECRET, OpenIdProvider
from tests.api.people import ELSEWHERE, ORIGIN, Someone, open_to_all

WAY = "/v1/oidc/acme"
BACK = f"{ORIGIN}{WAY}/callback"
BOB = {"sub": "b-1", "email": "bob@example.org", "email_verified": True, "name": "Bob"}


@dataclass
class Scene:
    """A studio and its provider."""

    rooms: Rooms
    http: TestClient
    provider: OpenIdProvider

    def go_out(self) -> tuple[str, str]:
        """The provider's answer to the browser, and the cookie that it keeps meanwhile."""
        out = Someone(self.http).get(WAY)
        assert out.status_code == 303, out.text
        return self.agree(out.headers["location"]), out.cookies[ATTEMPT]

    def agree(self, url: str) -> str:
        """Where the provider sends a browser back."""
        agreed = httpx.get(url)
        assert agreed.status_code == 302, agreed.text
        return agreed.headers["location"].removeprefix(ORIGIN)

    def come_back(self, path: str, kept: str, who: Someone | None = None) -> httpx.Response:
        signed_in = f"{who.headers['Cookie']}; " if who else ""
        return Someone(self.http, {"Cookie": f"{signed_in}{ATTEMPT}={kept}"}).get(path)

    def sign_in(self, **person: Any) -> Someone:
        self.provider.person = {**BOB, **person}
        answer = self.come_back(*self.go_out())
        assert answer.headers["location"] == "/", answer.headers["location"]
        bob = Someone(self.http, {"Cookie": f"{COOKIE}={answer.cookies[COOKIE]}"})
        bob.account_id = bob.get("/v1/me").json()["account_id"]
        return bob

    @property
    def client(self) -> OidcClient:
        assert isinstance(self.http.app, FastAPI)
        return self.http.app.state.people.provider("acme")

    @property
    def settings(self) -> Settings:
        assert isinstance(self.http.app, FastAPI)
        return self.http.app.state.people.settings

    def refused(self, answer: httpx.Response) -> str:
        assert answer.status_code == 303
        assert COOKIE not in answer.cookies
        return unquote_plus(answer.headers["location"].removeprefix("/#problem="))

    def credits(self, account_id: str) -> int:
        with self.rooms.database.connect() as connection:
            return get_balance(connection, account_id).available_microcredits


@contextmanager
def oidc_scene(rooms: Rooms) -> Iterator[Scene]:
    provider = OpenIdProvider(BACK)
    with served(provider.app()) as port:
        provider.issuer = f"http://127.0.0.1:{port}"
        acme = {
            "name": "Acme",
            "issuer": provider.issuer,
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
        }
        app = open_to_all(rooms, providers={"acme": acme}, public_url=ORIGIN)
        with TestClient(app, base_url=ORIGIN, client=ELSEWHERE) as http:
            yield Scene(rooms, http, provider)
