"""A text as it is handed over piece by piece: from notices, from what is kept, or from its end."""

import asyncio
import json
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from maquette.api import events
from maquette.api.text_stream import End, Piece, Replaced, Silence, TextStream
from maquette.api.watch import Watcher
from maquette.core.errors import NotFound
from maquette.core.ids import new_id
from maquette.db.connect import DATABASE_AWAY
from maquette.jobs.events import add_event
from maquette.jobs.store import SAID, create_job, delete_job, end_job, start_job
from maquette.library.assets import add_asset
from maquette.service.said import put
from tests.api.conftest import Rooms, database_away

Said = list[Piece | Replaced | Silence | End]


class Talk:
    """A job for a text, whose worker and whose notices are played by hand."""

    def __init__(self, rooms: Rooms, **limits: float) -> None:
        self.rooms, self.watcher = rooms, Watcher()
        with rooms.database.begin() as connection:
            asked = {"model": "starter-text"}
            self.job_id = create_job(connection, "me", "text", asked).job_id
            add_event(connection, self.job_id, "queued", {})
        studio = rooms.app.state.studio
        self.stream = TextStream(studio, self.watcher, "me", self.job_id, **limits)

    def begin(self) -> None:
        """Another attempt."""
        with self.rooms.database.begin() as connection:
            start_job(connection, self.job_id)
            add_event(connection, self.job_id, "running", {})

    def keep(self, at: int, text: str) -> None:
        one = {"at": at, "text": text, "tokens": [], "finished": None}
        with self.rooms.database.begin() as connection:
            add_event(connection, self.job_id, SAID, {"read": 3, "texts": [one]})

    def tell(self, at: int, text: str) -> None:
        self.watcher.tell(str(self.job_id), {"texts": [{"at": at, "text": text}]})

    def wake(self) -> None:
        """The notice of an event."""
        self.watcher.tell(str(self.job_id), None)

    def end(self, text: str) -> UUID:
        asset_id = new_id()
        content_hash = self.rooms.blobs.put(text.encode())
        with self.rooms.database.begin() as connection:
            end_job(connection, self.job_id, "succeeded")
            given = {"position": 0, "media_type": "text/plain", "size_bytes": len(text)}
            given |= {"seed": None, "content_hash": content_hash, "account_id": "me"}
            add_asset(connection, asset_id=asset_id, job_id=self.job_id, **given)
            add_event(connection, self.job_id, "succeeded", {"assets": [str(asset_id)]})
        return asset_id

    def follow(self, *acts: Callable[[], object]) -> Said:
        """All that is handed over where something happens after each thing that was."""

        async def all_of_it() -> Said:
            said: Said = []
            left = [*acts]
            async for one in self.stream.follow():
                said.append(one)
                if left:
                    left.pop(0)()
            return said

        return asyncio.run(asyncio.wait_for(all_of_it(), 20))


def _words(said: Said) -> list[Any]:
    return [one.text if isinstance(one, Piece) else type(one) for one in said]


def _all(*acts: Callable[[], object]) -> Callable[[], None]:
    def do() -> None:
        for act in acts:
            act()

    return do


def test_pieces_join_on_whether_told_or_kept_and_none_comes_twice(rooms: Rooms) -> None:
    talk = Talk(rooms)
    talk.begin()
    talk.keep(0, "One")
    said = talk.follow(
        lambda: talk.tell(3, " two"),
        lambda: talk.tell(3, " two th"),  # which has what was told before, for one may be lost
        _all(lambda: talk.keep(3, " two three"), talk.wake),
        _all(lambda: talk.tell(3, " two"), lambda: talk.tell(13, " four")),  # an old one
        _all(lambda: talk.end("One two three four five"), talk.wake),
    )
    assert _words(said) == ["One", " two", " th", "ree", " four", " five", End]
    assert isinstance(said[-1], End)
    assert said[-1].texts == ["One two three four five"]


def test_where_a_notice_is_missing_what_is_kept_is_looked_up(rooms: Rooms) -> None:
    talk = Talk(rooms)
    talk.begin()
    talk.keep(0, "One")
    said = talk.follow(
        _all(lambda: talk.keep(3, " two"), lambda: talk.tell(7, " three")),
        _all(lambda: talk.end("One two three"), talk.wake),
    )
    assert "".join(_words(said)[:-1]) == "One two three"


def test_who_comes_when_it_is_over_is_told_all_of_it(rooms: Rooms) -> None:
    talk = Talk(rooms)
    talk.begin()
    talk.keep(0, "One")
    talk.end("One two")
    assert _words(talk.follow()) == ["One two", End]


