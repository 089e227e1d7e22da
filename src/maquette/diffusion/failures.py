"""What is told where latents do not fit the memory."""

import traceback
from collections.abc import Generator, Sequence
from contextlib import contextmanager

import torch

from maquette.batching.failures import lacks_memory
from maquette.core.errors import OutOfMemory


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
