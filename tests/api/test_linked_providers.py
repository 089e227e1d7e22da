"""Providers that are linked by who is signed in: by whom, to whom, and which stay linked."""

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from urllib.parse import parse_qs

import pytest
import sqlalchemy as sa

from maquette.api.dependencies import COOKIE
from maquette.api.oidc import ATTEMPT
from maquette.db.tables.people import session
from maquette.people.passwords import hash_password
from maquette.people.persons import change_person
from maquette.people.sessions import start_session
from maquette.service import linked_providers
from tests.api.conftest import Rooms
from tests.api.oidc_scene import BOB, Scene, oidc_scene
from tests.api.people import PASSWORD, Someone, someone_new

LINK, UNLINK = "/v1/me/providers/acme/link", "/v1/me/providers/acme/unlink"
PROOF = {"password": PASSWORD}


@pytest.fixture
def scene(rooms: Rooms) -> Iterator[Scene]:
    with oidc_scene(rooms) as scene:
        scene.provider.person = BOB
        yield scene


def _with_password(scene: Scene) -> Someone:
    ada = someone_new(scene.rooms, scene.http)
    with scene.rooms.database.begin() as connection:
        change_person(connection, ada.account_id, password_hash=hash_password(PASSWORD))
    return ada


def _begin(scene: Scene, who: Someone) -> tuple[str, str]:
    """Who asks for it, at the provider: the way back, and what the browser keeps."""
    out = who.post(LINK, PROOF)
    assert out.status_code == 200, out.text
    return scene.agree(out.json()["url"]), out.cookies[ATTEMPT]


def _link(scene: Scene, who: Someone) -> None:
    path, kept = _begin(scene, who)
    back = scene.come_back(path, kept, who)
    assert back.headers["location"] == "/#/account"
    assert COOKIE not in back.cookies  # they are signed in as they were


def _is_linked(who: Someone) -> bool:
    (acme,) = who.get("/v1/me/providers").json()
    assert (acme["id"], acme["name"]) == ("acme", "Acme")
    return acme["linked_at"] is not None


def _problem(scene: Scene, path: str, kept: str, who: Someone | None) -> str:
    """What is told on the page of the settings."""
    answer = scene.come_back(path, kept, who)
    assert (answer.status_code, COOKIE in answer.cookies) == (303, False)
    told = parse_qs(answer.headers["location"].removeprefix("/#"))
    assert told["page"] == ["account"]
    return told["problem"][0]


def test_who_is_signed_in_links_and_unlinks(scene: Scene) -> None:
    ada = _with_password(scene)  # whose address is no one's at the provider
    assert not _is_linked(ada)
    _link(scene, ada)
    assert _is_linked(ada)
    assert scene.sign_in().account_id == ada.account_id
    _link(scene, ada)  # once more does no harm
    assert ada.post(UNLINK, PROOF).status_code == 204
    assert not _is_linked(ada)
    assert "not linked" in ada.post(UNLINK, PROOF).text
    assert scene.sign_in().account_id != ada.account_id


def test_an_address_alone_does_not_link_again_what_was_unlinked(scene: Scene) -> None:
    bob = scene.sign_in()  # with an address that the provider says was shown
    with scene.rooms.database.begin() as connection:
        change_person(connection, bob.account_id, password_hash=hash_password(PASSWORD))
        token = start_session(connection, bob.account_id)
    elsewhere = replace(bob, headers={"Cookie": f"{COOKIE}={token}"})
    assert bob.post(UNLINK, PROOF).status_code == 204
    assert elsewhere.get("/v1/me").status_code == 401
    assert bob.get("/v1/me").status_code == 200
    assert "Acme was unlinked from" in scene.refused(scene.come_back(*scene.go_out()))
    _link(scene, bob)
    assert scene.sign_in().account_id == bob.account_id


@pytest.mark.parametrize("path", [LINK, UNLINK])
def test_the_password_is_asked_for(scene: Scene, path: str) -> None:
    ada = _with_password(scene)
    _link(scene, ada)
    for wrong in ({}, {"password": "three kettles and a goose"}):
        refused = ada.post(path, wrong)
        assert (refused.status_code, "current password" in refused.text) == (400, True)
        assert ATTEMPT not in refused.cookies
    assert _is_linked(ada)
    assert Someone(scene.http).post(path, PROOF).status_code == 401


