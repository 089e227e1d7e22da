"""A CPU's cores side by side, each with work of its own.

Threads that share every operation wait for each other at its end. Two cores that take half of 64
pictures each need about a ninth less time than two that share each layer (`docs/log.md`).
"""

import copy
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from functools import cache
from typing import TypeVar

import torch
from torch import Tensor, nn

from maquette.train.batch import Batch, Loss, Metrics

T = TypeVar("T")

LEAST_SHARE = 16  # items; what less brings was not measured


@cache
def _pool(workers: int, threads: int) -> ThreadPoolExecutor:
    """Threads for jobs. What PyTorch gives to threads born later is then `threads`, too."""
    all_begun = threading.Barrier(workers)

    def begin() -> None:
        torch.set_num_threads(threads)
        torch.get_num_threads()  # settles it: unasked, it would follow a later change by others
        all_begun.wait()  # no other pool begins in between

    return ThreadPoolExecutor(workers, initializer=begin)


def side_by_side(jobs: Sequence[Callable[[], T]], workers: int) -> list[T]:
    """The results of all jobs, in order, `workers` at once with PyTorch's threads shared out.

    Fewer jobs than workers share all the threads.

    Jobs do not inherit `no_grad` and its like. The first error is raised when all have ended.
    """
    threads, workers = torch.get_num_threads(), min(workers, len(jobs))
    if workers <= 1:
        return [job() for job in jobs]
    futures = [_pool(workers, max(1, threads // workers)).submit(job) for job in jobs]
    wait(futures)
    return [future.result() for future in futures]


class Replicas:
    """A model and copies of it that share its parameters; each takes its share of a batch.

    There are as many as the first batch has use for: a divisor of `most`, so that threads share
    out evenly.

    Parameters may be changed in place alone from here on. Buffers are each replica's own, and so
    is what a forward pass leaves in its module; random numbers belong in the batch, for shares
    run in no order.
    """

    def __init__(self, model: nn.Module, loss: Loss, most: int) -> None:
        self._loss, self._most = loss, most
        self._models = [model]

    def _copy(self, count: int) -> None:
        model = self._models[0]
        self._models += [copy.deepcopy(model) for _ in range(count - 1)]
        for replica in self._models[1:]:
            for mine, shared in zip(replica.parameters(), model.parameters(), strict=True):
                mine.data = shared.data

    def backward(self, batch: Batch) -> tuple[Tensor, Metrics]:
        """Leaves the gradient of the mean of the shares' losses, weighed by their sizes and summed
        in the model's precision, with the model's parameters; returns that mean and the figures'.
        """
        size = len(next(iter(batch.values())))
        useful = max(1, size // LEAST_SHARE)
        count = max(n for n in range(1, self._most + 1) if self._most % n == 0 and n <= useful)
        if len(self._models) == 1:
            self._copy(count)
        count = min(count, len(self._models))
        parts = zip(*(tensor.tensor_split(count) for tensor in batch.values()), strict=True)
        shares = [dict(zip(batch, part, strict=True)) for part in parts]
        weights = [len(next(iter(share.values()))) / size for share in shares]

        def one(number: int) -> tuple[Tensor, Metrics]:
            value, figures = self._loss(self._models[number], shares[number])
            value = value * weights[number]
            value.backward()
            return value.detach(), figures

        done = side_by_side([lambda n=n: one(n) for n in range(count)], count)
        for replica in self._models[1:]:
            for mine, shared in zip(
                replica.parameters(), self._models[0].parameters(), strict=True
            ):
                if mine.grad is not None:
                    shared.grad = mine.grad if shared.grad is None else shared.grad.add_(mine.grad)
                    mine.grad = None
        every = [figures for _, figures in done]
        means = {
            name: torch.stack([w * f[name] for w, f in zip(weights, every, strict=True)]).sum()
            for name in every[0]
        }
        return torch.stack([value for value, _ in done]).sum(), means
