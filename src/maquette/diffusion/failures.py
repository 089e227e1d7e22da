"""What it means that something went wrong on the device: less might fit, or it will not go away."""

import traceback
from collections.abc import Generator, Sequence
from contextlib import contextmanager

import torch

from maquette.core.errors import OutOfMemory


def lacks_memory(error: Exception) -> bool:
    """Whether less might fit. The CPU's allocator and parts of CUDA have no class for it."""
    phrases = ("out of memory", "can't allocate memory", "ALLOC_FAILED")
    told = isinstance(error, RuntimeError) and any(phrase in str(error) for phrase in phrases)
    return told or isinstance(error, MemoryError)


def is_lasting(error: Exception) -> bool:
    """Whether this process is of no more use: after such an error, CUDA works no more in it."""
    return isinstance(error, torch.AcceleratorError) and not lacks_memory(error)


def out_of_memory(shape: Sequence[int], device: torch.device) -> OutOfMemory:
    """What is told of latents (C, *grid) that do not fit even alone."""
    return OutOfMemory(
        f"latents of {' x '.join(map(str, shape))} do not fit the memory that {device} has left; "
        "ask for a smaller size, or end what else uses it"
    )


@contextmanager
def memory_for(shape: Sequence[int], device: torch.device) -> Generator[None]:
    """Work on latents (C, *grid) alone: raises OutOfMemory where they do not fit."""
    try:
        yield
    except Exception as error:
        if not lacks_memory(error):
            raise
        traceback.clear_frames(error.__traceback__)  # they hold the tensors
        raise out_of_memory(shape, device) from error
