"""Teams: people who share credits, each up to a limit, and pay for themselves once they are out."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

import pytest
from fastapi.testclient import TestClient

from maquette.people.mails import Mail
from maquette.service.people import People
from tests.api.conftest import Rooms
from tests.api.people import ELSEWHERE, ORIGIN, PASSWORD, Someone, open_to_all, someone_new
from tests.credits import enrich

SMALL = {"prompt": "a cat", "width": 64, "height": 64}


@pytest.fixture
def http(rooms: Rooms) -> Iterator[TestClient]:
    with TestClient(open_to_all(rooms), base_url=ORIGIN, client=ELSEWHERE) as client:
        yield client


@pytest.fixture
def mails(http: TestClient, monkeypatch: pytest.MonkeyPatch) -> list[Mail]:
    """What would be sent."""
    kept: list[Mail] = []
    people: People = http.app.state.people  # type: ignore[attr-defined]
    monkeypatch.setattr(people.mailer, "send", kept.append)
    return kept


def _found(ada: Someone) -> dict[str, Any]:
    made = ada.post("/v1/teams", {"name": "Tea house"})
    assert made.status_code == 201, made.text
    return made.json()


def _join(ada: Someone, who: Someone, team: dict[str, Any], mails: list[Mail]) -> None:
    url = f"/v1/teams/{team['team_id']}/invitations"
    assert ada.post(url, {"email": "bob@example.org"}).status_code == 202
    token = unquote(mails[-1].text.partition("invitation=")[2].split()[0])
    joined = who.post("/v1/invitations/accept", {"token": token})
    assert joined.status_code == 200, joined.text
    again = who.post("/v1/invitations/accept", {"token": token})
    assert again.status_code == 400  # once


def test_members_share_credits_up_to_a_limit(
    rooms: Rooms, http: TestClient, mails: list[Mail]
) -> None:
    ada, bob = someone_new(rooms, http), someone_new(rooms, http)
    team = _found(ada)
    _join(ada, bob, team, mails)
    assert "(Tea house)" in mails[-1].text
    own = bob.get("/v1/balance").json()["available_microcredits"]
    price = bob.post("/v1/quotes", SMALL).json()["price_microcredits"]
    enrich(rooms.database, team["account_id"], 10 * price)
    me = bob.send("PATCH", "/v1/me", json={"payer_account_id": team["account_id"]}).json()
    assert me["payer"] == {"account_id": team["account_id"], "name": "Tea house"}
    assert [one["role"] for one in me["teams"]] == ["member"]
    url = f"/v1/teams/{team['team_id']}/members/{bob.account_id}"
    limit = {"monthly_limit_microcredits": 2 * price}
    assert ada.send("PATCH", url, json=limit).status_code == 200
    statuses = [bob.post("/v1/generations", SMALL).status_code for _ in range(3)]
    assert statuses == [202, 202, 402]
    assert bob.get("/v1/balance").json()["held_microcredits"] == 2 * price
    (_, member) = ada.get("/v1/teams").json()[0]["members"]
    assert (member["spent_microcredits"], member["monthly_limit_microcredits"]) == (
        2 * price,
        2 * price,
    )
    no_limit = {"monthly_limit_microcredits": None}
    assert ada.send("PATCH", url, json=no_limit).status_code == 200
    assert bob.post("/v1/generations", SMALL).status_code == 202
    assert ada.get("/v1/generations").json() == []  # pictures are not shared
    # Who is out pays for themselves.
    assert ada.send("DELETE", url).status_code == 204
    me = bob.get("/v1/me").json()
    assert (me["payer"]["account_id"], me["teams"]) == (bob.account_id, [])
    assert bob.get("/v1/balance").json()["available_microcredits"] == own
    assert bob.get("/v1/teams").json() == []


def test_only_owners_change_a_team_and_one_stays(
    rooms: Rooms, http: TestClient, mails: list[Mail]
) -> None:
    ada, bob = someone_new(rooms, http), someone_new(rooms, http)
    team = _found(ada)
    _join(ada, bob, team, mails)
    members = f"/v1/teams/{team['team_id']}/members"
    invitations = f"/v1/teams/{team['team_id']}/invitations"
    assert bob.post(invitations, {"email": "eve@example.org"}).status_code == 403
    own = f"{members}/{bob.account_id}"
    assert bob.send("PATCH", own, json={"role": "owner"}).status_code == 403
    assert bob.send("DELETE", f"{members}/{ada.account_id}").status_code == 403
    theirs = f"{members}/{ada.account_id}"
    for method, body in (("PATCH", {"role": "member"}), ("DELETE", None)):
        refused = ada.send(method, theirs, json=body)
        assert (refused.status_code, "last owner" in refused.text) == (403, True)
    assert ada.send("PATCH", own, json={"role": "owner"}).status_code == 200
    assert bob.send("DELETE", theirs).status_code == 204


def test_no_one_spends_the_credits_of_a_team_that_they_are_not_of(
    rooms: Rooms, http: TestClient
) -> None:
    ada, eve = someone_new(rooms, http), someone_new(rooms, http)
    team = _found(ada)
    for payer in (team["account_id"], ada.account_id, "system/issued"):
        answer = eve.send("PATCH", "/v1/me", json={"payer_account_id": payer})
        assert answer.status_code == 404
    assert eve.get("/v1/me").json()["payer"]["account_id"] == eve.account_id


def test_only_owners_decide_over_the_plan_of_a_team(
    rooms: Rooms, http: TestClient, mails: list[Mail]
) -> None:
    ada, bob = someone_new(rooms, http), someone_new(rooms, http)
    team = _found(ada)
    _join(ada, bob, team, mails)
    for who, status in ((ada, 400), (bob, 403)):  # for there is no plan, and for it is not theirs
        assert who.post("/v1/subscription/cancel", {}).status_code == 400  # of one's own
        who.send("PATCH", "/v1/me", json={"payer_account_id": team["account_id"]})
        answer = who.post("/v1/subscription/cancel", {})
        assert answer.status_code == status, answer.text


def _invited(ada: Someone, team: dict[str, Any], mails: list[Mail]) -> dict[str, str]:
    url = f"/v1/teams/{team['team_id']}/invitations"
    assert ada.post(url, {"email": "bob@example.org"}).status_code == 202
    return {"token": unquote(mails[-1].text.partition("invitation=")[2].split()[0])}


def test_an_invitation_is_over_once_who_sent_it_may_not_any_more(
    rooms: Rooms, http: TestClient, mails: list[Mail]
) -> None:
    ada, bob, eve = (someone_new(rooms, http) for _ in range(3))
    team = _found(ada)
    _join(ada, bob, team, mails)
    own = f"/v1/teams/{team['team_id']}/members/{bob.account_id}"
    assert ada.send("PATCH", own, json={"role": "owner"}).status_code == 200
    tokens = [_invited(bob, team, mails), _invited(ada, team, mails)]
    assert ada.send("PATCH", own, json={"role": "member"}).status_code == 200
    refused = eve.post("/v1/invitations/accept", tokens[0])
    assert (refused.status_code, "may not any more" in refused.text) == (400, True)
    assert ada.send("DELETE", own).status_code == 204
    assert eve.post("/v1/invitations/accept", tokens[0]).status_code == 400
    assert eve.post("/v1/invitations/accept", tokens[1]).status_code == 200


def test_who_has_not_shown_an_address_sends_no_mails(
    rooms: Rooms, http: TestClient, mails: list[Mail]
) -> None:
    asked = {"email": "eve@example.org", "password": PASSWORD}
    eve = Someone(http).keep(Someone(http).post("/v1/sign-up", asked))
    url = f"/v1/teams/{_found(eve)['team_id']}/invitations"
    mails.clear()
    refused = eve.post(url, {"email": "ada@example.org"})
    assert (refused.status_code, "show first" in refused.text) == (403, True)
    assert mails == []
