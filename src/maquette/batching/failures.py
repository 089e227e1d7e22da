"""What it means that something went wrong on the device: less might fit, or it will not go away."""

import torch


def lacks_memory(error: Exception) -> bool:
    """Whether less might fit. The CPU's allocator and parts of CUDA have no class for it."""
    phrases = ("out of memory", "can't allocate memory", "ALLOC_FAILED")
    told = isinstance(error, RuntimeError) and any(phrase in str(error) for phrase in phrases)
    return told or isinstance(error, MemoryError)


def is_lasting(error: Exception) -> bool:
    """Whether this process is of no more use: after such an error, CUDA works no more in it."""
    return isinstance(error, torch.AcceleratorError) and not lacks_memory(error)
