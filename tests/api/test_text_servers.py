"""Operators add, check, change and remove other servers; a key goes in and never out."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from typing import Any

import httpx2 as httpx
import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient

from maquette.core.errors import RemoteUnavailable
from maquette.db.tables.texts import text_server
from maquette.engines import found_servers
from maquette.people.audit import read_audit
from tests.api.conftest import AT_MACHINE, Rooms
from tests.api.remote_scene import KEY, open_safe_app
from tests.engines.text_server import say, serving

ROUTE = "/v1/operator/text-servers"
AWAY = "http://127.0.0.1:9/v1"


@pytest.fixture
def http(rooms: Rooms) -> Iterator[TestClient]:
    with TestClient(open_safe_app(rooms), client=AT_MACHINE) as client:
        yield client


def _models(handler: BaseHTTPRequestHandler, _: dict[str, Any]) -> None:
    say(handler, json.dumps({"data": [{"id": "llama"}]}))


def _add(http: TestClient, **more: Any) -> httpx.Response:
    return http.post(ROUTE, json={"name": "home", "url": AWAY, "key": KEY} | more)


def test_a_key_goes_in_and_never_out(rooms: Rooms, http: TestClient) -> None:
    models = [{"name": "m", "thousand_tokens_microcredits": 5}]
    made = _add(http, models=models)
    assert made.status_code == 201, made.text
    assert made.json() == http.get(ROUTE).json()[0]
    assert (made.json()["has_key"], made.json()["models"]) == (True, models)
    route = f"{ROUTE}/{made.json()['server_id']}"
    changed = http.patch(route, json={"disabled": True, "key": KEY[::-1]})
    told = [made.text, http.get(ROUTE).text, changed.text]
    with rooms.database.connect() as connection:
        told += map(str, connection.execute(sa.select(text_server)))
        told += map(str, read_audit(connection, 10))
    assert http.delete(route).status_code == 204
    assert http.get(ROUTE).json() == []
    assert len(told) == 6
    for text in told:
        assert KEY not in text
        assert KEY[::-1] not in text


def test_models_that_speak_are_kept_beside_those_that_write(rooms: Rooms, http: TestClient) -> None:
    speech = [{"name": "tts", "voices": ["nova"], "thousand_characters_microcredits": 7}]
    made = _add(http, models=[{"name": "tts"}], speech=speech).json()
    assert made["speech"] == http.get(ROUTE).json()[0]["speech"] == speech
    route = f"{ROUTE}/{made['server_id']}"
    assert http.patch(route, json={"disabled": True}).json()["speech"] == speech
    changed = http.patch(route, json={"speech": [{"name": "other"}]}).json()
    assert changed["models"] == made["models"]
    assert [(one["name"], one["voices"]) for one in changed["speech"]] == [("other", [])]
    with rooms.database.connect() as connection:
        (noted, *_) = read_audit(connection, 1)
    assert "'name': 'other'" in str(noted)


def test_a_key_is_for_its_server_alone(rooms: Rooms, http: TestClient) -> None:
    """Copied to the row of another it opens nothing there."""
    _add(http)
    _add(http, name="other", key="sk-another")
    servers = http.app.state.text_servers  # type: ignore[attr-defined]
    assert servers.open("home/m")[0].key == KEY
    with rooms.database.begin() as connection:
        its = sa.select(text_server.c.encrypted_key).where(text_server.c.name == "home")
        query = sa.update(text_server).where(text_server.c.name == "other")
        connection.execute(query.values(encrypted_key=its.scalar_subquery()))
    with pytest.raises(RemoteUnavailable, match="the key of other cannot be read"):
        servers.open("other/m")


def test_a_new_address_wants_the_key_anew(http: TestClient) -> None:
    route = f"{ROUTE}/{_add(http).json()['server_id']}"
    elsewhere = {"url": "http://127.0.0.1:10/v1"}
    refused = http.patch(route, json=elsewhere)
    assert (refused.status_code, "give it anew" in refused.json()["error"]) == (400, True)
    assert http.get(ROUTE).json()[0]["url"] == AWAY
    assert http.patch(route, json={**elsewhere, "key": ""}).json()["has_key"] is False
    assert http.patch(route, json={"url": AWAY}).json()["url"] == AWAY  # there is none any more


def test_it_is_asked_when_it_is_checked_and_no_sooner(http: TestClient) -> None:
    with serving(_models) as (url, asked):
        server_id = _add(http, url=url).json()["server_id"]
        checked = http.post(f"{ROUTE}/{server_id}/check").json()
    assert checked["models"] == ["llama"]
    assert 0 < checked["took_ms"] < 60_000
    assert asked == []  # for texts
    away = http.post(f"{ROUTE}/{server_id}/check")
    assert (away.status_code, "home does not answer" in away.json()["error"]) == (502, True)


def test_those_that_listen_here_are_looked_for_when_asked(
    http: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(_models) as (url, _):
        port = int(url.rsplit(":", 1)[1].removesuffix("/v1"))
        monkeypatch.setattr(found_servers, "USUAL_PORTS", {"vLLM": port})
        found = http.get(f"{ROUTE}/found").json()
        assert found == [{"program": "vLLM", "url": url, "models": ["llama"]}]
        assert http.get(ROUTE).json() == []
        _add(http, url=url)
        assert http.get(f"{ROUTE}/found").json() == []


@pytest.mark.parametrize(
    ("changed", "line"),
    [
        ({"name": "Home"}, "is no name of a server"),
        ({"name": "a/b"}, "is no name of a server"),
        ({"url": "ftp://127.0.0.1/"}, "is not asked; give an address of http"),
        ({"url": "http://ann:pw@127.0.0.1/"}, "give the key beside it"),
        ({"key": "a\nb"}, "a header cannot carry it"),
        ({"models": [{"name": "m"}, {"name": "m"}]}, "give each once"),
        ({"models": [{"name": " m"}]}, "cannot be a model's name"),
        ({"speech": [{"name": "m"}, {"name": "m"}]}, "give each once"),
        ({"speech": [{"name": "m", "voices": ["a", "a"]}]}, "'a' cannot be a voice of m"),
        ({"speech": [{"name": "m", "voices": [" a"]}]}, "' a' cannot be a voice of m"),
    ],
)
def test_what_does_not_fit_is_refused(http: TestClient, changed: dict[str, Any], line: str) -> None:
    refused = _add(http, **changed)
    assert (refused.status_code, line in refused.json()["error"]) == (400, True), refused.text
    assert http.get(ROUTE).json() == []


def test_a_name_is_given_once(http: TestClient) -> None:
    _add(http)
    again = _add(http)
    assert (again.status_code, "already" in again.json()["error"]) == (400, True)
    assert len(http.get(ROUTE).json()) == 1
