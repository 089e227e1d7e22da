"""How much an account may put, and how much is let in, however many ask at once."""

import io
from concurrent.futures import ThreadPoolExecutor

import pytest
from fastapi.testclient import TestClient
from PIL import Image

from maquette.api.app import create_app
from maquette.core.errors import QueueFull, QuotaExceeded
from maquette.core.requests import SamplingParams
from maquette.service.admission import QueueLimits
from maquette.service.pictures import png
from maquette.service.studio import Studio
from tests.api.conftest import AT_MACHINE, Rooms
from tests.credits import settle


def test_an_account_puts_as_much_as_it_may(rooms: Rooms) -> None:
    studio = Studio(rooms.database, rooms.blobs, rooms.queue, most_upload_bytes=40_000)
    pictures = [io.BytesIO() for _ in range(2)]
    for content in pictures:
        Image.effect_noise((100, 100), 90).save(content, "PNG")  # about 27,000 bytes
    first, second = (content.getvalue() for content in pictures)
    with TestClient(create_app(studio, rooms.database), client=AT_MACHINE) as client:
        for content, status in ((first, 201), (second, 413), (first, 201)):
            answer = client.post("/v1/pictures", files={"picture": content})
            assert answer.status_code == status, answer.text
            if status == 413:
                assert "40000 may be kept" in answer.json()["error"]
    kept = [path for path in (rooms.snapshots.parent / "blobs").rglob("*") if path.is_file()]
    assert len(kept) == 1  # what was refused takes no room


def test_what_a_request_names_leaves_room_for_more(rooms: Rooms) -> None:
    small, large = io.BytesIO(), io.BytesIO()
    Image.new("RGB", (64, 64)).save(small, "PNG")
    Image.effect_noise((64, 64), 90).save(large, "PNG")
    first = Studio(rooms.database, rooms.blobs, rooms.queue).put_picture("me", large.getvalue())
    studio = Studio(rooms.database, rooms.blobs, rooms.queue, most_upload_bytes=5_000)
    assert studio.put_picture("me", large.getvalue()) == first  # which is here already
    with pytest.raises(QuotaExceeded):
        studio.put_picture("me", small.getvalue())
    studio.submit("me", SamplingParams("a cat", width=64, height=64), source=first)
    studio.put_picture("me", small.getvalue())


def test_an_account_asks_as_often_as_it_may(rooms: Rooms) -> None:
    limits = QueueLimits(most_a_minute=2)
    studio = Studio(rooms.database, rooms.blobs, rooms.queue, limits)
    with TestClient(create_app(studio, rooms.database), client=AT_MACHINE) as client:
        body = {"prompt": "a cat", "priority": "batch"}
        answers = [client.post("/v1/generations", json=body) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [202, 202, 429]
    assert answers[0].json()["request"]["priority"] == "batch"
    assert 50 < int(answers[2].headers["Retry-After"]) <= 60
    assert "2 requests a minute are let in; try again in" in answers[2].json()["error"]
    settle(rooms.database, "another")
    studio.submit("another", SamplingParams("a cat", width=64, height=64))


def test_of_many_at_once_no_more_are_let_in_than_may(rooms: Rooms) -> None:
    def put(number: int) -> bool:
        content = io.BytesIO()
        Image.new("RGB", (100, 100), (number, 0, 0)).save(content, "PNG")
        try:
            studio.put_picture("me", content.getvalue())
        except QuotaExceeded:
            return False
        return True

    def submit(_: int) -> bool:
        try:
            studio.submit("me", SamplingParams("a cat", width=64, height=64))
        except QueueFull:
            return False
        return True

    each = len(png(Image.new("RGB", (100, 100), (1, 0, 0)), {}))
    limits = QueueLimits(most_jobs=3)
    studio = Studio(rooms.database, rooms.blobs, rooms.queue, limits, int(each * 3.5))
    with ThreadPoolExecutor(12) as people:
        for ask in (put, submit):
            assert sum(people.map(ask, range(1, 13))) == 3


def test_texts_that_wait_keep_no_picture_out_nor_pictures_a_text(rooms: Rooms) -> None:
    text = {"messages": [{"role": "user", "content": "A tagline for a kettle."}]}
    asks = {"/v1/texts": text, "/v1/generations": {"prompt": "a cat"}}
    studio = Studio(rooms.database, rooms.blobs, rooms.queue, QueueLimits(most_jobs=2))
    with TestClient(create_app(studio, rooms.database), client=AT_MACHINE) as client:
        for path, body in asks.items():  # the second medium comes where the first is full
            answers = [client.post(path, json=body).status_code for _ in range(3)]
            assert answers == [202, 202, 429]
