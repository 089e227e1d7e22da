"""How many floating point operations something takes, attention on a CPU included."""

from collections.abc import Callable

import torch
from torch.utils.flop_counter import FlopCounterMode, sdpa_backward_flop_count, sdpa_flop_count


def flop_of(act: Callable[[], object]) -> float:
    """Floating point operations of the matrix products and convolutions in a call.

    PyTorch's counter knows attention's kernels of a GPU alone.
    """
    aten = torch.ops.aten
    kernels = {
        aten._scaled_dot_product_flash_attention_for_cpu: _forward,
        aten._scaled_dot_product_flash_attention_for_cpu_backward: _backward,
    }
    with FlopCounterMode(display=False, custom_mapping=kernels) as counter:
        act()
    return float(counter.get_total_flops())


def _forward(
    query: torch.Size, key: torch.Size, value: torch.Size, *_: object, **__: object
) -> int:
    return sdpa_flop_count(query, key, value)


def _backward(
    out: torch.Size, query: torch.Size, key: torch.Size, value: torch.Size, *_: object, **__: object
) -> int:
    return sdpa_backward_flop_count(out, query, key, value)
