"""Which numbers a device multiplies fast."""

import torch

from maquette.core.machine import look_at_machine


def multiplies_bf16(device: torch.device) -> bool:
    """Whether the device multiplies bf16 natively; where it does not, fp32 is faster."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    return bool(look_at_machine().bf16_flags)
