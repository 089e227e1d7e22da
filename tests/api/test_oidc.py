"""Sign-in by a real provider of OpenID Connect: who is let in, as whom, and who is not."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_plus

import httpx2 as httpx
import pytest
from fastapi.testclient import TestClient
from joserfc.jwk import RSAKey

from maquette.api.dependencies import COOKIE
from maquette.api.oidc import ATTEMPT
from maquette.ledger.accounts import get_balance
from tests.api.conftest import Rooms, served
from tests.api.openid_provider import CLIENT_ID, CLIENT_SECRET, OpenIdProvider
from tests.api.people import ELSEWHERE, ORIGIN, Someone, open_to_all, someone_new

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
        agreed = httpx.get(out.headers["location"])
        assert agreed.status_code == 302, agreed.text
        return agreed.headers["location"].removeprefix(ORIGIN), out.cookies[ATTEMPT]

    def come_back(self, path: str, kept: str) -> httpx.Response:
        return Someone(self.http, {"Cookie": f"{ATTEMPT}={kept}"}).get(path)

    def sign_in(self, **person: Any) -> Someone:
        self.provider.person = {**BOB, **person}
        answer = self.come_back(*self.go_out())
        assert answer.headers["location"] == "/", answer.headers["location"]
        bob = Someone(self.http, {"Cookie": f"{COOKIE}={answer.cookies[COOKIE]}"})
        bob.account_id = bob.get("/v1/me").json()["account_id"]
        return bob

    def refused(self, answer: httpx.Response) -> str:
        assert answer.status_code == 303
        assert COOKIE not in answer.cookies
        return unquote_plus(answer.headers["location"].removeprefix("/#problem="))

    def credits(self, account_id: str) -> int:
        with self.rooms.database.connect() as connection:
            return get_balance(connection, account_id).available_microcredits


@pytest.fixture
def scene(rooms: Rooms) -> Iterator[Scene]:
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


def test_someone_new_comes_in_and_is_known_again(scene: Scene) -> None:
    options = scene.http.get("/v1/sign-in/options").json()
    assert options["providers"] == [{"id": "acme", "name": "Acme"}]
    bob = scene.sign_in()
    me = bob.get("/v1/me").json()
    assert (me["name"], me["email"], me["email_verified"]) == ("Bob", BOB["email"], True)
    assert scene.credits(bob.account_id) == 100 * 10**6  # at once, for the address was shown
    again = scene.sign_in(email="another@example.org")  # known by who they are, not by address
    assert again.account_id == bob.account_id
    assert scene.credits(bob.account_id) == 100 * 10**6


def test_a_known_address_is_linked_only_where_it_was_shown(scene: Scene) -> None:
    ada = someone_new(scene.rooms, scene.http)
    address = ada.get("/v1/me").json()["email"]
    pretender = scene.sign_in(sub="p-1", email=address, email_verified=False)
    assert pretender.account_id != ada.account_id
    assert not pretender.get("/v1/me").json()["email_verified"]
    assert scene.credits(pretender.account_id) == 0
    told = scene.sign_in(sub="p-2", email=address, email_verified="true")  # which is no true
    assert told.account_id != ada.account_id
    assert scene.sign_in(sub="a-1", email=address).account_id == ada.account_id
    # Nor is who signed up with an address that is not theirs ever given to whose it is.
    Someone(scene.http).post(
        "/v1/sign-up", {"email": "zoe@example.org", "password": "kettles, herons"}
    )
    zoe = scene.sign_in(sub="z-1", email="zoe@example.org")
    sign_in = {"email": "zoe@example.org", "password": "kettles, herons"}
    assert Someone(scene.http).post("/v1/sign-in", sign_in).json()["account_id"] != zoe.account_id


def test_a_way_back_is_for_the_browser_that_went_out(scene: Scene) -> None:
    scene.provider.person = BOB
    path, kept = scene.go_out()
    other_path, other = scene.go_out()
    for wrong in (other, "", "acme.a.b.c", kept.replace("acme", "evil")):
        assert "not begun in this browser" in scene.refused(scene.come_back(path, wrong))
    assert scene.come_back(path, kept).headers["location"] == "/"
    assert "did not say who you are" in scene.refused(scene.come_back(path, kept))  # once
    assert scene.come_back(other_path, other).headers["location"] == "/"


@pytest.mark.parametrize(
    "forged",
    [
        {"nonce": "of another attempt"},
        {"aud": "another client"},
        {"iss": "https://evil.example"},
        {"exp": 1},
        {"sub": None},
    ],
)
def test_a_token_that_is_for_something_else_lets_no_one_in(
    scene: Scene, forged: dict[str, Any]
) -> None:
    scene.provider.person, scene.provider.forges = BOB, forged
    assert "did not say who you are" in scene.refused(scene.come_back(*scene.go_out()))


def test_a_token_that_the_provider_did_not_sign_lets_no_one_in(scene: Scene) -> None:
    scene.provider.person = BOB
    scene.provider.signs_with = RSAKey.generate_key(2048, {"kid": "one"})
    assert "did not say who you are" in scene.refused(scene.come_back(*scene.go_out()))


def test_who_does_not_know_the_verifier_gets_nothing(scene: Scene) -> None:
    scene.provider.person = BOB
    path, kept = scene.go_out()
    stolen = ".".join([*kept.split(".")[:3], "guessed" * 7])
    assert "did not say who you are" in scene.refused(scene.come_back(path, stolen))


def test_a_provider_that_is_away_or_another_is_told(rooms: Rooms) -> None:
    for issuer in ("http://127.0.0.1:1", "http://localhost:1"):
        acme = {"name": "Acme", "issuer": issuer, "client_id": "c", "client_secret": "s"}
        with TestClient(open_to_all(rooms, providers={"acme": acme}), base_url=ORIGIN) as http:
            answer = http.get(WAY, follow_redirects=False)
            assert (answer.status_code, "does not answer" in answer.text) == (429, True)
