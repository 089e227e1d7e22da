"""The second factor: asked for once it is in force, each code taken once, and a way back in."""

import time
from collections.abc import Iterator

import pyotp
import pytest
from fastapi.testclient import TestClient

from maquette.people import two_factor
from tests.api.conftest import Rooms
from tests.api.people import ELSEWHERE, ORIGIN, PASSWORD, Someone, open_to_all

ADA = {"email": "ada@example.org", "password": PASSWORD}


class Clock:
    """The time, which goes on where it is told to."""

    def __init__(self) -> None:
        self.now_s = time.time()

    def time(self) -> float:
        return self.now_s


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(two_factor, "time", made)
    return made


@pytest.fixture
def http(rooms: Rooms) -> Iterator[TestClient]:
    with TestClient(open_to_all(rooms), base_url=ORIGIN, client=ELSEWHERE) as client:
        yield client


def _with_two_factor(http: TestClient, clock: Clock) -> tuple[Someone, pyotp.TOTP, list[str]]:
    ada = Someone(http).keep(Someone(http).post("/v1/sign-up", ADA))
    elsewhere = Someone(http).keep(Someone(http).post("/v1/sign-in", ADA))
    begun = ada.post("/v1/me/two-factor").json()
    assert begun["qr_svg"].startswith("<svg")
    assert f"secret={begun['secret']}" in begun["uri"]
    assert not ada.get("/v1/me").json()["two_factor"]  # until it is confirmed
    app = pyotp.TOTP(begun["secret"])
    assert ada.post("/v1/me/two-factor/confirm", {"code": "000000x"}).status_code == 400
    done = ada.post("/v1/me/two-factor/confirm", {"code": app.at(int(clock.now_s))})
    assert done.status_code == 200, done.text
    assert elsewhere.get("/v1/me").status_code == 401
    assert ada.get("/v1/me").status_code == 401  # for this browser has another cookie now
    ada = Someone(http, {"Cookie": done.headers["set-cookie"].split(";")[0]})
    assert ada.get("/v1/me").json()["two_factor"]
    return ada, app, done.json()["recovery_codes"]


def test_a_code_is_asked_for_and_taken_once(http: TestClient, clock: Clock) -> None:
    _, app, _ = _with_two_factor(http, clock)
    asked = Someone(http).post("/v1/sign-in", ADA)
    assert (asked.status_code, asked.json()["needs"]) == (401, "code")
    wrong = Someone(http).post("/v1/sign-in", {**ADA, "password": "another password"})
    assert "needs" not in wrong.json()  # who does not know the password is not told
    used = app.at(int(clock.now_s))
    assert Someone(http).post("/v1/sign-in", {**ADA, "code": used}).status_code == 401
    clock.now_s += 30
    code = app.at(int(clock.now_s))
    assert Someone(http).post("/v1/sign-in", {**ADA, "code": code}).status_code == 200
    assert Someone(http).post("/v1/sign-in", {**ADA, "code": code}).status_code == 401
    clock.now_s += 30
    assert Someone(http).post("/v1/sign-in", {**ADA, "code": code}).status_code == 401  # still
    early = app.at(int(clock.now_s + 30))  # by a clock that is ahead
    assert Someone(http).post("/v1/sign-in", {**ADA, "code": early}).status_code == 200
    late = app.at(int(clock.now_s))  # of a step before one that was taken
    assert Someone(http).post("/v1/sign-in", {**ADA, "code": late}).status_code == 401


def test_a_code_to_recover_by_works_once(http: TestClient, clock: Clock) -> None:
    _, _, codes = _with_two_factor(http, clock)
    assert len(set(codes)) == 10
    one = {**ADA, "code": codes[0].upper()}
    assert Someone(http).post("/v1/sign-in", one).status_code == 200
    assert Someone(http).post("/v1/sign-in", one).status_code == 401
    assert Someone(http).post("/v1/sign-in", {**ADA, "code": codes[1]}).status_code == 200


def test_codes_are_not_guessed(http: TestClient, clock: Clock) -> None:
    _, app, _ = _with_two_factor(http, clock)
    wrong = {**ADA, "code": "x"}
    statuses = [Someone(http).post("/v1/sign-in", wrong).status_code for _ in range(11)]
    assert statuses[-1] == 429
    clock.now_s += 30
    right = {**ADA, "code": app.at(int(clock.now_s))}
    assert Someone(http).post("/v1/sign-in", right).status_code == 429


def test_it_is_removed_by_who_has_the_password(http: TestClient, clock: Clock) -> None:
    ada, _, _ = _with_two_factor(http, clock)
    assert ada.post("/v1/me/two-factor").status_code == 400  # one is in force
    remove = "/v1/me/two-factor/remove"
    assert ada.post(remove, {"password": "another password"}).status_code == 400
    assert ada.post(remove, {"password": PASSWORD}).status_code == 204
    assert Someone(http).post("/v1/sign-in", ADA).status_code == 200
