"""How every benchmark times two sides fairly and states its claim in one JSON line."""

import json
import statistics
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds of one side over all rounds."""

    seconds: tuple[float, ...]

    @property
    def median_s(self) -> float:
        return statistics.median(self.seconds)

    def __str__(self) -> str:
        return f"{self.median_s:.4g} s (from {min(self.seconds):.4g} to {max(self.seconds):.4g})"


@dataclass(frozen=True, slots=True)
class Outcome:
    """One claim, measured. `ratio` is how many times better ours is; `ok` says it meets the goal.

    `ours` and `rival` are in the unit that the claim names.
    """

    claim: str
    ours: float
    rival: float
    ratio: float
    goal: float
    ok: bool


def interleave(
    ours: Callable[[], object], rival: Callable[[], object], rounds: int = 7, warmup: int = 1
) -> tuple[Timing, Timing]:
    """Times both sides in turn, so that a machine that slows down slows both.

    The side that goes first changes every round.
    """
    seconds: tuple[list[float], list[float]] = ([], [])
    for turn in range(warmup + rounds):
        for side in (0, 1) if turn % 2 == 0 else (1, 0):
            started = time.perf_counter()
            (ours, rival)[side]()
            if turn >= warmup:
                seconds[side].append(time.perf_counter() - started)
    return Timing(tuple(seconds[0])), Timing(tuple(seconds[1]))


def rounds_of(
    sides: Mapping[str, Callable[[int], float]], rounds: int, warmup: int = 1
) -> dict[str, list[float]]:
    """What each side measures in each round, which it is told the number of; the first rounds,
    which warm up, are left out. A different side goes first each time.
    """
    names = list(sides)
    measured: dict[str, list[float]] = {name: [] for name in names}
    for turn in range(warmup + rounds):
        shift = turn % len(names)
        for name in names[shift:] + names[:shift]:
            value = sides[name](turn)
            if turn >= warmup:
                measured[name].append(value)
    return measured


def compare_rounds(
    claim: str, ours: Sequence[float], rival: Sequence[float], goal: float, *, less_is_better: bool
) -> Outcome:
    """The outcome of figures that were measured round by round: the median of the rounds' ratios.

    Prints both sides.
    """
    print(f"{claim}\nours   {[round(v, 4) for v in ours]}\nrival  {[round(v, 4) for v in rival]}")
    pairs = zip(ours, rival, strict=True)
    ratio = statistics.median(r / o if less_is_better else o / r for o, r in pairs)
    figures = statistics.median(ours), statistics.median(rival)
    return Outcome(claim, *figures, ratio, goal, ok=ratio >= goal)


def shortest_of(outcomes: Iterable[Outcome]) -> Outcome:
    """Of several claims that make one, the one that falls shortest of its goal."""
    return min(outcomes, key=lambda outcome: outcome.ratio / outcome.goal)


def compare_times(claim: str, ours: Timing, rival: Timing, goal: float) -> Outcome:
    """The outcome of two timings: less is better, medians count. Prints both with their spread."""
    print(f"ours   {ours}\nrival  {rival}")
    return compare(claim, ours.median_s, rival.median_s, goal, less_is_better=True)


def compare(claim: str, ours: float, rival: float, goal: float, *, less_is_better: bool) -> Outcome:
    """The outcome of two figures above zero; `goal` is the least ratio that upholds the claim."""
    ratio = rival / ours if less_is_better else ours / rival
    return Outcome(claim, ours, rival, ratio, goal, ok=ratio >= goal)


def print_outcome(outcome: Outcome) -> None:
    """Prints the JSON line; nothing may be printed after it."""
    figures = {k: round(v, 6) if type(v) is float else v for k, v in asdict(outcome).items()}
    print(json.dumps(figures, ensure_ascii=False), flush=True)


def read_outcome(stdout: str) -> Outcome:
    """The outcome in the last line of what a benchmark printed.

    Raises ValueError where that line is not an outcome.
    """
    lines = stdout.strip().splitlines()
    try:
        return Outcome(**json.loads(lines[-1]))
    except (IndexError, TypeError, json.JSONDecodeError):
        last = lines[-1] if lines else "nothing"
        raise ValueError(f"the last line must be an outcome in JSON, not {last!r}") from None
