"""The owner needs no password on the machine itself, and the door is open to no one else."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient

from maquette.api.app import create_app
from maquette.core.errors import NotAllowed, UsageError
from maquette.core.settings import Settings
from maquette.ledger.accounts import get_balance
from maquette.ledger.holds import place_hold, post_hold
from maquette.people.emails import read_email
from maquette.people.passwords import hash_password
from maquette.service.own_data import delete
from maquette.service.owner import (
    FEW,
    LOCAL_ACCOUNT,
    PLENTY,
    claim_machine,
    prepare_owner,
    refuse_open_door,
)
from maquette.service.people import People
from maquette.service.people_admin import set_role, set_suspended
from tests.api.conftest import AT_MACHINE, Rooms
from tests.api.people import ELSEWHERE, ORIGIN, PASSWORD, open_to_all, someone_new


def test_who_sits_at_the_machine_is_its_owner(rooms: Rooms) -> None:
    me = rooms.client.get("/v1/me").json()
    assert (me["account_id"], me["role"], me["is_owner"]) == (LOCAL_ACCOUNT, "admin", True)
    assert me["email"] is None
    refused = rooms.client.post("/v1/me/delete", json={"password": PASSWORD})
    assert (refused.status_code, "accounts add EMAIL" in refused.text) == (400, True)


@pytest.mark.parametrize(
    "header",
    [
        *("X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Forwarded-Port"),
        *("X-Forwarded-Server", "X-Forwarded-Prefix", "X-Real-IP", "Forwarded", "Via"),
    ],
)
def test_what_is_handed_on_by_a_proxy_is_not_from_the_machine(rooms: Rooms, header: str) -> None:
    answer = rooms.client.get("/v1/me", headers={header: "127.0.0.1"})
    assert answer.status_code == 401


def test_others_do_not_come_in_by_the_owners_door(rooms: Rooms) -> None:
    studio = rooms.app.state.studio
    for client in (ELSEWHERE, ("10.0.0.2", 1), ("testclient", 1)):
        with TestClient(create_app(studio, rooms.database), client=client) as http:
            assert http.get("/v1/me").status_code == 401
    with TestClient(open_to_all(rooms), client=AT_MACHINE) as http:  # one that others reach, too
        assert http.get("/v1/me").status_code == 401
    # Nor through a proxy that says nothing, where the settings say that there is one.
    for settings in (Settings(proxies="127.0.0.1"), Settings(public_url=ORIGIN)):
        app = create_app(studio, rooms.database, people=People(rooms.database, settings))
        with TestClient(app, client=AT_MACHINE) as http:
            for headers in ({}, {"X-Forwarded-For": "127.0.0.1"}, {"X-Forwarded-For": "::1"}):
                assert http.get("/v1/me", headers=headers).status_code == 401


def test_the_door_is_shut_once_an_admin_has_a_password(rooms: Rooms) -> None:
    with pytest.raises(UsageError, match="maquette accounts add EMAIL --admin"):
        refuse_open_door(rooms.database, "0.0.0.0")
    kept = rooms.client.post("/v1/generations", json={"prompt": "a cat"}).json()
    with rooms.database.begin() as connection:
        email = read_email("ada@example.org")
        assert claim_machine(connection, email, hash_password(PASSWORD), "Ada") is not None
        assert claim_machine(connection, email, hash_password(PASSWORD), "Eve") is None
    refuse_open_door(rooms.database, "0.0.0.0")
    assert rooms.client.get("/v1/me").status_code == 401
    with TestClient(open_to_all(rooms), base_url="https://testserver") as http:
        asked = {"email": "ada@example.org", "password": PASSWORD}
        assert http.post("/v1/sign-in", json=asked).json()["is_owner"]
        (found,) = http.get("/v1/generations").json()
        assert found == kept  # what was theirs stays theirs
    # Nor does it open again: an admin who has no password does not take the last one's place.
    someone_new(rooms, rooms.client, "admin")
    undone: tuple[Callable[[sa.Connection], object], ...] = (
        lambda connection: set_role(connection, "eve", LOCAL_ACCOUNT, "member"),
        lambda connection: set_suspended(connection, "eve", "admin", LOCAL_ACCOUNT, True),
        lambda connection: delete(connection, LOCAL_ACCOUNT, LOCAL_ACCOUNT),
    )
    for undo in undone:
        with pytest.raises(NotAllowed, match="last admin"), rooms.database.begin() as connection:
            undo(connection)
    assert rooms.client.get("/v1/me").status_code == 401
    refuse_open_door(rooms.database, "0.0.0.0")


def test_the_owner_has_credits_in_plenty_at_each_start(rooms: Rooms) -> None:
    def available() -> int:
        with rooms.database.connect() as connection:
            return get_balance(connection, LOCAL_ACCOUNT).available_microcredits

    def spend(microcredits: int) -> None:
        with rooms.database.begin() as connection:
            held = place_hold(connection, LOCAL_ACCOUNT, microcredits, timedelta(0))
            post_hold(connection, held.hold_id, microcredits)

    assert available() == PLENTY
    spend(PLENTY - FEW)
    prepare_owner(rooms.database)
    assert available() == FEW
    spend(1)
    prepare_owner(rooms.database)
    assert available() == PLENTY
