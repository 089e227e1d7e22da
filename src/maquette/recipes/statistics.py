"""Batch norms' statistics, measured anew for finished weights."""

from collections.abc import Iterator

import torch
from torch import Tensor, nn


@torch.no_grad()
def settle_statistics(model: nn.Module, pixels: Iterator[Tensor], batches: int = 24) -> None:
    """Sets all batch norms of a picture model to the statistics that its own weights give.

    What training gathered belongs to weights of past moments, not to their average. Leaves the
    model in evaluation mode.
    """
    norms = [m for m in model.modules() if isinstance(m, nn.BatchNorm2d)]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # a plain mean over all batches
    weight = next(model.parameters())
    model.train()
    for _ in range(batches):
        model(next(pixels).to(weight.device, weight.dtype))
    model.eval()
