"""What makes the assets of a job, and what it is given for that."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

from maquette.batching.loop import EngineLoop
from maquette.jobs.store import Job
from maquette.jobs.workers import StepTime

TICK_S = 0.25
SNAPSHOTS = "snapshots"  # the folder of what is kept of pictures under way
TICKS_A_PROGRESS = 4  # one in so many is kept, with the state to go on from


@dataclass(frozen=True, slots=True)
class MadeAsset:
    """The bytes of one thing that was made, and the seed that makes it again, where one does."""

    content: bytes
    media_type: str
    seed: int | None = None


@dataclass(frozen=True, slots=True)
class Made:
    """All that a job made, in order; what it cost, where that is less than what was held; and what
    else its watchers are told.
    """

    assets: Sequence[MadeAsset]
    price_microcredits: int | None = None
    told: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Making:
    """One attempt at a job, for whoever makes what it asks for."""

    job: Job
    goes_on: Callable[[], bool]  # asks the database
    tell: Callable[[Mapping[str, Any]], None]  # how far it is, to those who watch right now
    keep: Callable[[Mapping[str, Any]], None]  # the same for who comes later, another attempt too
    last_kept: Callable[[], Mapping[str, Any] | None]
    say: Callable[[Mapping[str, Any]], None]  # keeps a part of what is said (`service/said.py`)
    said: Callable[[], Mapping[str, Any] | None]  # all parts of earlier attempts, as one

    def waited_ms(self) -> float:
        """Since the job was asked for."""
        return (datetime.now(UTC) - self.job.created_at) / timedelta(milliseconds=1)


class Maker(Protocol):
    """Makes what jobs of one kind ask for; in many threads at once."""

    def make(self, making: Making) -> Made:
        """All that the job is to have. Raises CancelledError where it is not to go on."""
        ...

    def kept(self, job: Job) -> Sequence[Path]:
        """The files that are kept of a job while it runs."""
        ...

    def fail(self, error: Exception) -> None:
        """Looks at an error that no one asked for: a worker whose device is broken ends."""
        ...


@dataclass(frozen=True, slots=True)
class Crew:
    """All who make what jobs of a worker ask for, by kind; the loops of their engines; and what
    passes were measured to take, by model.
    """

    makers: Mapping[str, Maker]
    loops: "Sequence[EngineLoop[Any, Any]]"
    measured: Callable[[], Mapping[str, Sequence[StepTime]]]
    also_ends: Sequence[Callable[[], None]] = ()  # what else runs for them

    def close(self) -> None:
        """Ends the engines; what is under way is cancelled."""
        for loop in self.loops:
            loop.close()
        for end in self.also_ends:
            end()
