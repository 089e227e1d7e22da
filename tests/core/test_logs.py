"""The log says what a line is about, in either form, and no more."""

import json
import logging
import threading
from collections.abc import Iterator

import pytest

from maquette.core import logs
from maquette.core.settings import Settings

log = logging.getLogger("maquette.test")


@pytest.fixture(autouse=True)
def _as_it_was() -> Iterator[None]:
    root, queue = logging.getLogger(), logging.getLogger(logs.OF_THE_QUEUE)
    before = root.handlers, root.level, queue.handlers, queue.propagate
    yield
    root.handlers, _, queue.handlers, queue.propagate = before
    root.setLevel(before[1])
    logging.captureWarnings(False)


def test_a_line_of_json_has_all_that_is_known(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(Settings(log_format="json", log_level="info"))

    def job() -> None:
        logs.begin(job_id="7")
        logs.add(account_id="ada")
        log.info("at %d", 5, extra={logs.FIELDS: {"ms": 1.5}})
        try:
            raise ValueError("no\nsuch")
        except ValueError:
            logging.getLogger("dbos").exception("broken")

    thread = threading.Thread(target=job)
    thread.start()
    thread.join()
    log.info("一")
    log.debug("unheard")
    first, second, third = map(json.loads, capsys.readouterr().err.splitlines())
    assert first.pop("time").endswith("+00:00")
    said = {"level": "info", "logger": "maquette.test", "message": "at 5"}
    assert first == said | {"job_id": "7", "account_id": "ada", "ms": 1.5}
    assert (second["logger"], second["job_id"]) == ("dbos", "7")
    assert second["exception"].endswith("ValueError: no\nsuch")
    assert "job_id" not in third
    assert third["message"] == "一"


def test_a_line_of_text_is_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(Settings())
    logs.begin(request_id="r1")
    log.warning("slow")
    log.info("unheard")
    (line,) = capsys.readouterr().err.splitlines()
    assert line.endswith("WARNING slow request_id=r1")


def test_to_add_where_nothing_is_known_is_nothing() -> None:
    def outside() -> None:
        logs.add(account_id="ada")
        found.append(logs.about())

    found: list[dict[str, str]] = []
    thread = threading.Thread(target=outside)
    thread.start()
    thread.join()
    assert found == [{}]
