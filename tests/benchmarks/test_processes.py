"""A side of a benchmark draws in a process of its own, as often as it is told to."""

import pytest

from benchmarks.processes import Process, Task
from tests.conftest import TinyModels


@pytest.mark.slow
@pytest.mark.parametrize("side", ["ours, eager", "in fp32"])
def test_a_side_draws_whenever_it_is_told(tiny_models: TinyModels, side: str) -> None:
    task = Task(str(tiny_models.image), side_px=64, steps=1, count=2)
    with Process(side, task) as process:
        first, second = process.draw(), process.draw()
    assert min(first.seconds, second.seconds) > 0
    assert second.peak_mib >= first.peak_mib > 100  # PyTorch alone takes more


@pytest.mark.slow
def test_a_side_that_ends_is_told_of(capfd: pytest.CaptureFixture[str]) -> None:
    with (
        Process("in fp32", Task("nowhere", side_px=64, steps=1)) as process,
        pytest.raises(RuntimeError, match="'in fp32' ended"),
    ):
        process.draw()
    assert "nowhere" in capfd.readouterr().err
