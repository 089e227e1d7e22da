"""The loop ends, resumes where it was killed, and averages; masters keep small updates."""

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from maquette.train.batch import Batch, Metrics
from maquette.train.loop import Compute, LoopSettings, train
from maquette.train.masters import Masters

CPU = Compute(torch.device("cpu"), torch.float32)


def _feed(step: int) -> Iterator[Batch]:
    while True:
        generator = torch.Generator().manual_seed(step)
        x = torch.randn(16, 4, generator=generator)
        yield {"x": x, "y": x @ torch.tensor([[1.0], [-2.0], [3.0], [0.5]])}
        step += 1


def _loss(model: nn.Module, batch: Batch) -> tuple[Tensor, Metrics]:
    error = (model(batch["x"]) - batch["y"]).square().mean()
    return error, {"error": error.detach()}


def _model() -> nn.Module:
    torch.manual_seed(0)
    return nn.Linear(4, 1)


def _settings(steps: int, minutes: float = float("inf")) -> LoopSettings:
    return LoopSettings(
        steps, 0.05, minutes, warmup_steps=5, cooldown=0.0, log_every=10, compute=CPU
    )


def test_it_learns_and_logs(tmp_path: Path) -> None:
    train(_model(), _loss, _feed, _settings(300), tmp_path)
    with (tmp_path / "log.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [int(r["step"]) for r in rows] == list(range(10, 301, 10))
    assert float(rows[-1]["loss"]) < float(rows[0]["loss"]) / 100
    assert (tmp_path / "curve.png").stat().st_size > 1000


def _noisy_loss(model: nn.Module, batch: Batch) -> tuple[Tensor, Metrics]:
    return _loss(model, {"x": batch["x"] + 0.1 * torch.randn_like(batch["x"]), "y": batch["y"]})


def test_a_killed_run_goes_on_to_the_same_weights_and_log(tmp_path: Path) -> None:
    whole = train(_model(), _noisy_loss, _feed, _settings(60), tmp_path / "whole")
    train(_model(), _noisy_loss, _feed, _settings(25), tmp_path / "killed")
    log = tmp_path / "killed" / "log.csv"
    log.write_text(log.read_text() + "30,9.9,9.9,9.9,9.9\n")  # logged, but killed before a save
    resumed = train(_model(), _noisy_loss, _feed, _settings(60), tmp_path / "killed")
    for name, weight in whole.items():
        torch.testing.assert_close(resumed[name], weight)
    steps = [int(line.split(",")[0]) for line in log.read_text().splitlines()[1:]]
    assert steps == sorted(set(steps)) == list(range(10, 61, 10))


def test_a_run_ends_when_its_minutes_are_over(tmp_path: Path) -> None:
    train(_model(), _loss, _feed, _settings(10**9, minutes=0.01), tmp_path)
    state = torch.load(tmp_path / "checkpoint.pt", weights_only=True)
    assert 0 < state["step"] < 10**9


def test_masters_keep_updates_that_bf16_weights_would_lose() -> None:
    model = nn.Linear(1, 1, bias=False)
    model.weight.data.fill_(1.0)
    masters = Masters(model, torch.bfloat16, weight_decay=0.0)
    for _ in range(20):
        model.weight.grad = torch.ones_like(model.weight)
        masters.step(1e-4, ema_decay=0.9, clip=10.0)
    assert model.weight.dtype == torch.bfloat16
    assert masters.weights[0].item() == pytest.approx(1 - 20e-4, abs=2e-4)
    assert masters.averaged()["weight"].item() == pytest.approx(0.9987, abs=1e-3)


def test_a_batch_without_a_finite_gradient_changes_nothing() -> None:
    model = nn.Linear(2, 1)
    masters = Masters(model, torch.float32)
    before = [w.clone() for w in masters.weights]
    model.weight.grad = torch.full_like(model.weight, float("nan"))
    model.bias.grad = torch.zeros_like(model.bias)
    masters.step(0.1, ema_decay=0.9, clip=1.0)
    assert all(torch.equal(a, b) for a, b in zip(before, masters.weights, strict=True))


def test_muon_moves_all_directions_of_a_convolution_alike_and_leaves_its_head_to_adamw() -> None:
    torch.manual_seed(0)
    hidden, head = nn.Conv2d(64, 64, 3, bias=False), nn.Linear(64, 3, bias=False)
    model = nn.ModuleDict({"hidden": hidden, "head": head}).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    before = hidden.weight.detach().clone()
    masters = Masters(model, torch.float32, weight_decay=0.0, muon=True)
    for layer in (hidden, head):
        layer.weight.grad = torch.randn_like(layer.weight)
    strongest = hidden.weight.grad.permute(0, 2, 3, 1).flatten(1)  # type: ignore[union-attr]
    strongest[0] *= 100.0
    hidden.weight.grad = strongest.unflatten(1, (3, 3, 64)).permute(0, 3, 1, 2)
    masters.step(1e-3, ema_decay=0.9, clip=1e9)
    spread = torch.linalg.svdvals((hidden.weight - before).flatten(1))
    assert spread.max() / spread.min() < 3.0  # of the gradient: more than 30
    assert hidden.weight.is_contiguous(memory_format=torch.channels_last)
    assert masters.weights[1].grad is not None
    assert set(masters.state_dict()) == {"weights", "average", "optimizers"}


def test_a_killed_run_with_muon_goes_on_to_the_same_weights(tmp_path: Path) -> None:
    def model() -> nn.Module:
        torch.manual_seed(0)
        return nn.Sequential(nn.Linear(4, 64), nn.Tanh(), nn.Linear(64, 64), nn.Linear(64, 1))

    def settings(steps: int) -> LoopSettings:
        return LoopSettings(steps, 1e-3, warmup_steps=5, cooldown=0.0, muon=True, compute=CPU)

    whole = train(model(), _loss, _feed, settings(30), tmp_path / "whole")
    train(model(), _loss, _feed, settings(12), tmp_path / "killed")
    resumed = train(model(), _loss, _feed, settings(30), tmp_path / "killed")
    for name, weight in whole.items():
        torch.testing.assert_close(resumed[name], weight)
