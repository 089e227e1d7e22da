"""Carries what the database notifies of to all who watch in this process."""

import asyncio
import json
import threading
from collections import defaultdict
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import psycopg
import sqlalchemy as sa

from maquette.jobs.events import CHANNEL, TICKS

Tick = dict[str, Any]


class Watcher:
    """What is new for one who watches a job: events to read, and the newest tick."""

    def __init__(self) -> None:
        self._news, self._events, self._tick = asyncio.Event(), False, Tick()

    def tell(self, tick: Tick | None) -> None:
        """A tick, or None: there are events. A tick that was not taken gives way to the next."""
        if tick is None:
            self._events = True
        else:
            self._tick = tick
        self._news.set()

    async def news(self, timeout_s: float) -> tuple[bool, Tick]:
        """Whether there are events to read, and the newest tick, if any. Raises TimeoutError."""
        await asyncio.wait_for(self._news.wait(), timeout_s)
        self._news.clear()
        found = self._events, self._tick
        self._events, self._tick = False, Tick()
        return found


class Watch:
    """One connection that listens for all watchers."""

    def __init__(self, database: sa.Engine) -> None:
        self._url = database.url.set(drivername="postgresql").render_as_string(hide_password=False)
        self._watchers: dict[str, set[Watcher]] = defaultdict(set)
        self._loop = asyncio.get_running_loop()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._listen, name="watch", daemon=True)
        self._thread.start()

    @contextmanager
    def job(self, job_id: str) -> Generator[Watcher]:
        """What comes in about a job while this is open."""
        watcher = Watcher()
        self._watchers[job_id].add(watcher)
        try:
            yield watcher
        finally:
            self._watchers[job_id].discard(watcher)
            if not self._watchers[job_id]:
                del self._watchers[job_id]

    def close(self) -> None:
        """Ends the listening."""
        self._stopping.set()
        self._thread.join()

    def _listen(self) -> None:
        while not self._stopping.is_set():
            try:
                with psycopg.connect(self._url, autocommit=True, connect_timeout=5) as connection:
                    connection.execute(f"LISTEN {CHANNEL}")
                    connection.execute(f"LISTEN {TICKS}")
                    self._loop.call_soon_threadsafe(self._tell_all)  # of what came meanwhile
                    while not self._stopping.is_set():
                        for note in connection.notifies(timeout=0.5):
                            self._loop.call_soon_threadsafe(self._tell, note.channel, note.payload)
            except psycopg.OperationalError:
                self._stopping.wait(0.5)

    def _tell(self, channel: str, payload: str) -> None:
        if channel == CHANNEL:
            job_id, tick = payload, None
        else:
            tick = json.loads(payload)
            job_id = tick.pop("job_id")
        for watcher in self._watchers.get(job_id, ()):
            watcher.tell(tick)

    def _tell_all(self) -> None:
        for watchers in self._watchers.values():
            for watcher in watchers:
                watcher.tell(None)
