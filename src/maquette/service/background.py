"""What goes on in a thread of its own while something else does the work."""

import threading
from abc import ABC, abstractmethod
from typing import Self

FAREWELL_S = 3.0  # that what is under way may still take


class Background(ABC):
    """A thread that does `_keep_on` while this is open, which leaves off when it is `_stopping`."""

    def __init__(self, name: str) -> None:
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._keep_on, name=name, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join(FAREWELL_S)

    @abstractmethod
    def _keep_on(self) -> None: ...
