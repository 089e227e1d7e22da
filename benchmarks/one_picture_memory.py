"""Peak memory of a process that draws one picture, beside one that does it with diffusers."""

import statistics

from benchmarks.processes import Task, peaks_mib
from benchmarks.report import compare, print_outcome

TASK = Task("starter", side_px=256, steps=24)
ROUNDS = 3

if __name__ == "__main__":
    ours, rival = peaks_mib(("ours, eager", "diffusers"), TASK, ROUNDS)
    print(f"ours   {ours}\nrival  {rival}")
    ours_mib, rival_mib = statistics.median(ours), statistics.median(rival)
    claim = "peak MiB of a process that draws one picture, beside diffusers in the same precision"
    print_outcome(compare(claim, ours_mib, rival_mib, goal=1.0, less_is_better=True))
