"""Cores side by side do what one would do."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from maquette.core.errors import InvalidRequest
from maquette.train.batch import Batch, Metrics
from maquette.train.cores import Replicas, side_by_side
from maquette.train.loop import Compute, LoopSettings, train
from maquette.train.masters import Masters
from tests.waiting import PATIENCE_S


def _model() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(64, 64), nn.Tanh(), nn.Linear(64, 64))


def _loss(model: nn.Module, batch: Batch) -> tuple[Tensor, Metrics]:
    assert model.training
    value = (model(batch["given"]) - batch["wanted"]).square().mean()
    return value, {"twice": 2 * value.detach()}


def _batch(step: int, size: int = 32) -> Batch:
    generator = torch.Generator().manual_seed(step)
    given = torch.randn(size, 64, generator=generator)
    return {"given": given, "wanted": given.roll(1, 1)}


def _feed(step: int) -> Iterator[Batch]:
    while True:
        yield _batch(step)
        step += 1


@pytest.mark.usefixtures("four_threads")
def test_jobs_run_at_once_and_share_the_threads() -> None:
    meet = threading.Barrier(2, timeout=PATIENCE_S)

    def job(number: int) -> tuple[int, int]:
        meet.wait()
        return number, torch.get_num_threads()

    jobs = [lambda n=n: job(n) for n in range(6)]
    assert side_by_side(jobs, 2) == [(n, 2) for n in range(6)]
    assert torch.get_num_threads() == 4


@pytest.mark.usefixtures("four_threads")
def test_a_job_alone_has_all_the_threads() -> None:
    assert side_by_side([torch.get_num_threads], 4) == [4]
    assert side_by_side([torch.get_num_threads] * 2, 4) == [2, 2]


@pytest.mark.usefixtures("four_threads")
def test_an_error_is_raised_when_all_jobs_have_ended() -> None:
    ended: list[int] = []

    def late() -> None:
        time.sleep(0.2)
        ended.append(1)

    with pytest.raises(ZeroDivisionError):
        side_by_side([lambda: 1 // 0, late], 2)
    assert ended == [1]


@pytest.mark.usefixtures("four_threads")
@pytest.mark.parametrize(
    ("size", "most", "shares"),
    [(32, 4, [16, 16]), (33, 4, [17, 16]), (15, 4, [15]), (64, 3, [22, 21, 21]), (32, 3, [32])],
)
def test_shares_of_a_batch_have_the_gradient_of_the_whole(
    size: int, most: int, shares: list[int]
) -> None:
    sizes: list[int] = []

    def noted(model: nn.Module, batch: Batch) -> tuple[Tensor, Metrics]:
        sizes.append(len(batch["given"]))
        return _loss(model, batch)

    whole, shared = _model(), _model()
    value, figures = Replicas(whole, _loss, 1).backward(_batch(0, size))
    replicas = Replicas(shared, noted, most)
    of_shares = replicas.backward(_batch(0, size))
    assert len(replicas._models) == len(shares)
    assert sorted(sizes, reverse=True) == shares
    torch.testing.assert_close(of_shares[0], value)
    torch.testing.assert_close(of_shares[1]["twice"], figures["twice"])
    for mine, expected in zip(shared.parameters(), whole.parameters(), strict=True):
        assert expected.grad is not None
        assert expected.grad.abs().max() > 1e-4
        torch.testing.assert_close(mine.grad, expected.grad)


@pytest.mark.parametrize("muon", [False, True])
def test_a_run_on_many_cores_learns_what_one_would_have_learned(
    tmp_path: Path, muon: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: set[int] = set()

    def noted(model: nn.Module, batch: Batch) -> tuple[Tensor, Metrics]:
        seen.add(len(batch["given"]))
        return _loss(model, batch)

    compute = Compute(torch.device("cpu"), torch.float32)
    settings = LoopSettings(30, 3e-3, warmup_steps=5, muon=muon, ema_decay=0.5, compute=compute)
    learned: list[dict[str, Tensor]] = []
    for count in (1, 2):
        monkeypatch.setattr(torch, "get_num_threads", lambda count=count: count)
        seen.clear()
        out = tmp_path / str(count)
        learned.append(train(_model(), noted, _feed, settings, out, divisible=True))
        assert seen == {32 // count}
    assert (learned[0]["0.weight"] - _model()[0].weight).abs().max() > 1e-2  # type: ignore[index]
    for name, expected in learned[0].items():
        # Muon computes in bf16.
        torch.testing.assert_close(learned[1][name], expected, rtol=1e-2, atol=1e-3)


def test_a_checkpoint_of_another_version_or_size_is_refused() -> None:
    plain, muon = (Masters(_model(), torch.float32, muon=m) for m in (False, True))
    narrow = Masters(nn.Sequential(nn.Linear(64, 64), nn.Linear(64, 32)), torch.float32)
    for mine, other in ((muon, plain), (plain, narrow)):
        with pytest.raises(InvalidRequest, match=r"of another model, or .*; use another --out"):
            mine.load_state_dict(other.state_dict())
