"""LoRA by rows: each row of a pass has its own adapters, or none, each by a scale of its own."""

from collections import defaultdict
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from maquette.diffusion.backends import Network
from maquette.diffusion.device import to_device


@dataclass(frozen=True, slots=True, eq=False)
class LowRank:
    """What an adapter adds to a linear or convolutional layer: scaling * up(down(x)) (Hu et al.
    2021, 2106.09685).
    """

    down: nn.Module
    up: nn.Module
    scaling: float


@dataclass(frozen=True, slots=True, eq=False)
class Adapter:
    """A LoRA of one network: what it adds, by the names of the modules there."""

    layers: Mapping[str, LowRank]


RowAdapters = tuple[tuple[Adapter, float], ...]  # of one row, each with its scale


@contextmanager
def adapted(
    network: nn.Module, rows: Sequence[RowAdapters], device: torch.device
) -> Generator[None]:
    """Within it, each row that the network is given has its adapters. Its weights stay as they are,
    and are read once for all rows; of each adapter the rows that have it are computed together.
    """
    users: dict[Adapter, list[tuple[int, float]]] = defaultdict(list)
    for row, adapters in enumerate(rows):
        for adapter, scale in adapters:
            users[adapter].append((row, scale))
    additions: dict[str, list[tuple[LowRank, Tensor, Tensor]]] = defaultdict(list)
    for adapter, used in users.items():
        places = to_device(torch.tensor([row for row, _ in used]), device)
        scales = to_device(torch.tensor([scale for _, scale in used]), device)
        for name, layer in adapter.layers.items():
            additions[name].append((layer, places, scales))
    handles = [
        network.get_submodule(name).register_forward_hook(partial(_add, added))
        for name, added in additions.items()
    ]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def _add(
    added: Sequence[tuple[LowRank, Tensor, Tensor]], _: nn.Module, given: Any, out: Tensor
) -> None:
    """Adds to a layer's output (R, ...) what its adapters make of its input (R, ...)."""
    for layer, places, scales in added:
        change = layer.up(layer.down(given[0][places])) * layer.scaling
        change *= scales.to(change.dtype).view(-1, *(1,) * (change.ndim - 1))
        out.index_add_(0, places, change)


def by_rows(
    unet: nn.Module, eager: Network, passes: Network
) -> Callable[[Tensor, Tensor, Tensor, Sequence[RowAdapters]], Tensor]:
    """A U-Net as a network whose rows may have adapters.

    Those that have some are computed by PyTorch as it stands: other backends have the weights in a
    form of their own. There the plain rows of a pass stay with `passes`, so that a request is
    always computed by the same one, whatever its company.
    """

    def network(
        latents: Tensor, timesteps: Tensor, context: Tensor, adapters: Sequence[RowAdapters]
    ) -> Tensor:
        given = (latents, timesteps, context)
        if not any(adapters):
            return passes(*given)
        if passes is eager or all(adapters):
            with adapted(unet, adapters, latents.device):
                return eager(*given)
        rows = sorted(range(len(adapters)), key=lambda row: bool(adapters[row]))
        plain = sum(not one for one in adapters)
        order = to_device(torch.tensor(rows), latents.device)
        parts: list[Tensor] = []
        for part in (slice(plain), slice(plain, None)):
            own, places = [adapters[row] for row in rows[part]], order[part]
            parts.append(network(latents[places], timesteps[places], context[places], own))
        return torch.cat(parts)[order.argsort()]

    return network
