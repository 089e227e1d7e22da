"""Benchmarks: one file per claim, the rival beside ours in one run, the last line JSON."""

import os

from maquette.core.machine import let_threads_sleep

# As the command does; the benchmarks import PyTorch right after this. What is a process of its own
# and not ours is told otherwise (processes.py).
let_threads_sleep(os.environ)