@pytest.mark.parametrize("how", ["told", "kept", "at its end", "kept and told"])
def test_what_another_attempt_says_otherwise_is_not_spliced(rooms: Rooms, how: str) -> None:
    talk = Talk(rooms)
    talk.begin()
    talk.keep(0, "A red ")

    def again() -> None:
        talk.begin()
        talk.keep(0, "A red ")  # all that was kept, once more
        talk.wake()
        if how == "told":
            talk.tell(6, "cat purrs")
        if how.startswith("kept"):
            talk.keep(6, "cat purrs")
            talk.wake()
        if how == "kept and told":
            talk.tell(15, " loudly")  # joins on to as many characters
        if how == "at its end":
            talk.end("A red cat purrs")

    said = talk.follow(
        lambda: talk.tell(6, "kettle sings"),
        again,
        lambda: None if how == "at its end" else _all(lambda: talk.end("A red cat purrs loudly"))(),
    )
    first, second, replaced, *_ = said
    assert _words([first, second]) == ["A red ", "kettle sings"]
    assert isinstance(replaced, Replaced)
    assert replaced.text.startswith("A red cat purrs")


def test_another_attempt_that_says_the_same_goes_on_unseen(rooms: Rooms) -> None:
    talk = Talk(rooms)
    talk.begin()
    talk.keep(0, "A red ")

    def again() -> None:
        talk.begin()
        talk.keep(0, "A red ")
        talk.wake()
        talk.tell(6, "kettle sings")

    said = talk.follow(
        lambda: talk.tell(6, "kettle s"),
        again,
        _all(lambda: talk.end("A red kettle sings"), talk.wake),
    )
    assert _words(said) == ["A red ", "kettle s", "ings", End]


def test_a_text_that_waits_says_that_it_is_there(rooms: Rooms) -> None:
    talk = Talk(rooms, ping_s=0.1)
    said = talk.follow(lambda: None, lambda: None, lambda: talk.end("One"))
    assert _words(said) == [Silence, Silence, Silence, "One", End]


def test_where_the_request_goes_the_stream_does_not_wait_on(rooms: Rooms) -> None:
    talk = Talk(rooms, ping_s=0.1)

    def go() -> None:
        with rooms.database.begin() as connection:
            delete_job(connection, "me", talk.job_id)

    with pytest.raises(NotFound):
        talk.follow(go)


def test_an_end_that_cannot_be_read_now_is_read_when_it_can_be(rooms: Rooms) -> None:
    talk = Talk(rooms)
    talk.end("One two")
    with database_away(rooms.database):

        async def all_of_it() -> Said:
            following = asyncio.ensure_future(_gather(talk.stream))
            await asyncio.sleep(1.5)
            assert not following.done()
            return await asyncio.to_thread(_let_in, rooms.database) or await following

        said = asyncio.run(asyncio.wait_for(all_of_it(), 30))
    assert _words(said) == ["One two", End]


async def _gather(stream: TextStream) -> Said:
    return [one async for one in stream.follow()]


def _let_in(database: sa.Engine) -> None:
    server = sa.create_engine(database.url.set(database="postgres"), isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        allow = f"ALTER DATABASE {database.url.database} WITH ALLOW_CONNECTIONS true"
        connection.execute(sa.text(allow))
    server.dispose()


def test_patience_has_an_end(rooms: Rooms) -> None:
    talk = Talk(rooms, patience_s=1.0)
    talk.end("One two")
    with database_away(rooms.database), pytest.raises(DATABASE_AWAY):
        talk.follow()


def test_on_the_own_route_each_says_what_it_takes_the_place_of(rooms: Rooms) -> None:
    talk = Talk(rooms)
    talk.begin()
    talk.keep(0, "A red ")

    def again() -> None:
        talk.begin()
        talk.keep(0, "A red ")
        talk.wake()
        talk.tell(6, "cat")

    acts = [
        lambda: talk.tell(6, "kettle"),
        # What is kept comes first, though both are there: the tick goes on from it.
        _all(lambda: talk.keep(6, "kettle si"), talk.wake, lambda: talk.tell(15, "ngs")),
        lambda: None,
        again,
        lambda: None,
        _all(lambda: talk.end("A red cat purrs"), talk.wake),
    ]

    class Welcome(events._Welcome):
        async def lasts(self) -> bool:
            return True

    async def read() -> list[str]:
        studio = rooms.app.state.studio
        stream = events._of_job(studio, talk.watcher, talk.job_id, 0, Welcome(lambda: True))
        seen = [""]
        async for content in stream:
            lines = dict(line.split(": ", 1) for line in content.decode().strip().split("\n"))
            for one in json.loads(lines["data"]).get("texts", ()):
                assert one["at"] <= len(seen[-1])
                seen.append(put(seen[-1], one))
                acts.pop(0)()
        return seen[1:]

    whole = ["A red ", "A red kettle", "A red kettle si", "A red kettle sings"]
    assert asyncio.run(asyncio.wait_for(read(), 20)) == [*whole, "A red ", "A red cat"]
