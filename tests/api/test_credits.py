"""What is asked for is paid for once where it came, and given back where it did not."""

import time
from typing import Any

import pytest
from fastapi.testclient import TestClient

from maquette.ledger.verify import verify
from maquette.people.audit import read_audit
from tests.api.conftest import Rooms
from tests.callers import become
from tests.credits import PLENTY_MICROCREDITS
from tests.waiting import wait_until

SMALL = {"prompt": "a cat", "width": 64, "height": 64, "num_inference_steps": 3}
LONG = SMALL | {"num_inference_steps": 1000}
PRICE = 10_000


def _balance(client: TestClient) -> dict[str, Any]:
    return client.get("/v1/balance").json()


def _ended(client: TestClient, asked: dict[str, Any]) -> dict[str, Any]:
    url = f"/v1/generations/{asked['generation_id']}"
    return wait_until(lambda: (now := client.get(url).json())["finished_at"] and now)


def test_a_request_costs_what_it_was_said_to(rooms: Rooms, client: TestClient) -> None:
    quoted = client.post("/v1/quotes", json=SMALL).json()
    assert quoted == {
        "kind": "exact",
        "model": "starter",
        "megapixel_steps": 6 * 64 * 64 / 1e6,
        "price_microcredits": PRICE,
    }
    before = _balance(client)
    asked = client.post("/v1/generations", json=SMALL).json()
    assert (asked["price_microcredits"], asked["charged_microcredits"]) == (PRICE, None)
    ended = _ended(client, asked)
    assert (ended["price_microcredits"], ended["charged_microcredits"]) == (PRICE, PRICE)
    after = _balance(client)
    assert after["posted_microcredits"] == before["posted_microcredits"] - PRICE
    assert after["held_microcredits"] == 0
    assert after["grants"][0]["left_microcredits"] == after["available_microcredits"]
    charge, granted = client.get("/v1/transfers").json()
    assert (charge["kind"], charge["amount_microcredits"]) == ("charge", -PRICE)
    assert charge["generation_id"] == asked["generation_id"]
    assert (charge["generation_kind"], granted["generation_kind"]) == ("image", None)
    assert charge["assets"] == ended["assets"]
    assert (granted["kind"], granted["amount_microcredits"]) == ("grant", PLENTY_MICROCREDITS)
    assert client.get(f"/v1/transfers?before={charge['number']}").json() == [granted]
    assert list(verify(rooms.database)) == []


def test_what_waits_is_held_and_what_is_cancelled_costs_nothing(rooms: Rooms) -> None:
    client = rooms.client  # without a worker
    asked = client.post("/v1/generations", json=LONG).json()
    price = asked["price_microcredits"]
    there = _balance(client)
    assert there["held_microcredits"] == price
    assert there["available_microcredits"] == PLENTY_MICROCREDITS - price
    for _ in range(2):
        ended = client.post(f"/v1/generations/{asked['generation_id']}/cancel").json()
        assert (ended["state"], ended["charged_microcredits"]) == ("cancelled", 0)
    assert _balance(client)["available_microcredits"] == PLENTY_MICROCREDITS
    assert list(verify(rooms.database)) == []


def test_what_is_deleted_before_it_came_costs_nothing(rooms: Rooms) -> None:
    asked = rooms.client.post("/v1/generations", json=LONG).json()
    rooms.client.delete(f"/v1/generations/{asked['generation_id']}")
    assert _balance(rooms.client)["available_microcredits"] == PLENTY_MICROCREDITS


def test_what_fails_costs_nothing(rooms: Rooms, client: TestClient) -> None:
    asked = client.post("/v1/generations", json=SMALL | {"prompt": "a red boat " * 60}).json()
    ended = _ended(client, asked)
    assert (ended["state"], ended["charged_microcredits"]) == ("failed", 0)
    assert _balance(client)["available_microcredits"] == PLENTY_MICROCREDITS
    assert list(verify(rooms.database)) == []


def test_without_credits_nothing_is_begun(rooms: Rooms) -> None:
    become(rooms.app, "poor", amount_microcredits=PRICE + 1)
    first = rooms.client.post("/v1/generations", json=SMALL)
    assert first.status_code == 202
    refused = rooms.client.post("/v1/generations", json=SMALL)
    assert refused.status_code == 402
    assert refused.json() == {
        "error": "0.01 credits are needed and 0.000001 are there; buy more, or ask for less"
    }
    assert [one["generation_id"] for one in rooms.client.get("/v1/generations").json()] == [
        first.json()["generation_id"]
    ]


def test_an_operator_gives_back_with_a_reason(rooms: Rooms, client: TestClient) -> None:
    become(rooms.app, "ada")
    _ended(client, client.post("/v1/generations", json=SMALL).json())
    charge = client.get("/v1/transfers").json()[0]
    path = f"/v1/operator/transfers/{charge['transfer_id']}/reverse"
    become(rooms.app, "ed", "member")
    assert client.post(path, json={"reason": "I would like that"}).status_code == 403
    become(rooms.app, "grace", "operator")
    assert client.post(path, json={"reason": ""}).status_code == 422
    made = client.post(path, json={"reason": "it was all grey"}).json()
    assert (made["kind"], made["amount_microcredits"]) == ("reversal", PRICE)
    again = client.post(path, json={"reason": "it was all grey"})
    assert again.status_code == 400
    there = client.get("/v1/operator/accounts/ada/balance").json()
    assert there["available_microcredits"] == PLENTY_MICROCREDITS
    back, *_ = client.get("/v1/operator/accounts/ada/transfers").json()
    assert (back["reason"], back["generation_id"]) == ("it was all grey", charge["generation_id"])
    with rooms.database.connect() as connection:
        [said] = read_audit(connection, 10)
    assert (said.actor_id, said.act) == ("grace", "credits.reverse")
    assert said.details == {"account_id": "ada", "reason": "it was all grey"}


def test_the_ledger_is_checked_beside_all_else(rooms: Rooms, client: TestClient) -> None:
    path = "/v1/operator/ledger/check"
    become(rooms.app, "ed", "member")
    assert {client.get(path).status_code, client.post(path).status_code} == {403}
    become(rooms.app, "grace", "operator")
    assert client.get(path).json() == {"newest": None, "result": None}
    begun = client.post(path)
    assert begun.status_code == 202
    assert (begun.json()["state"], begun.json()["ended_at"]) == ("running", None)
    while (known := client.get(path).json())["newest"]["state"] == "running":
        time.sleep(0.05)
    assert known["newest"] == known["result"]
    one = known["result"]
    assert (one["number"], one["state"], one["findings"]) == (begun.json()["number"], "ended", [])
    assert one["accounts"] == one["accounts_done"] >= 5
    assert one["transfers"] >= 2


@pytest.mark.parametrize("path", ["balance", "transfers"])
def test_credits_of_no_one_are_not_there(rooms: Rooms, path: str) -> None:
    assert rooms.client.get(f"/v1/operator/accounts/nobody/{path}").status_code == 404
