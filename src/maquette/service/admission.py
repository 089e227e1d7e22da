"""Whether a request is let in: by how long what was accepted before it will still take."""

import math
from dataclasses import dataclass

from maquette.core.errors import InvalidRequest, QueueFull, RateLimited
from maquette.jobs.store import Backlog
from maquette.service.cost import Cost


@dataclass(frozen=True, slots=True)
class QueueLimits:
    """How many requests of a medium may be unfinished at once, and how many seconds of work they
    may be: those of another do not take their engine. How many of any medium an account may make in
    a minute.
    """

    most_jobs: int = 100
    most_s: float = 1800.0
    most_a_minute: int = 120


USUAL_LIMITS = QueueLimits()
UNKNOWN_WAIT_MS = 5000.0  # where nothing was measured
PROGRESS_MS = 1000.0  # how far jobs are is known so late, for it is kept once a second


def admit_account(most: int, wait_s: float) -> None:
    """Raises RateLimited where an account has to wait before it may ask again."""
    if wait_s > 0:
        seconds = math.ceil(wait_s)
        raise RateLimited(f"{most} requests a minute are let in; try again in {seconds} s", seconds)


def admit(
    cost: Cost | None, backlog: Backlog, limits: QueueLimits, workers: int = 1
) -> float | None:
    """The milliseconds until a request will be done if all that was accepted before it comes first,
    and the workers share it; None where nothing was measured: then only their number counts.

    Raises InvalidRequest where it would not fit the queue even alone, QueueFull where it does not
    fit behind what waits.
    """
    most_ms = limits.most_s * 1e3
    if cost and cost.alone_ms > most_ms:
        raise InvalidRequest(
            f"this would take about {_duration(cost.alone_ms)}, and no more than "
            f"{_duration(most_ms)} of work are let in; ask for fewer steps or pictures, "
            "or a smaller size"
        )
    backlog = Backlog(backlog.jobs, backlog.left_ms / max(1, workers))
    if backlog.jobs >= limits.most_jobs:
        raise _full(backlog, backlog.left_ms / backlog.jobs or UNKNOWN_WAIT_MS)
    if cost is None:
        return None
    over_ms = backlog.left_ms + cost.work_ms - most_ms
    if over_ms > 0:
        raise _full(backlog, over_ms + PROGRESS_MS)
    return backlog.left_ms + cost.alone_ms


def _full(backlog: Backlog, wait_ms: float) -> QueueFull:
    """After so long there is room, if no one else comes."""
    work = f", about {_duration(backlog.left_ms)} of work" if backlog.left_ms else ""
    seconds = max(1, math.ceil(wait_ms / 1e3))
    return QueueFull(f"{backlog.jobs} requests wait{work}; try again in {seconds} s", seconds)


def _duration(ms: float) -> str:
    seconds = math.ceil(ms / 1e3)
    return f"{seconds} s" if seconds < 120 else f"{math.ceil(seconds / 60)} min"
