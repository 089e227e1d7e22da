"""A cheap look at latents: a linear map to a small picture, fitted once to the decoder."""

from collections.abc import Callable

import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional

SAMPLES, GRID = 12, 16  # pictures to learn from, and their side in latents


class LatentPreview:
    """Maps each latent to a few pixels of its own by least squares.

    `decode` turns clean latents (B, C, H, W) into pixels (B, 3, H f, W f) in [-1, 1].
    """

    def __init__(
        self,
        decode: Callable[[Tensor], Tensor],
        channels: int,
        factor_px: int,
        device: torch.device,
    ) -> None:
        self._side = max(1, factor_px // 4)  # pixels a latent
        generator = torch.Generator().manual_seed(0)
        rough = torch.randn(SAMPLES, channels, GRID, GRID, generator=generator)
        # Large areas of one colour too, as pictures have them.
        smooth = functional.interpolate(
            torch.randn(SAMPLES, channels, 4, 4, generator=generator), scale_factor=GRID // 4
        )
        latents = (0.5 * rough + smooth).to(device)
        pixels = torch.cat([decode(one).float() for one in latents.split(1)])
        small = functional.avg_pool2d(pixels, factor_px // self._side)
        wanted = functional.pixel_unshuffle(small, self._side)
        given = latents.movedim(1, -1).flatten(0, 2)
        given = torch.cat([given, torch.ones_like(given[:, :1])], 1)
        self._map = torch.linalg.lstsq(given, wanted.movedim(1, -1).flatten(0, 2)).solution

    def __call__(self, latents: Tensor) -> Image.Image:
        """The picture of latents (C, H, W), at a quarter of its size or so."""
        mapped = latents.movedim(0, -1) @ self._map[:-1] + self._map[-1]
        pixels = functional.pixel_shuffle(mapped.movedim(-1, 0)[None], self._side)[0]
        levels = ((pixels.movedim(0, -1) + 1) * 127.5).round().clamp(0, 255)
        return Image.fromarray(levels.to(torch.uint8).cpu().numpy())
