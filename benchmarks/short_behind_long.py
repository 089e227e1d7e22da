"""How long a request of 4 steps waits behind ones of 50, and what that costs the long ones."""

import statistics
from dataclasses import replace

from benchmarks.report import Outcome, compare_rounds, print_outcome, rounds_of, shortest_of
from benchmarks.workload import Arrival, Serve, in_turn, load_pipeline, mixed_requests, ours
from maquette.core.settings import Settings
from maquette.service.wiring import image_engine

LONG, SHORT = 8, 12
GAP_S = 0.5
ROUNDS = 3
SHORT_GOAL = 4.0  # P95 at most a quarter of what it is first in, first out
LONG_GOAL = 0.8  # the last long one may take a quarter longer, for the short ones come between


def _arrivals(turn: int) -> list[Arrival]:
    """Long requests at once, then short ones one by one, all of 256 px."""
    long = mixed_requests(LONG, 0.0, 2 * turn)
    short = [replace(a, at_s=a.at_s + GAP_S) for a in mixed_requests(SHORT, GAP_S, 2 * turn + 1)]
    steps = [50] * LONG + [4] * SHORT
    return [
        replace(
            arrival,
            params=replace(arrival.params, num_inference_steps=count, width=256, height=256),
        )
        for arrival, count in zip([*long, *short], steps, strict=True)
    ]


def measure() -> Outcome:
    """The 95th percentile of the short ones' waiting, or the long ones' worst if that is worse."""
    engine = image_engine(Settings(), "starter")
    sides: dict[str, Serve] = {"ours": ours(engine), "fifo": in_turn(load_pipeline(engine))}
    worst_long: dict[str, list[float]] = {side: [] for side in sides}

    def p95(side: str, turn: int) -> float:
        waited = sides[side](_arrivals(turn))
        if turn:
            worst_long[side].append(max(waited[:LONG]))
        return statistics.quantiles(waited[LONG:], n=20)[-1]

    short = rounds_of({side: lambda t, s=side: p95(s, t) for side in sides}, ROUNDS)
    claims = (
        (f"P95 seconds of {SHORT} requests of 4 steps behind {LONG} of 50", short, SHORT_GOAL),
        (f"seconds of the last of {LONG} requests of 50 steps before those", worst_long, LONG_GOAL),
    )
    return shortest_of(
        compare_rounds(
            f"{claim}, beside FIFO diffusers", of["ours"], of["fifo"], goal, less_is_better=True
        )
        for claim, of, goal in claims
    )


if __name__ == "__main__":
    print_outcome(measure())
