"""Endless drawn pictures with their captions, as batches of tensors."""

import random
from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from maquette.world.captions import LANGUAGES, caption
from maquette.world.compose import compose
from maquette.world.draw import draw
from maquette.world.scene import Scene

Item = dict[str, Tensor]


class _Made(Dataset[Item]):
    """Item number i is whatever `make(i)` gives."""

    def __init__(self, make: Callable[[int], Item]) -> None:
        self._make = make

    def __getitem__(self, index: int) -> Item:
        return self._make(index)


def batches(
    make: Callable[[int], Item], batch_size: int, workers: int, start: int = 0
) -> Iterator[Item]:
    """Batches of `make(start)`, `make(start + 1)`… without end, made by `workers` processes."""

    def numbers() -> Iterator[int]:
        number = start
        while True:
            yield number
            number += 1

    class Endless(torch.utils.data.Sampler[int]):
        def __iter__(self) -> Iterator[int]:
            return numbers()

    loader = DataLoader(
        _Made(make),
        batch_size=batch_size,
        sampler=Endless(),
        num_workers=workers,
        pin_memory=torch.cuda.is_available(),
        prefetch_factor=4 if workers else None,
    )
    return iter(loader)


def first_number(seed: int, step: int, batch_size: int) -> int:
    """Where the data of a run's step begins: runs of different seeds see different pictures."""
    return seed * 1_000_000_000 + step * batch_size


def to_tensor(picture: np.ndarray | Tensor) -> Tensor:
    """(..., H, W, 3) uint8 to (..., 3, H, W) float in -1 to 1."""
    return torch.as_tensor(picture).movedim(-1, -3).float() / 127.5 - 1.0


def halve(picture: np.ndarray) -> np.ndarray:
    """(2H, 2W, 3) to (H, W, 3) by the mean of each 2 × 2 block."""
    h, w, _ = picture.shape
    return picture.reshape(h // 2, 2, w // 2, 2, 3).mean((1, 3)).round().astype(np.uint8)


def crop(number: int, size_px: int) -> Item:
    """A crop of picture `number` at full scale, anywhere in it."""
    rng = random.Random(f"crop/{number}")
    picture = draw(compose(number))
    x, y = (rng.randint(0, n - size_px) for n in (picture.shape[1], picture.shape[0]))
    return {"pixels": to_tensor(picture[y : y + size_px, x : x + size_px])}


def captioned(scene: Scene, number: int, full: bool = False) -> str:
    """A caption of the scene in either language, both drawn from `number`; see `caption`."""
    rng = random.Random(f"caption/{number}")
    return caption(scene, rng.choice(LANGUAGES), rng, full=full).text
