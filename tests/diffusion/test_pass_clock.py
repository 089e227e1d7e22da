"""Passes are timed without a wait, and the host is never far ahead of the device."""

import time
from typing import Any

import pytest
import torch

from maquette.diffusion.pass_clock import PassClock
from maquette.diffusion.step_times import StepTimes

BUCKET = ("net", (4, 8, 8), (3, 6))


class _Event:
    """Stands for an event of a GPU that is `behind` marks behind the host."""

    marks = 0
    waited = 0
    behind = 0

    def __init__(self, enable_timing: bool) -> None:
        assert enable_timing
        self.number = -1

    def record(self) -> None:
        type(self).marks += 1
        self.number = self.marks

    def query(self) -> bool:
        return self.number <= self.marks - self.behind

    def synchronize(self) -> None:
        type(self).waited += 1

    def elapsed_time(self, other: Any) -> float:
        return 7.0 * (other.number - self.number)


@pytest.mark.parametrize(("behind", "waited"), [(0, 0), (2, 0), (100, 8)])
def test_a_gpu_is_asked_when_it_has_come_by(
    monkeypatch: pytest.MonkeyPatch, behind: int, waited: int
) -> None:
    monkeypatch.setattr(torch.cuda, "Event", _Event)
    _Event.marks, _Event.waited, _Event.behind = 0, 0, behind
    times = StepTimes()
    clock = PassClock(torch.device("cuda"), times)
    for _ in range(10):
        clock.start()
        clock.stop(BUCKET, 2)
    assert times.pass_ms(BUCKET, 2) == 7.0
    assert _Event.waited == waited


def test_a_pass_without_a_bucket_is_waited_for_but_not_noted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(torch.cuda, "Event", _Event)
    _Event.marks, _Event.waited, _Event.behind = 0, 0, 100
    for device, waited in (("cuda", 8), ("cpu", 8)):
        times = StepTimes()
        clock = PassClock(torch.device(device), times)
        for _ in range(10):
            clock.start()
            clock.stop(None, 2)
        assert times.known() == {}
        assert _Event.waited == waited


def test_a_cpu_is_timed_at_once() -> None:
    times = StepTimes()
    clock = PassClock(torch.device("cpu"), times)
    for _ in range(5):
        clock.start()
        time.sleep(0.01)
        clock.stop(BUCKET, 2)
    assert 9.0 < times.pass_ms(BUCKET, 2) < 200.0
