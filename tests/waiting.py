"""Waits for what takes as long as it takes on a busy machine."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

PATIENCE_S = 300.0  # only what hangs takes so long; a busy machine may take minutes


def wait_until(
    what: Callable[[], T | None], patience_s: float = PATIENCE_S, pause_s: float = 0.05
) -> T:
    """What comes of it, once that is true."""
    give_up = time.monotonic() + patience_s
    while not (found := what()):
        assert time.monotonic() < give_up, "it did not come about in time"
        time.sleep(pause_s)
    return found
