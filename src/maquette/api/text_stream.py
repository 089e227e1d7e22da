"""What a request for texts says, piece by piece, as it is said."""

import time
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

from fastapi.concurrency import run_in_threadpool

from maquette.api.events import PING_S
from maquette.api.watch import Watcher
from maquette.core.errors import StorageUnavailable
from maquette.db.connect import DATABASE_AWAY
from maquette.jobs.events import JobEvent
from maquette.jobs.store import ENDS, SAID
from maquette.service.said import put
from maquette.service.studio import Studio

LOOK_S = 5.0  # between looks at what is kept, should a notice ever be lost
AWAY_LOOK_S = 0.5  # the same while the database, or what keeps the texts, is away
PATIENCE_S = 60.0  # with these: who is told to come again pays again

Read = TypeVar("Read")
Told = Mapping[str, Any]  # "text", and "at" how many characters of the whole it begins


@dataclass(frozen=True, slots=True)
class Piece:
    """More of one of the texts."""

    index: int
    text: str


@dataclass(frozen=True, slots=True)
class Replaced:
    """One of the texts as another attempt said it: what came of it before does not hold."""

    index: int
    text: str


@dataclass(frozen=True, slots=True)
class Silence:
    """Nothing came for so long that a proxy may take the stream for dead."""


@dataclass(frozen=True, slots=True)
class End:
    """How it ended: the last event, and all that was said, where something came of it."""

    event: JobEvent
    texts: Sequence[str]


class TextStream:
    """Follows a job for texts from its beginning, however much of it is past.

    What is told meanwhile carries all that is new since something was last kept, so that one
    notice that is missed is no loss: what does not join on is looked up. Each time all of a text is
    compared with what was handed over of it. A number of the attempt would not do: one that goes on
    where another was says the same as a rule, and one that waited for the database has the same.
    """

    def __init__(
        self,
        studio: Studio,
        watcher: Watcher,
        account_id: str,
        job_id: UUID,
        ping_s: float = PING_S,
        patience_s: float = PATIENCE_S,
    ) -> None:
        self._studio, self._watcher = studio, watcher
        self._account_id, self._job_id = account_id, job_id
        self._ping_s, self._patience_s = ping_s, patience_s
        self._kept: dict[int, str] = {}  # by text
        self._handed: dict[int, str] = {}
        self._after = 0
        self._away_since_s: float | None = None

    async def follow(self) -> AsyncGenerator[Piece | Replaced | Silence | End]:
        """All pieces in order, none twice, and the end last. Raises what says that the database or
        the storage is away where they are so beyond all patience, NotFound where the request went.
        """
        look, quiet_since_s = True, time.monotonic()
        ticks: Sequence[Sequence[Told]] = ()
        while True:
            found = await self._look() if look else []
            for texts in ticks:
                found += self._new(self._so_far(texts))
            for piece in found:
                yield piece
                quiet_since_s = time.monotonic()
                if isinstance(piece, End):
                    return
            away = self._away_since_s is not None
            try:
                news = await self._watcher.news(min(AWAY_LOOK_S if away else LOOK_S, self._ping_s))
            except TimeoutError:
                look, ticks = True, ()
            else:
                ticks = [tick["texts"] for tick in news.ticks.values() if "texts" in tick]
                look = away or news.missed or bool(news.changed)
                look = look or not all(map(self._joins, ticks))
            if time.monotonic() - quiet_since_s >= self._ping_s:
                await self._patiently(self._studio.job, self._account_id, self._job_id)
                yield Silence()
                quiet_since_s = time.monotonic()

    async def _look(self) -> list[Piece | Replaced | End]:
        """What is kept and was not seen, as far as it can be read now."""
        found: list[Piece | Replaced | End] = []
        events = await self._patiently(self._studio.events, self._job_id, self._after)
        for event in events or ():
            if event.kind in ENDS:  # it is read again where its texts cannot be read now
                end = await self._patiently(self._end, event)
                if end is not None:
                    found += [*self._new(dict(enumerate(end.texts)), final=True), end]
                return found
            self._after = event.sequence
            if event.kind == SAID:
                self._kept = self._so_far(event.data["texts"])
                found += self._new(self._kept)
        return found

    async def _patiently(self, read: Callable[..., Read], *given: Any) -> Read | None:
        """None where what is to be read is away, and not yet for long."""
        try:
            found = await run_in_threadpool(read, *given)
        except (StorageUnavailable, *DATABASE_AWAY):
            now_s = time.monotonic()
            self._away_since_s = self._away_since_s or now_s
            if now_s - self._away_since_s >= self._patience_s:
                raise
            return None
        self._away_since_s = None
        return found

    def _so_far(self, texts: Sequence[Told]) -> dict[int, str]:
        """The whole texts where some are told; not those before which something is missing."""
        return {
            number: put(self._kept.get(number, ""), one)
            for number, one in enumerate(texts)
            if one["at"] <= len(self._kept.get(number, ""))
        }

    def _joins(self, texts: Sequence[Told]) -> bool:
        """Whether nothing is missing between what is kept and these; that they are none is so
        where they were too many for a notice.
        """
        return bool(texts) and len(self._so_far(texts)) == len(texts)

    def _new(self, texts: Mapping[int, str], final: bool = False) -> Iterator[Piece | Replaced]:
        for number, text in texts.items():
            handed = self._handed.get(number, "")
            if text == handed or (handed.startswith(text) and not final):
                continue  # seen, perhaps with more: a notice may be older than what was looked up
            self._handed[number] = text
            joins = text.startswith(handed)
            yield Piece(number, text[len(handed) :]) if joins else Replaced(number, text)

    def _end(self, event: JobEvent) -> End:
        if event.kind != "succeeded":
            return End(event, ())
        contents = [
            self._studio.content(self._account_id, UUID(one))[1] for one in event.data["assets"]
        ]
        return End(event, [content.decode() for content in contents])
