"""The second factor: asked for once it is in force, each code taken once, and a way back in."""

import re
import time
from base64 import b64decode, b64encode
from collections.abc import Iterator
from pathlib import Path

import pyotp
import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient

from maquette.db.tables.people import person
from maquette.people import two_factor
from maquette.people.second_factor_key import BETWEEN
from maquette.service.people import People
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
    asked = ada.post("/v1/me/two-factor", {"password": "another password"})
    assert (asked.status_code, "another one" in asked.text) == (400, True)
    begun = ada.post("/v1/me/two-factor", {"password": PASSWORD}).json()
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
    assert all(re.fullmatch(r"[0-9a-f]{5}(-[0-9a-f]{5}){3}", one) for one in codes)  # 80 bits
    one = {**ADA, "code": codes[0].upper()}
    assert Someone(http).post("/v1/sign-in", one).status_code == 200
    assert Someone(http).post("/v1/sign-in", one).status_code == 401
    assert Someone(http).post("/v1/sign-in", {**ADA, "code": codes[1]}).status_code == 200
    plain = codes[2].replace("-", " ")
    assert Someone(http).post("/v1/sign-in", {**ADA, "code": plain}).status_code == 200


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
    again = ada.post("/v1/me/two-factor", {"password": PASSWORD})
    assert (again.status_code, "in force" in again.text) == (400, True)
    remove = "/v1/me/two-factor/remove"
    assert ada.post(remove, {"password": "another password"}).status_code == 400
    assert ada.post(remove, {"password": PASSWORD}).status_code == 204
    assert Someone(http).post("/v1/sign-in", ADA).status_code == 200


def _kept(rooms: Rooms) -> str:
    with rooms.database.connect() as connection:
        query = sa.select(person.c.two_factor_secret).where(person.c.email == ADA["email"])
        return connection.execute(query).scalar_one()


def _keep(rooms: Rooms, secret: str) -> None:
    with rooms.database.begin() as connection:
        mine = person.c.email == ADA["email"]
        connection.execute(sa.update(person).where(mine).values(two_factor_secret=secret))


def test_the_database_alone_gives_no_codes(rooms: Rooms, http: TestClient, clock: Clock) -> None:
    _, app, _ = _with_two_factor(http, clock)
    kept = _kept(rooms)
    assert app.secret not in kept
    assert app.secret not in str(b64decode(kept.partition(BETWEEN)[2]))
    people: People = http.app.state.people  # type: ignore[attr-defined]
    key = people.second_factor_key
    assert key is not None
    (account_id,) = _accounts(rooms)
    assert key.decrypt(kept, account_id) == app.secret
    assert key.decrypt(kept, "eve") is None  # copied to another's row it is of no use


def _accounts(rooms: Rooms) -> list[str]:
    with rooms.database.connect() as connection:
        query = sa.select(person.c.account_id).where(person.c.email.is_not(None))
        return [*connection.execute(query).scalars()]


def test_a_secret_from_before_is_encrypted_once_a_code_is_taken(
    rooms: Rooms, http: TestClient, clock: Clock
) -> None:
    _, app, _ = _with_two_factor(http, clock)
    _keep(rooms, app.secret)
    clock.now_s += 30
    assert Someone(http).post("/v1/sign-in", {**ADA, "code": "000000"}).status_code == 401
    assert _kept(rooms) == app.secret
    for _ in range(2):
        code = app.at(int(clock.now_s))
        assert Someone(http).post("/v1/sign-in", {**ADA, "code": code}).status_code == 200
        assert BETWEEN in _kept(rooms)
        clock.now_s += 30


@pytest.mark.parametrize("key", [None, b64encode(b"x" * 32).decode()])
def test_without_its_key_only_codes_to_recover_by_let_in(
    rooms: Rooms, http: TestClient, clock: Clock, key: str | None, tmp_path: Path
) -> None:
    _, app, codes = _with_two_factor(http, clock)
    clock.now_s += 30
    moved = open_to_all(rooms, second_factor_key=key, data=tmp_path)
    with TestClient(moved, base_url=ORIGIN, client=ELSEWHERE) as other:
        code = app.at(int(clock.now_s))
        assert Someone(other).post("/v1/sign-in", {**ADA, "code": code}).status_code == 401
        came = Someone(other).post("/v1/sign-in", {**ADA, "code": codes[0]})
        assert came.status_code == 200
        ada = Someone(other).keep(came)
        remove = "/v1/me/two-factor/remove"
        assert ada.post(remove, {"password": PASSWORD}).status_code == 204
        begun = ada.post("/v1/me/two-factor", {"password": PASSWORD})
        assert begun.status_code == (200 if key else 403)
