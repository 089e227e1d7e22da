"""Jobs at work in one process: together, but for one that is to be alone."""

import threading
from collections.abc import Generator
from contextlib import contextmanager


class Company:
    """Who is to be alone waits until all others have gone, and whoever comes then waits for it."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._here = self._loners = 0  # at work; waiting or at work, alone

    @contextmanager
    def joined(self, alone: bool) -> Generator[None]:
        """Waits until one may join, and is there while this is open."""
        with self._changed:
            self._loners += alone
            self._changed.wait_for(lambda: not (self._here if alone else self._loners))
            self._here += 1
        try:
            yield
        finally:
            with self._changed:
                self._here -= 1
                self._loners -= alone
                self._changed.notify_all()
