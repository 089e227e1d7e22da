"""A CPU's cores side by side, each with work of its own.

Threads that share every operation wait for each other at its end. Two cores that take half a batch
each are 1.3 times as fast as two that share each layer of the whole (`docs/log.md`).
"""

import copy
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TypeVar

import torch
from torch import Tensor, nn

Batch = dict[str, Tensor]
Loss = Callable[[nn.Module, Batch], tuple[Tensor, dict[str, float]]]
T = TypeVar("T")

LEAST_SHARE = 16  # of a batch; with less a core's units lie idle


@cache
def _pool(cores: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(cores, initializer=torch.set_num_threads, initargs=(1,))


def each_on_a_core(jobs: Sequence[Callable[[], T]]) -> list[T]:
    """The results of all jobs, in order; as many run at once as PyTorch has threads."""
    cores = torch.get_num_threads()
    if cores == 1 or len(jobs) == 1:
        return [job() for job in jobs]
    return list(_pool(cores).map(lambda job: job(), jobs))


class Replicas:
    """A model and copies of it that share its weights; each takes its share of a batch."""

    def __init__(self, model: nn.Module, loss: Loss, count: int) -> None:
        self._loss = loss
        self._models = [model, *(copy.deepcopy(model) for _ in range(count - 1))]
        for replica in self._models[1:]:
            for mine, shared in zip(replica.parameters(), model.parameters(), strict=True):
                mine.data = shared.data

    def backward(self, batch: Batch) -> tuple[Tensor, dict[str, float]]:
        """Leaves the gradient of the mean of the shares' losses with the model's parameters;
        returns that mean, and those of the figures.
        """
        count = len(self._models)
        parts = zip(*(tensor.chunk(count) for tensor in batch.values()), strict=True)
        shares = [dict(zip(batch, part, strict=True)) for part in parts]

        def one(model: nn.Module, share: Batch) -> tuple[Tensor, dict[str, float]]:
            value, figures = self._loss(model, share)
            (value / count).backward()
            return value.detach(), figures

        done = each_on_a_core(
            [
                lambda model=model, share=share: one(model, share)
                for model, share in zip(self._models, shares, strict=True)
            ]
        )
        for replica in self._models[1:]:
            for mine, shared in zip(
                replica.parameters(), self._models[0].parameters(), strict=True
            ):
                if mine.grad is not None:
                    shared.grad = mine.grad if shared.grad is None else shared.grad.add_(mine.grad)
                    mine.grad = None
        figures = {name: sum(f[name] for _, f in done) / count for name in done[0][1]}
        return torch.stack([value for value, _ in done]).mean(), figures
