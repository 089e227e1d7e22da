"""A request that comes again with its key has one effect and one answer."""

import io
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import httpx2
import pytest
import sqlalchemy as sa
from PIL import Image

from maquette.db.tables.jobs import job
from maquette.db.tables.ledger import hold
from tests.api.conftest import Rooms, open_app, served

SMALL = {"prompt": "a cat", "width": 64, "height": 64}
AT_ONCE = 100


def _ask_often(rooms: Rooms, times: int) -> None:
    """One key for all; each tenth body is another. What comes first is done."""
    with served(open_app(rooms)) as port:
        url = f"http://127.0.0.1:{port}/v1/generations"
        limits = httpx2.Limits(max_connections=AT_ONCE)
        with httpx2.Client(limits=limits, timeout=120) as http:

            def ask(number: int) -> tuple[str, int, str, bool]:
                prompt = SMALL["prompt"] if number % 10 else f"a cat {number}"
                body = SMALL | {"prompt": prompt}
                said = http.post(url, json=body, headers={"Idempotency-Key": "one"})
                again = said.headers.get("Idempotent-Replayed") == "true"
                return str(prompt), said.status_code, said.text, again

            with ThreadPoolExecutor(AT_ONCE) as pool:
                answers = list(pool.map(ask, range(times)))
    done = {prompt for prompt, status, _, _ in answers if status == 202}
    assert len(done) == 1
    for prompt, status, text, _ in answers:
        assert status == (202 if prompt in done else 422), text
    assert len({text for _, status, text, _ in answers if status == 202}) == 1
    assert Counter(again for *_, status, _, again in answers if status == 202)[False] == 1
    with rooms.database.connect() as connection:
        for table in (job, hold):
            assert connection.scalar(sa.select(sa.func.count()).select_from(table)) == 1


@pytest.mark.slow
def test_many_at_once_have_one_effect_and_one_answer(rooms: Rooms) -> None:
    _ask_often(rooms, 300)


@pytest.mark.gate
def test_ten_thousand_have_one_effect_and_one_answer(rooms: Rooms) -> None:
    _ask_often(rooms, 10_000)


def test_what_was_refused_may_be_asked_again(rooms: Rooms) -> None:
    named = {"Idempotency-Key": "one"}
    bad = rooms.client.post("/v1/generations", json=SMALL | {"width": 65}, headers=named)
    assert bad.status_code == 400
    good = rooms.client.post("/v1/generations", json=SMALL, headers=named)
    again = rooms.client.post("/v1/generations", json=SMALL, headers=named)
    assert good.status_code == again.status_code == 202
    assert good.json() == again.json()
    assert "Idempotent-Replayed" not in good.headers


def test_what_was_done_is_answered_though_its_picture_has_gone_since(rooms: Rooms) -> None:
    content = io.BytesIO()
    Image.new("RGB", (64, 64), "teal").save(content, "PNG")
    put = rooms.client.post("/v1/pictures", files={"picture": content.getvalue()}).json()
    asked, named = SMALL | {"source": put["content_hash"]}, {"Idempotency-Key": "one"}
    first = rooms.client.post("/v1/generations", json=asked, headers=named)
    assert first.status_code == 202
    rooms.blobs.delete(put["content_hash"])
    again = rooms.client.post("/v1/generations", json=asked, headers=named)
    assert (again.status_code, again.json()) == (202, first.json())
    other = rooms.client.post("/v1/generations", json=asked, headers={"Idempotency-Key": "two"})
    assert other.status_code == 400


def test_a_key_is_checked(rooms: Rooms) -> None:
    for key in ("", "x" * 256):
        said = rooms.client.post("/v1/generations", json=SMALL, headers={"Idempotency-Key": key})
        assert said.status_code == 422
        assert "Idempotency-Key" in said.json()["error"]


def test_a_top_up_that_comes_again_gives_no_more(rooms: Rooms) -> None:
    url, named = "/v1/operator/accounts/local/top-up", {"Idempotency-Key": "one"}
    asked = {"amount_microcredits": 5, "reason": "a gift"}
    before = rooms.client.get("/v1/balance").json()["posted_microcredits"]
    answers = [rooms.client.post(url, json=asked, headers=named) for _ in range(3)]
    assert {one.text for one in answers} == {answers[0].text}
    more = rooms.client.post(url, json=asked | {"amount_microcredits": 6}, headers=named)
    assert more.status_code == 422
    assert rooms.client.get("/v1/balance").json()["posted_microcredits"] == before + 5


def test_a_plan_by_hand_that_comes_again_is_begun_renewed_and_raised_once(rooms: Rooms) -> None:
    url, paid = "/v1/operator/accounts/local/plan", {"reason": "a transfer"}
    for act, more in {
        "": {"plan_id": "sketch"},
        "/renew": {},
        "/upgrade": {"plan_id": "studio"},
    }.items():
        named = {"Idempotency-Key": f"one{act}"}
        ask = partial(rooms.client.post, url + act, json=paid | more, headers=named)
        answers = [ask() for _ in range(3)]
        assert [one.status_code for one in answers] == [200] * 3, answers[-1].text
        assert {one.text for one in answers} == {answers[0].text}
        other = rooms.client.post(url + act, json=paid | more | {"reason": "x"}, headers=named)
        assert other.status_code == 422
    assert len(rooms.client.get("/v1/operator/payments").json()) == 3
