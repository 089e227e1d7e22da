"""A side of a benchmark draws in a process of its own, as often as it is told to."""

import pytest
import torch

from benchmarks.processes import Process, Task
from benchmarks.rivals import rivals_here
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


def test_openvino_is_no_rival_on_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    goals = {"in fp32": 4.0, "in bf16 by OpenVINO": 1.0}
    for on_gpu, named in ((False, goals), (True, {"in fp32": 4.0})):
        monkeypatch.setattr(torch.cuda, "is_available", lambda on_gpu=on_gpu: on_gpu)
        assert rivals_here(goals) == named
