"""Carries what the database notifies of to all who watch in this process."""

import asyncio
import json
import logging
import threading
from collections import defaultdict
from collections.abc import Generator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg
import sqlalchemy as sa

from maquette.jobs.events import BALANCE, CHANNEL
from maquette.jobs.store import PROGRESS, SAID

Tick = dict[str, Any]
Topic = tuple[str, str]  # "job", "account" or "balance", and its id

log = logging.getLogger(__name__)


@dataclass
class News:
    """Jobs that have new events, the newest tick of each, whether credits may have come or gone,
    and whether notices were missed.
    """

    changed: set[str] = field(default_factory=set)
    ticks: dict[str, Tick] = field(default_factory=dict)
    balance: bool = False
    missed: bool = False


class Watcher:
    """Gathers what is new for one who watches; a tick that was not taken gives way to the next."""

    def __init__(self) -> None:
        self._woken, self._news = asyncio.Event(), News()

    def tell(self, job_id: str, tick: Tick | None) -> None:
        """A tick, or None: there are events."""
        if tick is None:
            self._news.changed.add(job_id)
            self._news.ticks.pop(job_id, None)  # older than what changed
        else:
            self._news.ticks[job_id] = tick
        self._woken.set()

    def tell_balance(self) -> None:
        """The account's credits are not what they were."""
        self._news.balance = True
        self._woken.set()

    def miss(self) -> None:
        """Anything may have happened meanwhile."""
        self._news.missed = True
        self._woken.set()

    async def news(self, timeout_s: float) -> News:
        """What came since the last time. Raises TimeoutError."""
        await asyncio.wait_for(self._woken.wait(), timeout_s)
        self._woken.clear()
        news, self._news = self._news, News()
        return news


class Watch:
    """One connection that listens for all watchers."""

    def __init__(self, database: sa.Engine) -> None:
        self._url = database.url.set(drivername="postgresql").render_as_string(hide_password=False)
        self._watchers: dict[Topic, set[Watcher]] = defaultdict(set)
        self._loop = asyncio.get_running_loop()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._listen, name="watch", daemon=True)
        self._thread.start()

    def on_job(self, job_id: str) -> AbstractContextManager[Watcher]:
        """What comes in about a job while this is open."""
        return self._on(("job", job_id))

    def on_account(self, account_id: str, payer_id: str) -> AbstractContextManager[Watcher]:
        """What comes in about all jobs of an account, and about its payer's credits, while this is
        open.
        """
        return self._on(("account", account_id), ("balance", payer_id))

    @contextmanager
    def _on(self, *topics: Topic) -> Generator[Watcher]:
        watcher = Watcher()
        for topic in topics:
            self._watchers[topic].add(watcher)
        try:
            yield watcher
        finally:
            for topic in topics:
                self._watchers[topic].discard(watcher)
                if not self._watchers[topic]:
                    del self._watchers[topic]

    def __len__(self) -> int:
        """How many watch."""
        return len(set[Watcher]().union(*list(self._watchers.values())))

    def close(self) -> None:
        """Ends the listening."""
        self._stopping.set()
        self._thread.join()

    def _listen(self) -> None:
        while not self._stopping.is_set():
            try:
                with psycopg.connect(self._url, autocommit=True, connect_timeout=5) as connection:
                    connection.execute(f"LISTEN {CHANNEL}")
                    self._loop.call_soon_threadsafe(self._miss)
                    while not self._stopping.is_set():
                        # All that one transaction said comes at once, and is taken so.
                        notes = connection.notifies(timeout=0.5, stop_after=1)
                        if payloads := [note.payload for note in notes]:
                            self._loop.call_soon_threadsafe(self._tell_all, payloads)
            except psycopg.OperationalError:
                self._stopping.wait(0.5)

    def _tell_all(self, payloads: Sequence[str]) -> None:
        for payload in payloads:
            self._tell(payload)

    def _tell(self, payload: str) -> None:
        try:
            note = json.loads(payload)
            account_id = note["account_id"]
            if note.get("kind") == BALANCE:
                for watcher in self._watchers.get(("balance", account_id), ()):
                    watcher.tell_balance()
                return
            job_id = note["job_id"]
        except (ValueError, KeyError, TypeError):
            log.warning("a notice that no worker of this version sends: %.100s", payload)
            return
        tick = note.get("tick")
        for watcher in self._watchers.get(("job", job_id), ()):
            watcher.tell(job_id, tick)
        if note.get("kind") in (PROGRESS, SAID):
            return  # an account's watcher has seen it as a tick
        for watcher in self._watchers.get(("account", account_id), ()):
            watcher.tell(job_id, tick)

    def _miss(self) -> None:
        for watchers in self._watchers.values():
            for watcher in watchers:
                watcher.miss()
