"""Who waits for a turn is let in by account, and leaves where it is not to go on."""

import threading
from concurrent.futures import CancelledError

import pytest

from maquette.service.turns import Turns
from tests.waiting import PATIENCE_S, wait_until


class Room:
    """One place, whose guests stay until they are let go."""

    def __init__(self) -> None:
        self.turns, self.came = Turns(1), list[str]()
        self._leave = threading.Semaphore(0)
        self._threads: list[threading.Thread] = []

    def add(self, account_id: str) -> None:
        before = len(self.turns._waiting) + len(self.came)
        thread = threading.Thread(target=self._stay, args=(account_id,))
        self._threads.append(thread)
        thread.start()
        wait_until(lambda: len(self.turns._waiting) + len(self.came) > before)

    def _stay(self, account_id: str) -> None:
        with self.turns.of(account_id, lambda: True):
            self.came.append(account_id)
            assert self._leave.acquire(timeout=PATIENCE_S)

    def end(self) -> None:
        for _ in self._threads:
            self._leave.release()
        for thread in self._threads:
            thread.join(PATIENCE_S)
            assert not thread.is_alive()


def test_an_account_with_many_lets_others_in() -> None:
    room = Room()
    room.add("a")
    wait_until(lambda: room.came == ["a"])
    for account_id in "aaabbc":
        room.add(account_id)
    room.end()
    assert "".join(room.came) == "abcabaa"
    assert not room.turns._last_turn
    assert not room.turns._having


def test_as_many_as_may_have_their_turns_at_once() -> None:
    turns, both = Turns(2), threading.Barrier(2)

    def meet() -> None:
        with turns.of("a", lambda: True):
            both.wait(PATIENCE_S)

    threads = [threading.Thread(target=meet) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_S)
    assert not both.broken


def test_what_is_cancelled_waits_no_longer() -> None:
    turns = Turns(1)
    with turns.of("a", lambda: True):
        with pytest.raises(CancelledError), turns.of("b", lambda: False):
            raise AssertionError("there is no room")
        assert not turns._waiting
    with turns.of("b", lambda: True):
        pass


def test_a_turn_ends_with_an_error() -> None:
    turns = Turns(1)
    with pytest.raises(ValueError, match="x"), turns.of("a", lambda: True):
        raise ValueError("x")
    with turns.of("b", lambda: False):
        pass
