"""Seconds for one request of the starter, beside diffusers as it comes and as people tune it."""

from collections.abc import Callable

from benchmarks.processes import Process, Task
from benchmarks.report import Outcome, compare_rounds, print_outcome, rounds_of, shortest_of
from benchmarks.rivals import rivals_here

TASK, ROUNDS = Task("starter", side_px=256, steps=24), 7
# A default is beaten fourfold; the better of two tuned ones is matched.
GOALS = {"in fp32": 4.0, "in bf16, compiled": 1.0, "in bf16 by OpenVINO": 1.0}


def measure(task: Task, rounds: int) -> Outcome:
    """The claim that falls shortest. Ours and one rival at a time are loaded, each in a process
    of its own, and draw in turn; each has drawn before.
    """
    outcomes: list[Outcome] = []
    with Process("ours", task) as ours:
        for rival, goal in rivals_here(GOALS).items():
            with Process(rival, task) as theirs:
                sides = {"ours": _seconds(ours), "rival": _seconds(theirs)}
                seconds = rounds_of(sides, rounds)
            claim = (
                f"seconds for one request of {task.model}, {task.side_px} px and {task.steps} "
                f"steps, beside diffusers {rival}"
            )
            outcomes.append(
                compare_rounds(claim, seconds["ours"], seconds["rival"], goal, less_is_better=True)
            )
    return shortest_of(outcomes)


def _seconds(process: Process) -> Callable[[int], float]:
    return lambda _: process.draw().seconds


if __name__ == "__main__":
    print_outcome(measure(TASK, ROUNDS))
