"""Pictures are seen a few at a time, as small as need be, and copy runs on what was priced."""

import contextlib
import io
import shutil
import threading
import time
from collections.abc import Callable
from concurrent.futures import CancelledError, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import wraps
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import torch
from PIL import Image
from transformers import LlavaForConditionalGeneration

from maquette.copydesk.assignment import Assignment
from maquette.copydesk.voice import Voice
from maquette.core.errors import ModelNotFound
from maquette.core.ids import new_id
from maquette.core.settings import Settings
from maquette.core.text_requests import Message
from maquette.engines.captioning import Captioner, Seen
from maquette.engines.catalog import STARTERS, context_tokens, find_shipped
from maquette.engines.clip import ClipEngine
from maquette.engines.seeing import SeeingModel
from maquette.jobs.store import Job
from maquette.library.blobs import Blobs
from maquette.service.context import (
    MOST_CAPTION_TOKENS,
    MOST_READ_TOKENS,
    Context,
    Piece,
    of_seen_copy,
)
from maquette.service.making import Making
from maquette.service.queues import TEXT
from maquette.service.seeing import ASKED_AT_ONCE, MOST_SIDE_PX, Caption, Captioners, seen_request
from maquette.service.submissions import Submission, of_copy
from maquette.service.text_price import count_tokens
from maquette.service.text_servers import OfferedModel, TextServers
from maquette.service.wiring import own_captioner
from maquette.world.compose import Wish, arrange
from maquette.world.draw import draw
from tests.engines.text_server import good, serving
from tests.engines.tiny_seers import write_llava
from tests.waiting import PATIENCE_S, wait_until

SEEN = "a red boat on the sea at night under a clear sky"
STARTER = "starter-text"


@pytest.mark.parametrize("model", [STARTER, "home/m"])
def test_copy_of_a_picture_is_asked_for_as_it_was_accepted(model: str) -> None:
    voice = Voice(brand="Alder", examples=["We smoke our tea over pine. " * 70] * 3)
    inputs = {"picture": "0" * 64}
    asked = Assignment(template="alt-text", inputs=inputs, voice=voice, language="en")
    context = Context([Piece("0" * 64, picture="0" * 64, field="picture")])

    def submit(assignment: Assignment) -> Submission:
        return of_copy(assignment, model, 1, 0, lambda name: 1000)

    made = of_seen_copy(asked, submit, context)
    read = seen_request(made.request, context, [Caption("0" * 64, SEEN, "starter-captioner")])
    with_caption = asked.model_copy(update={"inputs": {"picture": SEEN}})
    assert read["messages"] == list(submit(with_caption).request["messages"])
    said = read["messages"][-1]["content"]
    assert SEEN in said
    if model == STARTER:
        messages = [Message(**one) for one in read["messages"]]
        most = context_tokens(find_shipped(STARTER, TEXT).folder)
        assert count_tokens(messages, STARTER) < most
        everything = with_caption.messages()
        assert count_tokens(everything, STARTER) > most  # with all examples
    else:
        assert said == with_caption.messages(larger=True)[-1].content
        assert said != with_caption.messages()[-1].content


class Watching(Captioner):
    """The starter's, which notes how large the pictures are that it is shown."""

    def __init__(self) -> None:
        super().__init__(ClipEngine(STARTERS["clip"], torch.device("cpu")))
        self.sizes: list[tuple[int, int]] = []

    def look(self, picture: Image.Image) -> Seen:
        self.sizes.append(picture.size)
        return super().look(picture)


@dataclass
class Room:
    """Captioners, and pictures and servers for them."""

    captioners: Captioners
    blobs: Blobs
    servers: TextServers
    loaded: list[Watching]
    data: Path
    own: list[str]  # models of the data folder, as they were loaded

    def put(self, seed: int, side_px: int = 256) -> str:
        wish = Wish([("boat", "red")], "sea", "night", "clear", "ink", "large")
        picture = Image.fromarray(draw(arrange(wish, seed))).resize((side_px, side_px))
        picture.save(file := io.BytesIO(), "PNG")
        return self.blobs.put(file.getvalue())

    def describe(
        self,
        pictures: list[str],
        captioner: str = "starter-captioner",
        goes_on: Callable[[], bool] = lambda: True,
    ) -> list[Caption]:
        context = Context([Piece(one, picture=one) for one in pictures], captioner, 1000)
        return self.captioners.describe(context, "en", making_of(goes_on))

    def add(self, url: str) -> None:
        self.servers.add("boss", "home", url, "", [OfferedModel("m", 1000)])


@pytest.fixture
def room(database: sa.Engine, tmp_path: Path) -> Room:
    blobs, servers = Blobs(tmp_path / "blobs"), TextServers(database, Settings())
    loaded: list[Watching] = []
    own: list[str] = []
    settings = Settings(data=tmp_path / "data", device="cpu")

    def load() -> Watching:
        loaded.append(Watching())
        return loaded[-1]

    def load_own(name: str) -> SeeingModel:
        own.append(name)
        return own_captioner(settings, name)

    captioners = Captioners(blobs, load, servers, load_own)
    return Room(captioners, blobs, servers, loaded, settings.data, own)


def making_of(goes_on: Callable[[], bool]) -> Making:
    now = datetime.now(UTC)
    whole = (new_id(), "someone", TEXT, "running", {}, None, 1, 0, "text", "interactive")
    job = Job(*whole, "worker", now, now, None, None, now, None, None)
    return Making(job, goes_on, *[lambda *_: None] * 5)


