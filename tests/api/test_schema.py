"""Whatever is sent to the routes of the API's document, the answer is one that the document has.

`pytest -m gate tests/api/test_schema.py` sends ten thousand requests and two hundred sequences of
them, in some twenty minutes.
"""

import io
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from PIL import Image
from schemathesis import GenerationMode
from schemathesis.core.result import Ok

from maquette.core.ids import new_id
from maquette.library.assets import add_asset
from tests.api.conftest import Rooms, open_app, served
from tests.callers import become

WAITS = "/v1/chat/completions"  # for a worker, and there is none
NEVER_ENDS = "/v1/events"  # it tells of all requests for as long as it is open
# The document cannot say all that a request must be, such as that a source has its size.
REFUSED = ["400", "401", "403", "404", "405", "409", "413", "415", "422", "429"]
CONFIG = {
    "checks": {
        "positive_data_acceptance": {"enabled": False},
        "negative_data_rejection": {"expected-statuses": REFUSED},  # 413: a text that is too long
    }
}
SMALL = {"prompt": "a cat", "width": 64, "height": 64}
SLOW_TO_MAKE = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]
NOT_HTTP = b"Invalid HTTP request received."  # by the server, before there is any route
Known = dict[str, list[Any]]


@pytest.fixture
def known(rooms: Rooms) -> Known:
    """What leads somewhere in paths and bodies, by its name there: requests that have ended, one of
    them deleted, a picture of one, and the bytes of one to put.
    """
    content = io.BytesIO()
    Image.new("RGB", (64, 64), "teal").save(content, "PNG")
    asked = [rooms.client.post("/v1/generations", json=SMALL).json() for _ in range(2)]
    ids = [one["generation_id"] for one in asked]
    assert rooms.client.post(f"/v1/generations/{ids[0]}/cancel").status_code == 200
    assert rooms.client.delete(f"/v1/generations/{ids[1]}").status_code == 204
    content_hash = rooms.blobs.put(content.getvalue())
    with rooms.database.begin() as connection:
        asset = add_asset(
            connection,
            asset_id=new_id(),
            job_id=ids[0],
            account_id="local",
            position=0,
            media_type="image/png",
            content_hash=content_hash,
            size_bytes=len(content.getvalue()),
        )
    return {
        "generation_id": ids,
        "asset_id": [str(asset.asset_id)],
        "content_hash": [content_hash],
        "source": [content_hash],
        "picture": [content.getvalue()],
        "width": [64],
        "height": [64],
    }


def _send_all(rooms: Rooms, known: Known, examples: int, subtests: pytest.Subtests) -> int:
    """Sends so many requests that are as the document has them to each route, and so many that are
    not, where there are any; gives how many in all. Each is checked in its own subtest.
    """
    sent = 0
    app = open_app(rooms)
    document = schemathesis.openapi.from_dict(
        app.openapi(), config=schemathesis.Config.from_dict(CONFIG)
    )
    with served(app) as port, requests.Session() as session:

        def send(case: schemathesis.Case) -> None:
            nonlocal sent
            sent += 1
            answer = case.call(f"http://127.0.0.1:{port}", session, timeout=30)
            if answer.content != NOT_HTTP:
                case.validate_response(answer)

        for result in document.exclude(path=[NEVER_ENDS, WAITS]).get_all_operations():
            assert isinstance(result, Ok)
            operation = result.ok()
            takes_something = any(operation.iter_parameters()) or operation.body
            for mode in GenerationMode if takes_something else [GenerationMode.POSITIVE]:
                # Of some routes nothing is a misfit, which shows when none is found.
                none = [Unsatisfiable] if mode is GenerationMode.NEGATIVE else []
                with subtests.test(operation.label, mode=mode), suppress(*none):
                    _send(operation, mode, known, examples, send)
    return sent


