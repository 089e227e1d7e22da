"""Pictures a second from 16 mixed requests, beside diffusers in turn and in threads."""

from collections.abc import Callable

from benchmarks.report import Outcome, compare_rounds, print_outcome, rounds_of, shortest_of
from benchmarks.rivals import by_openvino, fastest_engine, rivals_here
from benchmarks.workload import (
    Serve,
    in_threads,
    in_turn,
    load_pipeline,
    makespan_s,
    mixed_requests,
    ours,
)

COUNT = 16
GOALS = {"in turn": 1.5, "in turn by OpenVINO": 1.5, "in threads": 2.0}
ROUNDS = 3


def measure() -> Outcome:
    """The claim that falls shortest, of two rivals under two patterns of arrival."""
    engine = fastest_engine()
    pipeline, folder = load_pipeline(engine), engine.spec.folder
    goals = rivals_here(GOALS)
    rivals: dict[str, Callable[[], Serve]] = {
        "in turn": lambda: in_turn(pipeline),
        "in turn by OpenVINO": lambda: in_turn(by_openvino(folder)),
        "in threads": lambda: in_threads(pipeline),
    }
    sides: dict[str, Serve] = {"ours": ours(engine), **{name: rivals[name]() for name in goals}}

    def rates(mean_gap_s: float) -> dict[str, list[float]]:
        def rate(serve: Serve, turn: int) -> float:
            arrivals = mixed_requests(COUNT, mean_gap_s, seed=turn)
            return COUNT / makespan_s(arrivals, serve(arrivals))

        return rounds_of({name: lambda t, s=s: rate(s, t) for name, s in sides.items()}, ROUNDS)

    at_once = rates(0.0)
    # Twice as fast as one after another can keep up with, so that neither waits for arrivals.
    one_s = 1 / max(at_once["in turn"])
    patterns = {"all at once": at_once, "Poisson arrivals": rates(one_s / 2)}
    return shortest_of(
        compare_rounds(
            f"pictures a second of {COUNT} mixed requests, {pattern}, beside diffusers {side}",
            measured["ours"],
            measured[side],
            goal,
            less_is_better=False,
        )
        for pattern, measured in patterns.items()
        for side, goal in goals.items()
    )


if __name__ == "__main__":
    print_outcome(measure())