def test_pictures_are_opened_one_at_a_time_and_shrunk_at_once(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    opening, most, shrink = [0], [0], Image.Image.thumbnail
    counting = threading.Lock()

    def counted(picture: Image.Image, size: tuple[float, float], **how: Any) -> None:
        if picture.width <= MOST_SIDE_PX:
            return  # it was shrunk before
        with counting:
            opening[0] += 1
            most[0] = max(most[0], opening[0])
        time.sleep(0.05)
        shrink(picture, size, **how)
        with counting:
            opening[0] -= 1

    pictures = [room.put(seed, 2 * MOST_SIDE_PX) for seed in range(2)]
    with serving(good) as (url, asked), ThreadPoolExecutor(4) as jobs:
        room.add(url)
        with monkeypatch.context() as patch:
            patch.setattr(Image.Image, "thumbnail", counted)
            here = [jobs.submit(room.describe, [one]) for one in pictures]
            there = [jobs.submit(room.describe, [one], "home/m") for one in pictures]
            captions = [one.result()[0].caption for one in [*here, *there]]
    assert most == [1]
    (starter,) = room.loaded  # once, though two asked at once
    assert starter.sizes == [(MOST_SIDE_PX, MOST_SIDE_PX)] * 2
    assert all("a red boat" in one for one in captions[:2])
    assert captions[2:] == ["Tea, 水"] * 2
    assert len(asked) == 2


def test_who_waits_for_a_slow_captioner_can_be_cancelled(room: Room) -> None:
    """Both those whom it is asked for and those who wait for a turn; all others go on."""
    answers, goes_on = threading.Event(), threading.Event()

    def slow(handler: BaseHTTPRequestHandler, body: dict[str, Any]) -> None:
        assert answers.wait(PATIENCE_S)
        with contextlib.suppress(OSError):  # whoever asked may be gone
            good(handler, body)

    goes_on.set()
    picture = room.put(7)
    with serving(slow) as (url, asked), ThreadPoolExecutor(ASKED_AT_ONCE + 2) as jobs:
        room.add(url)
        try:
            first = jobs.submit(room.describe, [picture], "home/m")
            wait_until(lambda: len(asked) == 1)
            further = [
                jobs.submit(room.describe, [picture], "home/m", goes_on.is_set)
                for _ in range(ASKED_AT_ONCE + 1)
            ]
            wait_until(lambda: len(asked) == ASKED_AT_ONCE)
            goes_on.clear()
            for one in further:
                assert isinstance(one.exception(PATIENCE_S), CancelledError)
            assert len(asked) == ASKED_AT_ONCE  # two were not asked for
            assert not first.done()
        finally:
            answers.set()
        assert first.result(PATIENCE_S)[0].caption == "Tea, 水"


def test_it_is_asked_before_each_picture_whether_it_goes_on(room: Room) -> None:
    with serving(good) as (url, asked):
        room.add(url)
        with pytest.raises(CancelledError):
            room.describe([room.put(1), room.put(2)], "home/m", lambda: not asked)
    assert len(asked) == 1


def test_a_model_of_the_folder_is_loaded_when_it_is_asked_and_the_last_is_kept(room: Room) -> None:
    folder, picture = room.data / "captioners", room.put(1)
    for name in ("one", "two"):
        write_llava(folder / name)
    assert room.own == []
    first = room.describe([picture, room.put(2)], "one")
    assert len({one.caption for one in first}) == 2
    assert room.describe([picture], "one") == first[:1]
    assert room.own == ["one"]
    room.describe([picture], "two")
    shutil.rmtree(folder / "one")
    with pytest.raises(ModelNotFound, match="no captioner named 'one'; "):
        room.describe([picture], "one")
    assert room.own == ["one", "two", "one"]
    assert room.describe([picture], "two")[0].captioner == "two"


def test_it_looks_at_one_picture_at_a_time_and_can_be_cancelled(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between two tokens, or while another is looked at; the starter goes on beside it."""
    write_llava(room.data / "captioners" / "slow", context_tokens=4096)
    forward, looks = LlavaForConditionalGeneration.forward, threading.Event()
    going, most, tokens, counting = [0], [0], [0], threading.Lock()

    @wraps(forward)  # whose parameters are looked at
    def slowly(model: Any, *given: Any, **named: Any) -> Any:
        with counting:
            going[0] += 1
            most[0] = max(most[0], going[0])
            tokens[0] += 1
        looks.set()
        time.sleep(0.05)
        told = forward(model, *given, **named)
        with counting:
            going[0] -= 1
        return told

    monkeypatch.setattr(LlavaForConditionalGeneration, "forward", slowly)
    goes_on, picture = threading.Event(), room.put(3)
    goes_on.set()
    room.describe([picture])  # loads the starter
    with ThreadPoolExecutor(3) as jobs:
        under_way = [jobs.submit(room.describe, [picture], "slow", goes_on.is_set) for _ in "ab"]
        assert looks.wait(PATIENCE_S)
        assert "a red boat" in room.describe([picture])[0].caption
        assert not any(one.done() for one in under_way)
        goes_on.clear()
        for one in under_way:
            assert isinstance(one.exception(PATIENCE_S), CancelledError)
    assert most == [1]
    assert tokens[0] < MOST_CAPTION_TOKENS


def test_no_more_is_charged_for_than_is_held(room: Room) -> None:
    """A picture of more tokens than are counted at most: these have two pixels a side each."""
    write_llava(room.data / "captioners" / "keen", context_tokens=8192, patch_px=2, side_px=160)
    (seen,) = room.describe([room.put(4)], "keen")
    assert seen.prompt_tokens == MOST_READ_TOKENS < (160 // 2) ** 2
    assert seen.answer_tokens == MOST_CAPTION_TOKENS