def test_it_is_linked_in_the_session_that_asked(scene: Scene) -> None:
    ada, eve = _with_password(scene), _with_password(scene)
    with scene.rooms.database.begin() as connection:
        token = start_session(connection, ada.account_id)
    elsewhere = replace(ada, headers={"Cookie": f"{COOKIE}={token}"})
    for other in (eve, elsewhere, None):
        path, kept = _begin(scene, ada)
        assert "not begun in this session" in _problem(scene, path, kept, other)
    path, _ = _begin(scene, ada)
    _, hers = _begin(scene, eve)
    assert "not begun in this browser" in _problem(scene, path, hers, ada)
    assert not _is_linked(ada)
    assert not _is_linked(eve)


def test_no_browser_seals_an_attempt_itself(scene: Scene) -> None:
    """Nor does one that signs in become one that links, or the password would not be asked for."""
    ada = _with_password(scene)
    path, kept = scene.go_out()
    _, sealed = _begin(scene, ada)
    until, _, seal = sealed.rpartition(".")[2].partition("-")
    for made in (f"{until}-{seal}", f"{until}-{'0' * 64}", "x-", "9" * 5000 + f"-{seal}", seal):
        path, kept = scene.go_out()
        assert "not begun in this session" in _problem(scene, path, f"{kept}.{made}", ada)
    assert not _is_linked(ada)


def test_it_is_linked_while_it_is_new(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    ada = _with_password(scene)
    path, kept = _begin(scene, ada)
    now = time.time()
    monkeypatch.setattr(linked_providers.time, "time", lambda: now + 601)
    assert "is over" in _problem(scene, path, kept, ada)
    assert not _is_linked(ada)


def test_an_identity_of_another_account_stays_theirs(scene: Scene) -> None:
    bob, ada = scene.sign_in(), _with_password(scene)
    told = _problem(scene, *_begin(scene, ada), ada)
    assert told == "who you are at Acme opens another account here; unlink it there first"
    assert not _is_linked(ada)
    assert scene.sign_in().account_id == bob.account_id


def test_who_is_suspended_meanwhile_links_nothing(scene: Scene) -> None:
    ada = _with_password(scene)
    path, kept = _begin(scene, ada)
    with scene.rooms.database.begin() as connection:
        change_person(connection, ada.account_id, suspended_at=sa.func.now())
    assert "suspended" in _problem(scene, path, kept, ada)


def test_who_says_no_at_the_provider_is_back_where_they_were(scene: Scene) -> None:
    ada = _with_password(scene)
    scene.provider.refuses = True
    assert "did not say who you are" in _problem(scene, *_begin(scene, ada), ada)
    assert not _is_linked(ada)


def test_the_last_way_in_stays(scene: Scene) -> None:
    bob = scene.sign_in(email=None)
    refused = bob.post(UNLINK, {})
    assert (refused.status_code, "your only way in" in refused.text) == (400, True)
    # A password opens nothing without an address that was shown to be theirs.
    assert bob.send("PATCH", "/v1/me", json=PROOF).status_code == 200
    bob = scene.sign_in(email=None)
    assert "your only way in" in bob.post(UNLINK, PROOF).text
    with scene.rooms.database.begin() as connection:
        shown = {"email": "bob@example.org", "email_key": "bob@example.org"}
        change_person(connection, bob.account_id, **shown, email_verified_at=sa.func.now())
    assert bob.post(UNLINK, PROOF).status_code == 204
    sign_in = {"email": "bob@example.org", **PROOF}
    assert Someone(scene.http).post("/v1/sign-in", sign_in).status_code == 200


def test_who_has_no_password_came_in_just_now(scene: Scene) -> None:
    bob = scene.sign_in()
    assert bob.post(LINK, {}).status_code == 200
    with scene.rooms.database.begin() as connection:
        old = session.c.created_at - timedelta(minutes=11)
        connection.execute(sa.update(session).values(created_at=old))
    for path in (LINK, UNLINK):
        refused = bob.post(path, {})
        assert (refused.status_code, "sign out and in again" in refused.text) == (400, True)


def test_what_is_not_set_up_is_not_there(scene: Scene) -> None:
    ada = _with_password(scene)
    for act in ("link", "unlink"):
        assert ada.post(f"/v1/me/providers/evil/{act}", PROOF).status_code == 404
