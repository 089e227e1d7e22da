"""Sign-in by a real provider of OpenID Connect: who is let in, as whom, and who is not."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient
from joserfc.jwk import RSAKey

from maquette.core.errors import NotNow
from maquette.db.tables.people import identity, session
from maquette.people import oidc
from maquette.people.oidc import OidcClient
from maquette.people.persons import change_person
from maquette.people.rate_limits import SIGN_IN_FROM
from maquette.service.oidc_sign_in import name_issuers
from tests.api.conftest import Rooms
from tests.api.oidc_scene import BOB, WAY, Scene, oidc_scene
from tests.api.people import ORIGIN, Someone, open_to_all, someone_new


@pytest.fixture
def scene(rooms: Rooms) -> Iterator[Scene]:
    with oidc_scene(rooms) as scene:
        yield scene


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


def test_a_domain_is_not_another_that_looks_alike(scene: Scene) -> None:
    bob = scene.sign_in(email="bob@strasse.de")
    other = scene.sign_in(sub="b-2", email="bob@straße.de")
    assert other.account_id != bob.account_id
    assert scene.sign_in(sub="b-3", email="BOB@xn--strae-oqa.de").account_id == other.account_id


@pytest.mark.parametrize("what", ["operator", "admin", "second factor"])
def test_more_than_a_password_is_not_walked_round_by_an_address(scene: Scene, what: str) -> None:
    ada = someone_new(scene.rooms, scene.http)
    address = ada.get("/v1/me").json()["email"]
    with scene.rooms.database.begin() as connection:
        if what == "second factor":
            change_person(connection, ada.account_id, two_factor_confirmed_at=sa.func.now())
        else:
            change_person(connection, ada.account_id, role=what)
    scene.provider.person = {**BOB, "email": address}
    path, kept = scene.go_out()
    assert "sign in with your password" in scene.refused(scene.come_back(path, kept))
    # Nor by who is signed in: another page may have sent them on that way.
    path, kept = scene.go_out()
    assert "then link Acme" in scene.refused(scene.come_back(path, kept, ada))


def test_an_identity_is_the_issuers_whatever_the_settings_call_it(scene: Scene) -> None:
    bob = scene.sign_in()
    with scene.rooms.database.begin() as connection:
        (kept,) = connection.execute(sa.select(identity)).mappings()
        assert (kept["issuer"], kept["subject"]) == (scene.provider.issuer, BOB["sub"])
        # As one from before schema 0015 has it, until a studio with these settings starts.
        connection.execute(sa.update(identity).values(issuer="acme"))
    name_issuers(scene.rooms.database, {"other": scene.settings.providers["acme"]})
    stranger = scene.sign_in(email="bob@example.net")
    assert stranger.account_id != bob.account_id
    with scene.rooms.database.begin() as connection:
        connection.execute(sa.delete(identity).where(identity.c.issuer != "acme"))
    name_issuers(scene.rooms.database, scene.settings.providers)
    assert scene.sign_in().account_id == bob.account_id
    with scene.rooms.database.begin() as connection:  # and then another one is called so
        connection.execute(sa.update(identity).values(issuer="https://login.acme.example"))
    name_issuers(scene.rooms.database, scene.settings.providers)
    assert scene.sign_in(email="bob@example.com").account_id != bob.account_id


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


def test_keys_that_are_new_are_asked_for(scene: Scene) -> None:
    bob = scene.sign_in()
    scene.provider.key = RSAKey.generate_key(2048, {"kid": "two"})
    assert scene.sign_in().account_id == bob.account_id
    asked = scene.provider.asked
    assert scene.sign_in().account_id == bob.account_id
    assert scene.provider.asked == asked  # for it is known now
    scene.provider.signs_with = RSAKey.generate_key(2048, {"kid": "three"})
    scene.provider.person = BOB
    assert "did not say who you are" in scene.refused(scene.come_back(*scene.go_out()))


def test_a_provider_that_fails_is_left_alone_a_while(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene.provider.is_down = True
    for _ in range(3):
        assert "does not answer" in scene.refused(Someone(scene.http).get(WAY))
    assert scene.provider.asked == 1
    scene.provider.is_down = False
    assert "does not answer" in scene.refused(Someone(scene.http).get(WAY))
    monkeypatch.setattr(oidc, "AWAY_FOR_S", 0.0)
    monkeypatch.setattr(scene.client, "_away_until", 0.0)
    scene.go_out()


def test_a_slow_provider_does_not_hold_up_the_studio(scene: Scene) -> None:
    scene.provider.slow_s = 1.0
    began = time.monotonic()
    with ThreadPoolExecutor(oidc.AT_ONCE + 8) as crowd:
        waiting = [crowd.submit(_status_of, scene.client) for _ in range(oidc.AT_ONCE + 8)]
        told = [one.result() for one in waiting]
    assert told.count("away") == 8
    assert told.count("") == oidc.AT_ONCE
    assert time.monotonic() - began < 20 * scene.provider.slow_s


def _status_of(client: OidcClient) -> str:
    try:
        client.begin()
    except NotNow:
        return "away"
    return ""


def test_who_tries_too_often_is_told_to_wait(scene: Scene) -> None:
    scene.provider.person = BOB
    path, kept = scene.go_out()
    for _ in range(SIGN_IN_FROM.most - 1):
        assert Someone(scene.http).get(WAY).headers["location"].startswith(scene.provider.issuer)
    assert "try again in" in scene.refused(Someone(scene.http).get(WAY))
    assert "try again in" in scene.refused(scene.come_back(path, kept))


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
            assert "does+not+answer" in answer.headers["location"]


def test_who_has_no_password_goes_and_sets_one_while_their_sign_in_is_new(scene: Scene) -> None:
    bob, ann = scene.sign_in(), scene.sign_in(sub="a-9", email="ann@example.org")
    assert bob.get("/v1/me").json()["has_password"] is False
    asked = {"password": "kettles, herons and a boat"}
    assert ann.send("PATCH", "/v1/me", json=asked).status_code == 200
    sign_in = {"email": "ann@example.org", **asked}
    assert Someone(scene.http).post("/v1/sign-in", sign_in).status_code == 200
    with scene.rooms.database.begin() as connection:
        old = session.c.created_at - timedelta(minutes=11)
        connection.execute(sa.update(session).values(created_at=old))
    for method, path in (("POST", "/v1/me/delete"), ("PATCH", "/v1/me")):
        refused = bob.send(method, path, json=asked)
        assert (refused.status_code, "sign out and in again" in refused.text) == (400, True)
    bob = scene.sign_in()
    assert bob.post("/v1/me/delete", {}).status_code == 204
    assert bob.get("/v1/me").status_code == 401
