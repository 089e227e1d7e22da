"""Runs a sampler's table over a batch of latents, one step at a time."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from maquette.diffusion.samplers import SamplerTable, update

# (scaled latents (B, C, H, W), timestep) to the model's output after guidance (B, C, H, W).
Predict = Callable[[Tensor, float], Tensor]


class Noise:
    """Gaussian noise of each picture of a batch from its own seed, drawn on the CPU.

    So a picture does not depend on its place in the batch, on its neighbours or on the device.
    """

    def __init__(
        self,
        seeds: Sequence[int],
        shape: tuple[int, int, int],
        device: torch.device | str = "cpu",
    ) -> None:
        self._generators = [torch.Generator().manual_seed(seed) for seed in seeds]
        self._shape, self._device = shape, device

    def draw(self) -> Tensor:
        """The next noise: (B, C, H, W) fp32, on the device."""
        drawn = [torch.randn(self._shape, generator=g) for g in self._generators]
        return torch.stack(drawn).to(self._device)


@dataclass(frozen=True, slots=True)
class Kept:
    """What an inpainting run holds fast: clean latents, and a mask that is 1 where to repaint."""

    latents: Tensor  # (B, C, H, W)
    mask: Tensor  # (1, 1, H, W)


@dataclass(frozen=True, slots=True)
class DenoisedStep:
    """The state after one step.

    `seen` is what the model was given, `predicted` the clean picture that it took it for, `latents`
    the sampler's state after the step. All are (B, C, H, W).
    """

    step_index: int
    seen: Tensor
    predicted: Tensor
    latents: Tensor


@torch.inference_mode()
def denoise(
    predict: Predict,
    table: SamplerTable,
    noise: Noise,
    source: Tensor | None = None,
    kept: Kept | None = None,
) -> Iterator[DenoisedStep]:
    """Yields every step; the last one's `latents` are the clean result.

    `source` holds clean latents (B, C, H, W) to start from, noised to the table's first row.
    Where `kept` is given, what lies outside its mask is put back, at the noise of the moment, after
    each step (Lugmayr et al. 2022, without resampling).
    """
    first = noise.draw()
    if source is None:
        latents = first * table.init_scale
    else:
        row = table.row(0)
        latents = row.signal * source + row.noise_level * first
    previous = torch.zeros_like(latents)
    for step_index in range(len(table)):
        row = table.row(step_index)
        seen = latents * row.input_scale
        out = predict(seen, row.timestep)
        fresh = noise.draw() if row.d else torch.zeros((), device=latents.device)
        latents, previous = update(row, latents, out, previous, fresh)
        if kept is not None:
            held = kept.latents
            if step_index + 1 < len(table):
                level = table.row(step_index + 1)
                held = level.signal * held + level.noise_level * first
            latents = kept.mask * latents + (1 - kept.mask) * held
        yield DenoisedStep(step_index, seen, previous, latents)
