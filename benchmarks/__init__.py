"""Benchmarks: one file per claim, the rival beside ours in one run, the last line JSON."""
