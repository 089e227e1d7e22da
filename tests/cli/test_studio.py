"""The studio as a process: it serves, outlives its worker, and ends when told to."""

import json
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2 as httpx
import psutil
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from starlette.middleware.trustedhost import TrustedHostMiddleware
from typer.testing import CliRunner

from maquette.cli.app import app
from maquette.cli.studio import FIRST_PATIENCE_S, _has_screen, _in_url, _names, _people
from maquette.core.errors import UsageError
from maquette.core.settings import Settings
from maquette.db.connect import open_database
from tests.waiting import PATIENCE_S, wait_until

REQUEST = {"prompt": "a red boat", "seed": 7, "num_inference_steps": 160}


class _Process:
    """A studio on a port of its own."""

    def __init__(self, data: Path, *more: str) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        words = ["-m", "maquette", "studio", "--port", str(port), "--data", str(data), *more]
        self.process = subprocess.Popen(
            [sys.executable, *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self.http = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE_S)

    def __enter__(self) -> "_Process":
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()
        self.process.kill()
        self.process.communicate()

    def wait_until(self, what: Callable[[], Any]) -> Any:
        def found() -> Any:
            try:
                return what()
            except httpx.TransportError:
                assert self.process.poll() is None, self.process.communicate()[0]

        return wait_until(found)

    def is_ready(self) -> bool:
        return self.http.get("/readyz").status_code == 200

    def ask(self) -> str:
        return self.http.post("/v1/generations", json=REQUEST).json()["generation_id"]

    def job(self, generation_id: str) -> dict[str, Any]:
        return self.http.get(f"/v1/generations/{generation_id}").json()

    def end_of(self, generation_id: str) -> dict[str, Any]:
        return self.wait_until(lambda: (j := self.job(generation_id))["finished_at"] and j)

    def worker(self) -> psutil.Process:
        children = psutil.Process(self.process.pid).children()
        (worker,) = [c for c in children if "worker" in c.cmdline()]
        return worker


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[_Process]:
    with _Process(tmp_path / "data") as made:
        yield made


@pytest.mark.slow
def test_a_first_picture_is_there_when_the_address_is_said(tmp_path: Path) -> None:
    for first in ("a red boat", "a blue boat"):  # the second time there is a picture already
        begun_s = time.monotonic()
        words = ["--first", first, "--no-open", "--backend", "eager"]
        with _Process(tmp_path / "data", *words) as studio:
            assert studio.process.stdout is not None
            said = next(line for line in studio.process.stdout if "The studio is at" in line)
            soon = time.monotonic() - begun_s < FIRST_PATIENCE_S
            assert str(studio.http.base_url) in said
            (there,) = studio.http.get("/v1/generations").json()
            assert there["state"] == "succeeded" or not soon  # a slow machine is not waited for
            ended = studio.end_of(there["generation_id"])
            if first == "a red boat" and there["state"] == "succeeded":  # and it was noticed
                late = datetime.now(UTC) - datetime.fromisoformat(ended["finished_at"])
                assert late < timedelta(seconds=FIRST_PATIENCE_S / 3)
            assert (ended["state"], ended["request"]["prompt"]) == ("succeeded", "a red boat")
            assert "<title>Maquette</title>" in studio.http.get("/").text
            studio.process.send_signal(signal.SIGTERM)
            studio.process.communicate(timeout=PATIENCE_S)
            assert studio.process.returncode == 0


def test_a_browser_is_opened_where_it_can_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    assert not _has_screen({"DISPLAY": ""})
    assert _has_screen({"WAYLAND_DISPLAY": "wayland-0"})
    monkeypatch.setattr(sys, "platform", "darwin")
    assert _has_screen({})


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1"])
def test_a_studio_is_found_by_the_address_that_it_says(host: str) -> None:
    app = FastAPI()
    app.get("/")(lambda: "here")
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=[*_names(host, Settings())])
    url = f"http://{_in_url(host)}:7860"
    assert urlsplit(url).hostname == host
    assert TestClient(app, base_url=url).get("/").json() == "here"
    assert TestClient(app, base_url="http://evil.example").get("/").status_code == 400


def test_a_studio_behind_a_proxy_needs_an_admin_with_a_password(
    fresh_url: str, tmp_path: Path
) -> None:
    for more, said in (
        ({"proxies": "127.0.0.1"}, "a studio behind 127.0.0.1 is open to others"),
        ({"public_url": "https://studio.example"}, "https://studio.example is open to others"),
    ):
        settings = Settings.model_validate({"database": fresh_url, "data": tmp_path} | more)
        with open_database(settings) as engine, pytest.raises(UsageError, match=said):
            _people("127.0.0.1", settings, engine, "http://127.0.0.1:7860")


