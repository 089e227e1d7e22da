"""Where to compute and in which numbers."""

import torch
from torch import Tensor

from maquette.core.errors import UsageError
from maquette.core.machine import look_at_machine
from maquette.core.settings import Settings

_DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16}


def multiplies_bf16(device: torch.device) -> bool:
    """Whether the device multiplies bf16 natively; where it does not, fp32 is faster."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    return bool(look_at_machine().bf16_flags)


def choose_device(settings: Settings) -> torch.device:
    """The device asked for; CUDA when present if none is. Raises UsageError where it is absent."""
    if settings.device == "cuda" and not torch.cuda.is_available():
        raise UsageError("device 'cuda' is not on this machine; use --device cpu or auto")
    chosen = settings.device
    if chosen == "auto":
        chosen = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.device(chosen)


def choose_dtype(settings: Settings, device: torch.device) -> torch.dtype:
    """The precision asked for; bf16 where the device multiplies it natively if none is."""
    if settings.precision != "auto":
        return _DTYPES[settings.precision]
    return torch.bfloat16 if multiplies_bf16(device) else torch.float32


def to_device(tensor: Tensor, device: torch.device) -> Tensor:
    """Without waiting for the device, which only pinned memory allows."""
    if device.type == "cuda":
        tensor = tensor.pin_memory()
    return tensor.to(device, non_blocking=True)
