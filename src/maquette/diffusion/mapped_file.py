"""A file mapped into memory whose pages are let go of as soon as they have been read."""

import mmap
import threading
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

PAUSE_S = 0.02


class MappedFile:
    """The bytes of a file as an array (N,), for a library that makes of them what it computes by
    but keeps the file mapped: each page that was read would go on counting as the process's own.
    """

    def __init__(self, path: Path) -> None:
        with path.open("rb") as file:  # OpenVINO takes only what could be written, and never does
            self._mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
        self.array = np.frombuffer(self._mapped, np.uint8)

    @contextmanager
    def passing(self) -> Generator[None]:
        """Within it, what has been read is let go of at once; what is read again comes from the
        file, or from what the system keeps of it while it has room.
        """
        done = threading.Event()

        def let_go() -> None:
            while not done.wait(PAUSE_S):
                self._mapped.madvise(mmap.MADV_DONTNEED)

        thread = threading.Thread(target=let_go)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()
            self._mapped.madvise(mmap.MADV_DONTNEED)