def _progress(studio: _Process, generation_id: str) -> int:
    """The step of the first progress that is kept."""
    url = f"/v1/generations/{generation_id}/events"
    with studio.http.stream("GET", url) as stream:
        kind = ""
        for line in stream.iter_lines():
            if line.startswith("event: "):
                kind = line.removeprefix("event: ")
            elif line.startswith("data: ") and kind == "progress":
                return json.loads(line.removeprefix("data: "))["step"]
    raise AssertionError("it ended without progress")


@pytest.mark.slow
def test_a_studio_outlives_its_worker_and_ends_when_told_to(studio: _Process) -> None:
    studio.wait_until(studio.is_ready)
    whole = studio.end_of(studio.ask())
    assert whole["state"] == "succeeded"
    cut = studio.ask()
    assert 0 < _progress(studio, cut) < REQUEST["num_inference_steps"]
    first = studio.worker()
    first.send_signal(signal.SIGKILL)
    mended = studio.end_of(cut)
    assert studio.worker().pid != first.pid
    hashes = [[a["content_hash"] for a in job["assets"]] for job in (whole, mended)]
    assert hashes[0] == hashes[1]
    assert "maquette_worker_restarts_total 1.0" in studio.http.get("/metrics").text
    worker = studio.worker()
    studio.process.send_signal(signal.SIGTERM)
    output, _ = studio.process.communicate(timeout=PATIENCE_S)
    assert studio.process.returncode == 0, output
    assert "Traceback" not in output
    assert not worker.is_running()


@pytest.mark.slow
def test_after_a_studio_that_is_killed_the_next_one_leaves_nothing(
    studio: _Process, tmp_path: Path
) -> None:
    studio.wait_until(studio.is_ready)
    worker = studio.worker()
    studio.process.kill()
    studio.process.wait()
    psutil.wait_procs([worker], timeout=PATIENCE_S)
    assert not worker.is_running()
    with _Process(tmp_path / "data") as following:
        following.wait_until(following.is_ready)
        following.process.send_signal(signal.SIGTERM)
        output, _ = following.process.communicate(timeout=PATIENCE_S)
        assert following.process.returncode == 0, output
    everyone = (p.info["cmdline"] or [] for p in psutil.process_iter(["cmdline"]))
    assert not [words for words in everyone if str(tmp_path / "data" / "postgres") in words]


def test_an_address_that_is_taken_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        words = ["studio", "--port", str(port)]
        result = CliRunner().invoke(app, words, obj={})
    assert isinstance(result.exception, UsageError)
    message = f"127.0.0.1:{port} cannot be listened on: address already in use; give --port"
    assert result.exception.message == message


def test_a_studio_that_others_reach_has_an_admin_who_signs_in(tmp_path: Path) -> None:
    for words, environ in (
        (["--host", "0.0.0.0"], {}),
        ([], {"MAQUETTE_PUBLIC_URL": "https://studio.example"}),
    ):
        environ |= {"MAQUETTE_DATA": str(tmp_path / "data")}
        result = CliRunner().invoke(app, ["studio", "--port", "0", *words], obj=environ)
        assert isinstance(result.exception, UsageError)
        assert "maquette accounts add EMAIL --admin" in result.exception.message


@pytest.mark.slow
def test_all_that_a_studio_says_is_json_where_that_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAQUETTE_LOG_FORMAT", "json")
    monkeypatch.setenv("MAQUETTE_LOG_LEVEL", "info")
    said: list[str] = []
    with _Process(tmp_path / "data", "--json", "--backend", "eager") as studio:
        assert studio.process.stdout is not None
        reader = threading.Thread(target=said.extend, args=[studio.process.stdout])
        reader.start()
        try:
            studio.wait_until(studio.is_ready)
            ended = studio.end_of(studio.ask())
            studio.process.send_signal(signal.SIGTERM)
            assert studio.process.wait(PATIENCE_S) == 0, said
        finally:
            studio.process.kill()
            reader.join()
    lines = [json.loads(line) for line in said]
    asked = [line for line in lines if line.get("message") == "POST /v1/generations"]
    assert [line["job_id"] for line in asked] == [ended["generation_id"]]
    assert asked[0]["account_id"] == "local"
    assert any(line.get("logger") == "uvicorn.error" for line in lines)
    assert any(line.get("logger") == "maquette.service.takeover" for line in lines)  # the worker
    assert str(REQUEST["prompt"]) not in "".join(said)