def _send(
    operation: schemathesis.APIOperation[Any, Any, Any, Any],
    mode: GenerationMode,
    known: Known,
    examples: int,
    send: Callable[[schemathesis.Case], None],
) -> None:
    some = st.fixed_dictionaries(
        {name: st.none() | st.sampled_from(values) for name, values in known.items()}
    )

    @settings(max_examples=examples, suppress_health_check=SLOW_TO_MAKE)
    @given(operation.as_strategy(mode), some)
    def one(case: schemathesis.Case, some: dict[str, Any]) -> None:
        for place in (case.path_parameters, case.body):
            if mode is GenerationMode.POSITIVE and isinstance(place, dict):
                place.update({k: v for k, v in some.items() if v is not None and k in place})
        if mode is GenerationMode.POSITIVE or not _names_twice(case):
            send(case)

    one()


def _names_twice(case: schemathesis.Case) -> bool:
    """Whether a misfit of the query would be none as HTTP sends it: of a list or an object it makes
    a name several times, of which the last counts.
    """
    return any(isinstance(value, list | dict) for value in (case.query or {}).values())


def test_every_answer_is_in_the_document(
    rooms: Rooms, known: Known, subtests: pytest.Subtests
) -> None:
    assert _send_all(rooms, known, 6, subtests) > 100


@pytest.mark.gate
def test_ten_thousand_answers_are_in_the_document(
    rooms: Rooms, known: Known, subtests: pytest.Subtests
) -> None:
    assert _send_all(rooms, known, 400, subtests) >= 10_000


@pytest.mark.gate
def test_sequences_are_answered_as_the_document_says(rooms: Rooms) -> None:
    """Requests that are made, read, cancelled, deleted, restored and deleted again, in any order,
    by what the answers before named.
    """
    app = open_app(rooms)
    document = schemathesis.openapi.from_dict(
        app.openapi(), config=schemathesis.Config.from_dict(CONFIG)
    )
    # These alone: among all routes, walks of twelve steps hardly come by the same request twice.
    document = document.include(path_regex="^/v1/generations").exclude(path_regex="/events$")
    answers: Counter[tuple[str, int]] = Counter()
    with served(app) as port, requests.Session() as session:

        class Sequences(document.as_state_machine()):
            def setup(self) -> None:
                become(app, new_id().hex)  # a new person for each: what others did is not there

            def get_call_kwargs(self, case: schemathesis.Case) -> dict[str, Any]:
                return {"base_url": f"http://127.0.0.1:{port}", "session": session, "timeout": 30}

            def after_call(self, response: schemathesis.Response, case: schemathesis.Case) -> None:
                answers[case.operation.label, response.status_code] += 1

        Sequences.run(
            settings=settings(
                max_examples=200, stateful_step_count=12, suppress_health_check=SLOW_TO_MAKE
            )
        )
    one = "/v1/generations/{generation_id}"
    for label, status in (
        ("POST /v1/generations", 202),
        (f"GET {one}", 200),
        (f"POST {one}/cancel", 200),
        (f"DELETE {one}", 204),
        (f"POST {one}/restore", 204),
        (f"GET {one}", 404),
    ):
        assert answers[label, status], answers


def test_what_a_reader_of_json_takes_and_none_can_be_answered_with(rooms: Rooms) -> None:
    for body in (
        '{"prompt": "a", "count": NaN}',
        '{"prompt": "a", "guidance_scale": Infinity}',
        '{"prompt": "a", "seed": 1e400}',
        '{"prompt": "\\ud800"}',
        '{"prompt": "a", "\\ud800": 1}',
        '{"prompt": "a\\u0000"}',
        '{"prompt": "a", "model": "\\ud800"}',
        '{"prompt": "a", "width": ' + "9" * 5000 + "}",
        "[" * 100_000,
        "\ud800",
        "{",
    ):
        content, json = body.encode(errors="surrogatepass"), {"Content-Type": "application/json"}
        answer = rooms.client.post("/v1/generations", content=content, headers=json)
        assert answer.status_code in (400, 422), body[:80]
        assert list(answer.json()) == ["error"]


def test_what_is_no_origin_is_another_one(rooms: Rooms) -> None:
    for origin in ("http://[", "null", "http://", "://", "http://testserver:x"):
        answer = rooms.client.post("/v1/generations", json=SMALL, headers={"Origin": origin})
        assert answer.status_code == 403, origin
