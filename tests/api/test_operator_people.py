"""What operators and admins do with people, and that it is written down."""

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from maquette.service.owner import LOCAL_ACCOUNT
from tests.api.conftest import Rooms
from tests.api.people import ELSEWHERE, ORIGIN, open_to_all, someone_new


@pytest.fixture
def http(rooms: Rooms) -> Iterator[TestClient]:
    with TestClient(open_to_all(rooms), base_url=ORIGIN, client=ELSEWHERE) as client:
        yield client


def test_who_is_suspended_is_out_at_once_and_may_come_back(rooms: Rooms, http: TestClient) -> None:
    eve, grace = someone_new(rooms, http), someone_new(rooms, http, "operator")
    url = f"/v1/operator/people/{eve.account_id}"
    assert grace.get(url).json()["available_microcredits"] > 0
    assert grace.send("PATCH", url, json={"suspended": True}).json()["suspended"]
    assert eve.get("/v1/me").status_code == 401  # the session is over
    assert grace.send("PATCH", url, json={"suspended": False}).status_code == 200
    acts = [(one["actor_id"], one["act"]) for one in grace.get("/v1/operator/audit").json()]
    assert acts == [(grace.account_id, "person.restore"), (grace.account_id, "person.suspend")]


def test_operators_do_not_shut_out_those_who_may_as_much(rooms: Rooms, http: TestClient) -> None:
    grace, other = someone_new(rooms, http, "operator"), someone_new(rooms, http, "operator")
    for who in (other.account_id, grace.account_id, LOCAL_ACCOUNT):
        url = f"/v1/operator/people/{who}"
        assert grace.send("PATCH", url, json={"suspended": True}).status_code == 403
        assert grace.send("PATCH", url, json={"role": "admin"}).status_code == 403
    assert grace.get("/v1/operator/audit").json() == []


def test_who_gets_another_role_signs_in_anew(rooms: Rooms, http: TestClient) -> None:
    ada, eve = someone_new(rooms, http, "admin"), someone_new(rooms, http)
    url = f"/v1/operator/people/{eve.account_id}"
    assert ada.send("PATCH", url, json={"role": "operator"}).json()["role"] == "operator"
    assert eve.get("/v1/me").status_code == 401
    (act, *_) = ada.get("/v1/operator/audit").json()
    assert act["details"] == {"before": "member", "after": "operator"}
    own = f"/v1/operator/people/{ada.account_id}"
    # The owner of the machine is an admin, too; without them, one stays.
    assert ada.send("PATCH", f"/v1/operator/people/{LOCAL_ACCOUNT}", json={"role": "member"})
    refused = ada.send("PATCH", own, json={"role": "member"})
    assert (refused.status_code, "last admin" in refused.text) == (403, True)


def test_people_are_found_by_words_a_page_at_a_time(rooms: Rooms, http: TestClient) -> None:
    grace = someone_new(rooms, http, "operator")
    made = [someone_new(rooms, http).account_id for _ in range(3)]
    first = grace.get("/v1/operator/people?limit=2").json()
    rest = grace.get(f"/v1/operator/people?before={first[-1]['account_id']}").json()
    ids = [one["account_id"] for one in (*first, *rest)]
    assert ids == [*reversed(made), grace.account_id, "me", LOCAL_ACCOUNT]
    found = grace.get("/v1/operator/people", params={"query": made[0][-8:]}).json()
    assert [one["account_id"] for one in found] == [made[0]]
