"""What a pass takes is learned, carried over to what is alike, and tells how many rows are best."""

import pytest

from maquette.diffusion.request import Bucket
from maquette.diffusion.step_times import StepTimes


def _bucket(side: int) -> Bucket:
    return "net", (4, side, side), (3, 6)


def _learn(times: StepTimes, bucket: Bucket, rows: int, *passes_ms: float) -> None:
    for ms in (1e6, *passes_ms):  # the first of a kind does not count
        times.record(bucket, rows, ms)


def test_the_median_counts_and_the_first_pass_does_not() -> None:
    times = StepTimes()
    _learn(times, _bucket(8), 2, 10.0, 11.0)
    assert times.pass_ms(_bucket(8), 2) == pytest.approx(4 * 8 * 8 * 2e-3)  # too few to count
    times.record(_bucket(8), 2, 900.0)
    assert times.pass_ms(_bucket(8), 2) == 11.0
    for _ in range(9):
        times.record(_bucket(8), 2, 5.0)
    assert times.pass_ms(_bucket(8), 2) == 5.0


def test_what_was_not_measured_follows_from_what_was() -> None:
    times = StepTimes()
    before = times.pass_ms(_bucket(16), 1), times.pass_ms(_bucket(8), 2)
    assert before[0] == pytest.approx(2 * before[1])
    _learn(times, _bucket(8), 2, *[10.0] * 3)
    assert times.pass_ms(_bucket(8), 4) == pytest.approx(20.0)
    assert times.pass_ms(_bucket(16), 2) == pytest.approx(40.0)


def test_the_fewest_rows_that_are_about_as_good_as_any() -> None:
    times = StepTimes()
    assert times.best_rows(_bucket(8), 16) == 16  # nothing is known
    _learn(times, _bucket(8), 2, *[10.0] * 3)
    assert times.best_rows(_bucket(8), 16) == 4  # worth a try
    _learn(times, _bucket(8), 4, *[16.0] * 3)
    assert times.best_rows(_bucket(8), 16) == 8
    _learn(times, _bucket(8), 8, *[31.0] * 3)
    assert times.best_rows(_bucket(8), 16) == 4  # eight are hardly better
    assert times.best_rows(_bucket(8), 3) == 3


def test_other_sizes_are_measured_anew_after_a_while() -> None:
    times = StepTimes()
    _learn(times, _bucket(8), 2, *[10.0] * 3)
    _learn(times, _bucket(8), 8, *[900.0] * 3)  # a bad moment
    assert times.best_rows(_bucket(8), 16) == 2
    for _ in range(500):
        times.record(_bucket(8), 2, 10.0)
    assert times.best_rows(_bucket(8), 16) == 4
