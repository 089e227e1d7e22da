"""Few may do something at once: those who wait are let in by account, in fairness."""

import threading
from collections import Counter
from collections.abc import Callable, Generator
from concurrent.futures import CancelledError
from contextlib import contextmanager
from dataclasses import dataclass

from maquette.service.making import TICK_S


@dataclass(frozen=True, slots=True, eq=False)
class _Waiting:
    account_id: str


class Turns:
    """At most `at_once` have theirs at a time; of those who wait, the one whose account has fewest,
    and had none for longest.
    """

    def __init__(self, at_once: int) -> None:
        self._at_once = at_once
        self._change = threading.Condition()
        self._waiting: list[_Waiting] = []
        self._having: Counter[str] = Counter()
        self._turn = 0
        self._last_turn: dict[str, int] = {}  # of accounts that wait or have one

    @contextmanager
    def of(self, account_id: str, goes_on: Callable[[], bool]) -> Generator[None]:
        """Waits for a turn and has it. Raises CancelledError where it is not to go on meanwhile,
        which is asked now and then.
        """
        one = _Waiting(account_id)
        with self._change:
            self._waiting.append(one)
        try:
            while not self._comes(one):
                if not goes_on():
                    raise CancelledError
        except BaseException:
            with self._change:
                self._waiting.remove(one)
                self._tidy(account_id)
            raise
        try:
            yield
        finally:
            with self._change:
                self._having[account_id] -= 1
                self._tidy(account_id)

    def _comes(self, one: _Waiting) -> bool:
        """Whether it is its turn, within a moment."""
        with self._change:
            if not self._change.wait_for(lambda: self._is_next(one), TICK_S):
                return False
            self._waiting.remove(one)
            self._having[one.account_id] += 1
            self._turn += 1
            self._last_turn[one.account_id] = self._turn
            self._change.notify_all()  # there may be room for another
            return True

    def _is_next(self, one: _Waiting) -> bool:
        def rank(other: _Waiting) -> tuple[int, int]:
            return self._having[other.account_id], self._last_turn.get(other.account_id, 0)

        return self._having.total() < self._at_once and min(self._waiting, key=rank) is one

    def _tidy(self, account_id: str) -> None:
        if not self._having[account_id]:
            del self._having[account_id]
            if all(other.account_id != account_id for other in self._waiting):
                self._last_turn.pop(account_id, None)
        self._change.notify_all()
