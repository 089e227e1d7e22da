"""Peak memory of many requests in one engine, beside one pipeline of diffusers with one."""

import statistics
from dataclasses import replace

from benchmarks.processes import Task, peaks_mib
from benchmarks.report import Outcome, compare, print_outcome, shortest_of

# As a studio runs it, and as PyTorch stands.
ENGINES = ("ours", "ours, eager")
COUNTS = {
    Task("starter", side_px=256, steps=2): (1, 4, 16, 64),
    Task("sd15", side_px=512, steps=1): (1, 2, 4),
}
ROUNDS = 3
GOAL = 1 / 1.1  # at most a tenth more


def measure(task: Task, counts: tuple[int, ...], rounds: int = ROUNDS) -> list[Outcome]:
    """A claim for each engine; the words have what each request more takes."""
    for engine in ENGINES:
        peaks_mib([engine], task, 1)  # what is measured and converted once is not counted
    (rival,) = peaks_mib(["diffusers"], task, rounds)
    return [_claim(engine, task, counts, rounds, rival) for engine in ENGINES]


def _claim(
    engine: str, task: Task, counts: tuple[int, ...], rounds: int, rival: list[float]
) -> Outcome:
    ours = [
        statistics.median(peaks_mib([engine], replace(task, count=count), rounds)[0])
        for count in counts
    ]
    slope, start = statistics.linear_regression(counts, ours)
    pairs = zip(counts, ours, strict=True)
    off = max(abs(start + slope * count - peak) for count, peak in pairs)
    print(f"{engine}, {task}: peak MiB of {counts} requests {[round(peak) for peak in ours]}")
    claim = (
        f"peak MiB of a process of {engine} with one request of {task.model}, beside a diffusers "
        f"pipeline; each more takes {slope:.2f} MiB, at most {off:.0f} off that line up to "
        f"{counts[-1]}"
    )
    return compare(claim, ours[0], statistics.median(rival), GOAL, less_is_better=True)


if __name__ == "__main__":
    outcomes = [one for task, counts in COUNTS.items() for one in measure(task, counts)]
    for outcome in outcomes:
        print(f"{outcome.ratio:.2f}  {outcome.claim}")
    print_outcome(shortest_of(outcomes))
