"""What a worker says of itself, every other second: that it lives, and what passes take it."""

import logging
import math
import platform
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from typing import Any, Self

import sqlalchemy as sa

from maquette.batching.loop import EngineLoop
from maquette.db.connect import DATABASE_AWAY
from maquette.diffusion.step_times import StepTimes
from maquette.jobs.workers import Abilities, StepTime, report
from maquette.service.background import Background

BEAT_S = 2.0
# An engine whose thread does not come by for so long is hung. A pass of a large model takes a
# minute on a slow CPU, and a compiled one is compiled in its first pass.
LONGEST_PASS_S = 600.0

Measured = Mapping[str, Sequence[StepTime]]  # by model

log = logging.getLogger(__name__)


class Heartbeat(Background):
    """A thread that calls `on_beat` and reports to the database while this is open, from before it
    opens on, and as long as the loops of all engines turn.
    """

    def __init__(
        self,
        database: sa.Engine,
        worker_id: str,
        loops: "Sequence[EngineLoop[Any, Any]]",
        measured: Callable[[], Measured],
        on_beat: Callable[[], None] = lambda: None,
        longest_pass_s: float = LONGEST_PASS_S,
        abilities: Abilities | None = None,
    ) -> None:
        self._database, self._worker_id, self._loops = database, worker_id, loops
        self._abilities, self._host = abilities, platform.node()
        self._measured, self._on_beat, self._longest_pass_s = measured, on_beat, longest_pass_s
        self._reported: Measured | None = None
        super().__init__("heartbeat")

    def __enter__(self) -> Self:
        self._beat()
        return super().__enter__()

    def _keep_on(self) -> None:
        turns, turned_s = self._turns(), time.monotonic()
        while not self._stopping.wait(BEAT_S):
            if all(turn.done() for turn in turns):
                turns, turned_s = self._turns(), time.monotonic()
            if time.monotonic() - turned_s < self._longest_pass_s:
                self._beat()

    def _turns(self) -> "Sequence[Future[None]]":
        return [loop.turn() for loop in self._loops]

    def _beat(self) -> None:
        """Whatever fails in it, there is a next one."""
        try:
            self._on_beat()
            measured = self._measured()
            with self._database.begin() as connection:
                news = None if measured == self._reported else measured
                report(connection, self._worker_id, news, self._abilities, self._host)
        except DATABASE_AWAY:
            log.warning("the database is away, so this worker cannot say that it lives")
        except Exception:
            log.exception("this worker cannot say that it lives")
        else:
            self._reported = measured


def summary(
    step_times: StepTimes,
    network_id: str,
    factor_px: int,
    decode_ms: Mapping[int, float],
    text_ms: float | None,
) -> list[StepTime]:
    """The step times of a model's network by the pixels of a picture; a latent stands for a square
    of a side of `factor_px`. Where shapes have as many pixels, the slowest counts. With it what
    decoding takes, by pixels, and reading a text.
    """
    found: dict[int, list[StepTime]] = defaultdict(list)
    for (network, (_, *grid), _), medians in step_times.known().items():
        if network != network_id:
            continue
        pixels = math.prod(grid) * factor_px**2
        row_ms = min(pass_ms / rows for rows, pass_ms in medians.items())
        passes = sorted(medians.items())
        one = StepTime(
            pixels, min(medians.values()), row_ms, passes, decode_ms.get(pixels), text_ms
        )
        found[pixels].append(one)
    return [max(found[pixels], key=lambda one: one.row_ms) for pixels in sorted(found)]
