"""Benchmarks: one file per claim, the rival beside ours in one run, the last line JSON."""

import os

from maquette.core.machine import let_threads_sleep

# As the command does, for all sides alike; the benchmarks import PyTorch right after this.
let_threads_sleep(os.environ)
