"""Each request has an id, a line in the log that tells no secret, and is timed by its route."""

import logging

import pytest

from maquette.core import logs
from tests.api.conftest import Rooms


def test_a_request_is_told_apart(rooms: Rooms, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "maquette.api.access")
    asked = {"prompt": "a secret boat", "num_inference_steps": 2}
    first = rooms.client.post("/v1/generations?token=hidden", json=asked)
    assert first.status_code == 202, first.text
    known = {"X-Request-ID": "from-the-proxy"}
    second = rooms.client.get(f"/v1/generations/{first.json()['generation_id']}", headers=known)
    odd = rooms.client.get("/livez", headers={"X-Request-ID": "a b\tc"})
    assert second.headers["X-Request-ID"] == "from-the-proxy"
    assert len({first.headers["X-Request-ID"], odd.headers["X-Request-ID"]} - {"a b\tc"}) == 2
    lines = [(r.getMessage(), getattr(r, logs.FIELDS)["status"]) for r in caplog.records]
    path = f"/v1/generations/{first.json()['generation_id']}"
    assert lines == [("POST /v1/generations", 202), (f"GET {path}", 200), ("GET /livez", 200)]
    assert "hidden" not in caplog.text
    assert "secret" not in caplog.text


def test_requests_are_timed_by_their_route(rooms: Rooms) -> None:
    for path in ("/v1/generations", "/v1/generations/none", "/nowhere", "/", "/index.html"):
        rooms.client.get(path)
    figures = rooms.client.get("/metrics").text
    for route, status in [
        ("/v1/generations", 200), ("/v1/generations/{generation_id}", 422), ("other", 404),
    ]:  # fmt: skip
        labels = f'method="GET",route="{route}",status="{status}"'
        assert f"maquette_http_seconds_count{{{labels}}} 1.0" in figures, figures
    assert "/v1/generations/none" not in figures


def test_no_one_makes_series_with_words_of_their_own(rooms: Rooms) -> None:
    for number in range(20):
        assert rooms.client.request(f"METHOD{number}", "/livez").status_code == 405
    figures = rooms.client.get("/metrics").text
    assert "METHOD" not in figures
    assert 'maquette_http_seconds_count{method="other",route="other",status="405"} 20.0' in figures
