"""Reads together what many ask for at once, so that a crowd costs a few queries."""

import asyncio
import time
from collections.abc import Callable, Collection, Mapping
from typing import Generic, TypeVar

from fastapi.concurrency import run_in_threadpool

Key = TypeVar("Key")
Value = TypeVar("Value")

GAP_S = 0.05  # between the beginnings of two readings: no one sees so little, and a crowd gathers


class Batches(Generic[Key, Value]):
    """What `read` gives by its keys, one reading at a time: whoever asks while one is under way, or
    has just begun, shares the next. Who asks alone waits for no one. For one event loop.
    """

    def __init__(self, read: Callable[[Collection[Key]], Mapping[Key, Value]]) -> None:
        self._read, self._reading = read, asyncio.Lock()
        self._asked: set[Key] = set()
        self._begun_s = time.monotonic() - GAP_S
        self._next: asyncio.Task[Mapping[Key, Value]] | None = None

    async def get(self, keys: Collection[Key]) -> dict[Key, Value]:
        """Those of the keys that are there. Raises what `read` raises, to all who share it."""
        self._asked.update(keys)
        if self._next is None:
            self._next = asyncio.create_task(self._read_next())
            # Where all who shared it have gone, no one else looks.
            self._next.add_done_callback(lambda task: task.cancelled() or task.exception())
        found = await asyncio.shield(self._next)  # which others may wait for, too
        return {key: found[key] for key in keys if key in found}

    async def _read_next(self) -> Mapping[Key, Value]:
        async with self._reading:
            await asyncio.sleep(self._begun_s + GAP_S - time.monotonic())
            self._begun_s = time.monotonic()
            asked, self._asked, self._next = self._asked, set[Key](), None
            return await run_in_threadpool(self._read, asked)
