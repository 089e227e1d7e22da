"""Cores side by side do what one would do."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from maquette.train.cores import Batch, Replicas, each_on_a_core
from maquette.train.loop import Compute, LoopSettings, train


@pytest.fixture
def two_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def _model() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(64, 64), nn.Tanh(), nn.Linear(64, 64))


def _loss(model: nn.Module, batch: Batch) -> tuple[Tensor, dict[str, float]]:
    value = (model(batch["given"]) - batch["wanted"]).square().mean()
    return value, {"twice": 2 * float(value.detach())}


def _batch(step: int) -> Batch:
    generator = torch.Generator().manual_seed(step)
    given = torch.randn(32, 64, generator=generator)
    return {"given": given, "wanted": given.roll(1, 1)}


def _feed(step: int) -> Iterator[Batch]:
    while True:
        yield _batch(step)
        step += 1


@pytest.mark.usefixtures("two_threads")
def test_results_come_in_the_order_of_the_jobs() -> None:
    assert each_on_a_core([lambda n=n: n * n for n in range(20)]) == [n * n for n in range(20)]
    assert torch.get_num_threads() == 2


@pytest.mark.usefixtures("two_threads")
def test_what_fails_on_a_core_is_told() -> None:
    with pytest.raises(ZeroDivisionError):
        each_on_a_core([lambda: 1, lambda: 1 // 0])


@pytest.mark.usefixtures("two_threads")
def test_shares_of_a_batch_have_the_gradient_of_the_whole() -> None:
    gradients: list[Tensor] = []
    for count in (1, 2, 4):
        model = _model()
        value, figures = Replicas(model, _loss, count).backward(_batch(0))
        assert figures["twice"] == pytest.approx(2 * float(value))
        gradients.append(
            torch.cat([p.grad.flatten() for p in model.parameters() if p.grad is not None])
        )
    assert gradients[0].abs().max() > 1e-3
    for shared in gradients[1:]:
        torch.testing.assert_close(shared, gradients[0])


@pytest.mark.usefixtures("two_threads")
@pytest.mark.parametrize("muon", [False, True])
def test_a_run_on_two_cores_learns_what_one_would_have_learned(tmp_path: Path, muon: bool) -> None:
    settings = LoopSettings(
        30, 3e-3, muon=muon, compute=Compute(torch.device("cpu"), torch.float32)
    )
    one = train(_model(), _loss, _feed, settings, tmp_path / "one")
    two = train(_model(), _loss, _feed, settings, tmp_path / "two", divisible=32)
    assert float(one["0.weight"].std()) > 0
    for name in one:
        torch.testing.assert_close(two[name], one[name], rtol=1e-2, atol=1e-4)
