"""Seconds for one request of a model of Stable Diffusion 1.5's size, beside diffusers' ways."""

from benchmarks.one_request import measure
from benchmarks.processes import Task
from benchmarks.report import print_outcome

TASK, ROUNDS = Task("sd15", side_px=512, steps=4), 3

if __name__ == "__main__":
    print_outcome(measure(TASK, ROUNDS))
