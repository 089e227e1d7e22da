"""What many ask for at once is read together, and each is given their own."""

import asyncio
import threading
import time
from collections.abc import Collection, Mapping

import pytest

from maquette.api.batches import GAP_S, Batches
from tests.waiting import PATIENCE_S


class _Reader:
    """Knows the squares of the numbers below ten; the first reading ends when it is let."""

    def __init__(self) -> None:
        self.asked: list[set[int]] = []
        self.begun, self.let = threading.Event(), threading.Event()
        self.breaks = False

    def __call__(self, keys: Collection[int]) -> Mapping[int, int]:
        self.asked.append(set(keys))
        self.begun.set()
        assert self.let.wait(PATIENCE_S)
        if self.breaks:
            raise OSError("the database is away")
        return {key: key * key for key in keys if key < 10}

    async def busy(self, batches: Batches[int, int]) -> "asyncio.Task[dict[int, int]]":
        """One who asks alone; the reading is under way."""
        first = asyncio.create_task(batches.get([1]))
        await asyncio.to_thread(self.begun.wait, 10)
        return first


def test_who_asks_while_one_is_read_shares_the_next_reading() -> None:
    reader = _Reader()

    async def ask() -> list[dict[int, int]]:
        batches = Batches(reader)
        first = await reader.busy(batches)
        rest = [asyncio.create_task(batches.get(keys)) for keys in ([2], [3, 11], [3], [])]
        await asyncio.sleep(0)
        reader.let.set()
        found = [await one for one in (first, *rest)]
        return [*found, await batches.get([4])]

    assert asyncio.run(ask()) == [{1: 1}, {2: 4}, {3: 9}, {3: 9}, {}, {4: 16}]
    assert reader.asked == [{1}, {2, 3, 11}, {4}]


def test_two_readings_begin_some_time_apart_so_that_a_crowd_gathers() -> None:
    reader = _Reader()
    reader.let.set()

    async def ask() -> None:
        batches = Batches(reader)
        await batches.get([1])
        await asyncio.gather(batches.get([2]), batches.get([3]))

    begun_s = time.monotonic()
    asyncio.run(ask())
    assert time.monotonic() - begun_s >= GAP_S
    assert reader.asked == [{1}, {2, 3}]


def test_one_who_goes_takes_nothing_from_the_others() -> None:
    reader = _Reader()

    async def ask() -> dict[int, int]:
        batches = Batches(reader)
        first = await reader.busy(batches)
        gone, stays = (asyncio.create_task(batches.get([key])) for key in (2, 3))
        await asyncio.sleep(0)
        first.cancel()
        gone.cancel()
        reader.let.set()
        return await stays

    assert asyncio.run(ask()) == {3: 9}


def test_what_breaks_is_told_to_all_who_share_it_and_to_no_one_later() -> None:
    reader = _Reader()
    reader.breaks = True
    reader.let.set()

    async def ask() -> dict[int, int]:
        batches = Batches(reader)
        both = asyncio.gather(batches.get([1]), batches.get([2]), return_exceptions=True)
        assert [type(one) for one in await both] == [OSError, OSError]
        reader.breaks = False
        return await batches.get([1])

    assert asyncio.run(ask()) == {1: 1}


def test_where_all_have_gone_nothing_is_said_of_what_breaks(
    caplog: pytest.LogCaptureFixture,
) -> None:
    reader = _Reader()
    reader.breaks = True

    async def ask() -> None:
        alone = await reader.busy(Batches(reader))
        alone.cancel()
        reader.let.set()

    asyncio.run(ask())
    assert not caplog.records
