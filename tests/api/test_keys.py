"""Keys at the API: what they open, what they may spend, and what they never may."""

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.api.conftest import Rooms
from tests.api.people import ELSEWHERE, ORIGIN, Someone, open_to_all, someone_new

SMALL = {"prompt": "a cat", "width": 64, "height": 64}


@pytest.fixture
def http(rooms: Rooms) -> Iterator[TestClient]:
    with TestClient(open_to_all(rooms), base_url=ORIGIN, client=ELSEWHERE) as client:
        yield client


def _key(ada: Someone, *scopes: str, **more: Any) -> tuple[dict[str, Any], Someone]:
    made = ada.post("/v1/keys", {"name": "a program", "scopes": scopes, **more})
    assert made.status_code == 201, made.text
    return made.json(), Someone(ada.http, {"Authorization": f"Bearer {made.json()['key']}"})


def test_a_key_opens_what_it_is_for(rooms: Rooms, http: TestClient) -> None:
    ada = someone_new(rooms, http)
    made, reader = _key(ada, "read")
    _, maker = _key(ada, "generate")
    (listed,) = [one for one in ada.get("/v1/keys").json() if one["key_id"] == made["key_id"]]
    assert listed == {name: value for name, value in made.items() if name != "key"}
    # A program says nothing of pages, and needs not: no browser sends a key by itself.
    without_origin = {"Origin": "https://elsewhere.example"}
    asked = maker.post("/v1/generations", SMALL, headers=without_origin)
    assert asked.status_code == 202, asked.text
    assert reader.post("/v1/generations", SMALL).status_code == 403
    assert maker.get("/v1/generations").status_code == 403
    assert [one["generation_id"] for one in reader.get("/v1/generations").json()] == [
        asked.json()["generation_id"]
    ]
    for scheme in ("Basic", "mq", ""):
        wrong = Someone(http, {"Authorization": f"{scheme} {made['key']}"})
        assert wrong.get("/v1/generations").status_code == 401


def test_a_key_that_is_wrong_is_not_made_good_by_a_cookie(rooms: Rooms, http: TestClient) -> None:
    ada = someone_new(rooms, http)
    both = Someone(http, {**ada.headers, "Authorization": "Bearer mq_wrong"})
    assert both.get("/v1/me").status_code == 401


def test_no_key_does_what_is_a_persons_alone(rooms: Rooms, http: TestClient) -> None:
    admin = someone_new(rooms, http, "admin")
    _, program = _key(admin, "read", "generate", "account", "operate")
    assert program.get("/v1/me").status_code == 200
    assert program.get("/v1/operator/people").status_code == 200
    assert program.get("/metrics").status_code == 200
    for method, path, body in (
        ("GET", "/v1/keys", None),
        ("POST", "/v1/keys", {"name": "k", "scopes": ["read"]}),
        ("PATCH", "/v1/me", {"name": "x"}),
        ("GET", "/v1/me/sessions", None),
    ):
        assert program.send(method, path, json=body).status_code == 403, path


def test_a_key_for_operators_is_none_in_a_members_hands(rooms: Rooms, http: TestClient) -> None:
    member = someone_new(rooms, http)
    _, program = _key(member, "operate")
    assert program.get("/v1/operator/people").status_code == 403


def test_a_key_spends_no_more_than_its_budget(rooms: Rooms, http: TestClient) -> None:
    ada = someone_new(rooms, http)
    price = ada.post("/v1/quotes", SMALL).json()["price_microcredits"]
    _, program = _key(ada, "generate", budget_microcredits=price, budget_period="day")

    def spent() -> int:
        return ada.get("/v1/keys").json()[0]["spent_microcredits"]

    first = program.post("/v1/generations", SMALL)
    assert (first.status_code, spent()) == (202, price)
    refused = program.post("/v1/generations", SMALL)
    assert refused.status_code == 402
    assert ada.get("/v1/balance").json()["held_microcredits"] == price  # nothing half done
    assert len(ada.get("/v1/generations").json()) == 1
    assert ada.post("/v1/generations", SMALL).status_code == 202  # who needs no key has no budget
    url = f"/v1/generations/{first.json()['generation_id']}/cancel"
    assert program.post(url).status_code == 200
    assert spent() == 0
    assert program.post("/v1/generations", SMALL).status_code == 202
