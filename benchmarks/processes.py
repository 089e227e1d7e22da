"""Sides of a benchmark as processes of their own, which draw when they are told to."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

AS_IT_COMES = "300000"  # how long libgomp's threads wait awake where nobody says anything


@dataclass(frozen=True, slots=True)
class Task:
    """Pictures to draw: of a model by name or folder, `count` of them at once."""

    model: str
    side_px: int
    steps: int
    guidance: float = 4.0
    count: int = 1


@dataclass(frozen=True, slots=True)
class Drawn:
    """Seconds that they took, and the most memory that the process has held so far."""

    seconds: float
    peak_mib: float


class Process:
    """One of the sides that `rivals.py` names. Raises RuntimeError where it ends untold."""

    def __init__(self, side: str, task: Task) -> None:
        self._side = side
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.rivals", side, json.dumps(asdict(task))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[1],
            env=os.environ | ({} if side.startswith("ours") else {"GOMP_SPINCOUNT": AS_IT_COMES}),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()  # it ends where there is nothing more to read

    def draw(self) -> Drawn:
        """Has the pictures drawn, and waits for them."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            print(file=self._process.stdin, flush=True)
            line = self._process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            raise RuntimeError(f"the process {self._side!r} ended; what it said is above")
        return Drawn(**json.loads(line))


def peaks_mib(sides: Sequence[str], task: Task, rounds: int) -> list[list[float]]:
    """The most that fresh processes of each side hold for a task, the sides in turn."""
    peaks: list[list[float]] = [[] for _ in sides]
    for _ in range(rounds):
        for side, held in zip(sides, peaks, strict=True):
            with Process(side, task) as process:
                held.append(process.draw().peak_mib)
    return peaks
