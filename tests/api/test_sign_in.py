"""People come in and go; what others tried at such doors does not work at this one."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from argon2 import PasswordHasher
from fastapi.testclient import TestClient

from maquette.api.dependencies import COOKIE
from maquette.db.tables.people import person
from maquette.people.persons import change_person
from tests.api.conftest import Rooms
from tests.api.people import ELSEWHERE, ORIGIN, PASSWORD, Someone, open_to_all, someone_new

ADA = {"email": "ada@example.org", "password": PASSWORD}


@pytest.fixture
def http(rooms: Rooms) -> Iterator[TestClient]:
    with TestClient(open_to_all(rooms), base_url=ORIGIN, client=ELSEWHERE) as client:
        yield client


def test_one_signs_up_out_and_in_again(http: TestClient) -> None:
    made = Someone(http).post("/v1/sign-up", {**ADA, "name": " Ada 爱达 "})
    assert made.status_code == 201, made.text
    me = made.json()
    assert me | {"account_id": ""} == {
        "account_id": "",
        "name": "Ada 爱达",
        "email": "ada@example.org",
        "email_verified": False,
        "has_password": True,
        "role": "member",
        "two_factor": False,
        "is_owner": False,
        "payer": {"account_id": me["account_id"], "name": "Ada 爱达"},
        "teams": [],
    }
    ada = Someone(http).keep(made)
    assert ada.get("/v1/me").json() == me
    assert ada.post("/v1/sign-out").status_code == 204
    assert ada.get("/v1/me").status_code == 401
    again = Someone(http).post("/v1/sign-in", {**ADA, "email": "ADA@Example.org"})
    assert again.json() == me
    assert ada.keep(again).get("/v1/me").json() == me


def test_the_cookie_is_for_this_host_alone_and_no_script_reads_it(http: TestClient) -> None:
    answer = Someone(http).post("/v1/sign-up", ADA)
    said = answer.headers["set-cookie"].split("; ")
    assert said[0].startswith(f"{COOKIE}=")
    assert COOKIE.startswith("__Host-")
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=lax"} < set(said)
    assert not [one for one in said if one.startswith("Domain")]


def test_no_one_is_handed_a_session_that_another_knows(http: TestClient) -> None:
    Someone(http).post("/v1/sign-up", ADA)
    planted = Someone(http, {"Cookie": f"{COOKIE}=planted"})
    first = planted.keep(planted.post("/v1/sign-in", ADA))
    assert "planted" not in first.headers["Cookie"]
    second = first.keep(first.post("/v1/sign-in", ADA))
    assert second.headers != first.headers
    assert first.get("/v1/me").status_code == 401  # signing in anew ended it
    assert planted.get("/v1/me").status_code == 401
    assert second.get("/v1/me").status_code == 200


def test_a_known_address_answers_as_a_new_one(rooms: Rooms, http: TestClient) -> None:
    ada = someone_new(rooms, http)
    address = ada.get("/v1/me").json()["email"]
    answers = [
        Someone(http).post("/v1/sign-up", {"email": email, "password": PASSWORD})
        for email in (address, "nobody.yet@example.org")
    ]
    known, new = ({**one.json(), "account_id": "", "payer": "", "email": ""} for one in answers)
    assert known == new
    for made in answers:  # nor does what comes after tell
        visitor = Someone(http).keep(made)
        assert visitor.get("/v1/me").json()["email_verified"] is False
        asked = {"email": made.json()["email"], "password": PASSWORD}
        assert Someone(http).post("/v1/sign-in", asked).status_code == 200
    assert ada.get("/v1/me").json()["email_verified"] is True  # who is still someone else


def test_a_wrong_password_and_an_unknown_address_are_told_alike(http: TestClient) -> None:
    Someone(http).post("/v1/sign-up", ADA)
    told = {
        Someone(http).post("/v1/sign-in", {**ADA, **wrong}).text
        for wrong in (
            {"password": "another password"},
            {"email": "bob@example.org"},
            {"email": "not an address"},
            {"password": ""},
        )
    }
    (only,) = told
    assert "do not go together" in only


def test_who_is_suspended_is_told_so_once_it_is_known_who_they_are(
    rooms: Rooms, http: TestClient
) -> None:
    ada = Someone(http).keep(Someone(http).post("/v1/sign-up", ADA))
    with rooms.database.begin() as connection:
        change_person(connection, ada.account_id, suspended_at=sa.func.now())
    assert ada.get("/v1/generations").status_code == 403
    assert Someone(http).post("/v1/sign-in", ADA).status_code == 403
    wrong = {**ADA, "password": "another password"}
    assert Someone(http).post("/v1/sign-in", wrong).status_code == 401


def test_a_password_that_was_kept_with_less_work_is_kept_anew(
    rooms: Rooms, http: TestClient
) -> None:
    ada = Someone(http).keep(Someone(http).post("/v1/sign-up", ADA))
    weak = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash(PASSWORD)
    with rooms.database.begin() as connection:
        change_person(connection, ada.account_id, password_hash=weak)
    assert Someone(http).post("/v1/sign-in", ADA).status_code == 200
    with rooms.database.begin() as connection:
        query = sa.select(person.c.password_hash).where(person.c.account_id == ada.account_id)
        kept = connection.execute(query).scalar_one()
    assert "m=19456" in kept
    assert Someone(http).post("/v1/sign-in", ADA).status_code == 200


def test_another_password_signs_out_everywhere_else(http: TestClient) -> None:
    here = Someone(http).keep(Someone(http).post("/v1/sign-up", ADA))
    there = Someone(http).keep(Someone(http).post("/v1/sign-in", ADA))
    new = "a heron and three kettles"
    for current, status in (("wrong", 400), (PASSWORD, 200)):
        asked = {"password": new, "current_password": current}
        answer = here.send("PATCH", "/v1/me", json=asked)
        assert answer.status_code == status, answer.text
    assert [one.get("/v1/me").status_code for one in (here, there)] == [401, 401]
    assert here.keep(answer).get("/v1/me").status_code == 200
    assert Someone(http).post("/v1/sign-in", ADA).status_code == 401
    assert Someone(http).post("/v1/sign-in", {**ADA, "password": new}).status_code == 200


def test_one_sees_where_one_is_signed_in_and_ends_it(http: TestClient) -> None:
    agent = {"User-Agent": "Firefox"}
    here = Someone(http).keep(Someone(http).post("/v1/sign-up", ADA))
    there = Someone(http).keep(Someone(http).post("/v1/sign-in", ADA, headers=agent))
    sessions = here.get("/v1/me/sessions").json()
    assert [(one["browser"], one["current"]) for one in sessions] == [
        ("Firefox", False),
        ("testclient", True),
    ]
    assert {one["address"] for one in sessions} == {ELSEWHERE[0]}
    url = f"/v1/me/sessions/{sessions[0]['session_id']}"
    assert here.send("DELETE", url).status_code == 204
    assert there.get("/v1/me").status_code == 401


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": ORIGIN}, 200),
        ({"Origin": "", "Sec-Fetch-Site": "same-origin"}, 200),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": f"{ORIGIN}.evil.example"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Origin": "", "Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": ""}, 403),  # a cookie, and nothing says from where
    ],
)
def test_no_other_page_acts_for_who_is_signed_in(
    rooms: Rooms, http: TestClient, headers: dict[str, str], status: int
) -> None:
    ada = someone_new(rooms, http)
    sent = {name: value for name, value in {"Origin": ORIGIN, **headers}.items() if value}
    http.cookies.clear()
    answer = http.patch("/v1/me", json={"name": "x"}, headers={**ada.headers, **sent})
    assert answer.status_code == status, answer.text


def test_no_password_crosses_the_network_in_the_clear(rooms: Rooms) -> None:
    for url, client, forwarded, status in (
        ("http://studio.example", ELSEWHERE, {}, 403),
        ("http://studio.example", ELSEWHERE, {"X-Forwarded-Proto": "https"}, 403),  # says anyone
        ("http://studio.example", ("10.0.0.2", 1), {"X-Forwarded-Proto": "https"}, 201),
        ("https://studio.example", ELSEWHERE, {}, 201),
        ("http://localhost:7860", ("127.0.0.1", 1), {}, 201),
    ):
        app = open_to_all(rooms, proxies="10.0.0.0/24")
        with TestClient(app, base_url=url, client=client) as http:
            answer = http.post("/v1/sign-up", json=ADA, headers=forwarded)
            assert answer.status_code == status, (url, client, forwarded, answer.text)


def test_where_people_are_added_by_an_admin_no_one_signs_up(rooms: Rooms) -> None:
    app = open_to_all(rooms, sign_up="closed")
    with TestClient(app, base_url=ORIGIN, client=ELSEWHERE) as http:
        assert http.get("/v1/sign-in/options").json()["sign_up"] == "closed"
        assert http.post("/v1/sign-up", json=ADA).status_code == 403
