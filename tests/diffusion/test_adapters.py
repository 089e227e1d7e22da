"""A row has its own adapters: as if its network's weights had been changed for it alone."""

from collections.abc import Sequence
from copy import deepcopy
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from maquette.diffusion.adapters import Adapter, LowRank, RowAdapters, adapted, by_rows

CPU = torch.device("cpu")


class _Net(nn.Module):
    """A convolution with a stride, a linear layer over places, and one over rows."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.conv = nn.Conv2d(3, 6, 3, stride=2, padding=1)
        self.inner = nn.ModuleDict({"time": nn.Linear(1, 6), "mix": nn.Linear(6, 5)})

    def forward(self, latents: Tensor, timesteps: Tensor, context: Tensor) -> Tensor:
        x = torch.tanh(self.conv(latents)) + self.inner["time"](timesteps[:, None])[..., None, None]
        return self.inner["mix"](x.movedim(1, -1)) + context.mean((1, 2)).view(-1, 1, 1, 1)


NET = _Net().requires_grad_(False)


def _adapter(seed: int, *names: str, rank: int = 2) -> Adapter:
    torch.manual_seed(seed)
    layers: dict[str, LowRank] = {}
    for name in names:
        layer: Any = NET.get_submodule(name)
        if isinstance(layer, nn.Conv2d):
            down: nn.Module = nn.Conv2d(3, rank, 3, stride=2, padding=1, bias=False)
            up: nn.Module = nn.Conv2d(rank, 6, 1, bias=False)
        else:
            down = nn.Linear(layer.in_features, rank, bias=False)
            up = nn.Linear(rank, layer.out_features, bias=False)
        layers[name] = LowRank(down.requires_grad_(False), up.requires_grad_(False), 0.5 * seed)
    return Adapter(layers)


ADAPTERS = (
    _adapter(1, "conv", "inner.time", "inner.mix"),
    _adapter(2, "inner.mix", rank=4),
    _adapter(3, "conv"),
)


def _given(rows: int) -> tuple[Tensor, Tensor, Tensor]:
    torch.manual_seed(rows)
    return torch.randn(rows, 3, 6, 4), torch.rand(rows), torch.randn(rows, 2, 3)


def _merged(adapters: RowAdapters) -> nn.Module:
    """The network with the adapters in its weights: W + scale B A."""
    net = deepcopy(NET)
    for adapter, scale in adapters:
        for name, layer in adapter.layers.items():
            up, down = (part.weight.flatten(1) for part in (layer.up, layer.down))  # type: ignore
            weight: Any = net.get_submodule(name).weight
            weight += (scale * layer.scaling * up @ down).view_as(weight)
    return net


WORN = st.lists(st.tuples(st.sampled_from(ADAPTERS), st.floats(-2, 2, width=32)), max_size=3).map(
    tuple
)


@given(st.lists(WORN, min_size=1, max_size=6))
def test_each_row_is_as_with_its_adapters_in_the_weights(rows: list[RowAdapters]) -> None:
    given = _given(len(rows))
    with adapted(NET, rows, CPU):
        ours = NET(*given)
    for row, adapters in enumerate(rows):
        alone = _merged(adapters)(*(one[row : row + 1] for one in given))
        torch.testing.assert_close(ours[row : row + 1], alone, rtol=1e-4, atol=1e-4)


def test_the_network_is_left_as_it_was_even_where_a_pass_fails() -> None:
    given = _given(2)
    before = NET(*given)
    with pytest.raises(RuntimeError), adapted(NET, [((ADAPTERS[0], 1.0),)] * 2, CPU):
        NET(given[0][:, :2], *given[1:])
    assert torch.equal(NET(*given), before)
    assert not any(module._forward_hooks for module in NET.modules())


def test_what_was_not_trained_changes_nothing() -> None:
    """B is zero at the beginning of a training."""
    layers = {
        name: LowRank(layer.down, deepcopy(layer.up), 1.0)
        for name, layer in ADAPTERS[0].layers.items()
    }
    for layer in layers.values():
        nn.init.zeros_(layer.up.weight)  # type: ignore[arg-type]
    given = _given(2)
    with adapted(NET, [((Adapter(layers), 1.0),), ()], CPU):
        assert torch.equal(NET(*given), _merged(())(*given))


def test_rows_without_adapters_stay_with_a_backend_that_knows_none() -> None:
    """Each row by the same network in any company; eager rows of both kinds share one pass."""
    passes: list[tuple[str, int]] = []

    def eager(*given: Tensor) -> Tensor:
        passes.append(("eager", len(given[0])))
        return NET(*given)

    def other(*given: Tensor) -> Tensor:
        passes.append(("other", len(given[0])))
        return NET(*given)

    worn: Sequence[RowAdapters] = [((ADAPTERS[0], 1.0),), (), ((ADAPTERS[1], 0.5),), (), ()]
    given = _given(5)
    with adapted(NET, worn, CPU):
        expected = NET(*given)
    for backend, asked in (
        (eager, [("eager", 5), ("eager", 5), ("eager", 2)]),
        (other, [("other", 3), ("eager", 2), ("other", 5), ("eager", 2)]),
    ):
        network = by_rows(NET, eager, backend)
        passes.clear()
        torch.testing.assert_close(network(*given, worn), expected)
        network(*given, [()] * 5)
        latents, timesteps, context = (one[:2] for one in given)
        network(latents, timesteps, context, [worn[0], worn[2]])
        assert passes == asked
