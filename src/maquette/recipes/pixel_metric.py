"""What an error in the latents means in pixels: the metric that the image model learns by."""

import torch
from diffusers import AutoencoderKL
from torch import Tensor

_PICTURES = 6
_NUDGE = 0.02  # standard deviations of the latents


@torch.no_grad()
def pixel_metric(autoencoder: AutoencoderKL, latents: Tensor) -> Tensor:
    """The matrix W by which the squared error of a latent vector, |W e|², is that of its pixels:
    (C, C), symmetric, the mean of its square's diagonal 1.

    It holds where the decoder is as good as linear and errors of neighbours are independent.

    Directions differ twentyfold in what they do to a picture. Measured in the latents alone, an
    error counts as much in the fine ones, which nobody could predict from much noise.

    `latents`: scaled ones of drawn pictures, (N, C, H, W), of which the first few are nudged.
    """
    some = latents[:_PICTURES].to(autoencoder.device, autoencoder.dtype)
    channels, scale = some.shape[1], autoencoder.config.scaling_factor
    generator = torch.Generator().manual_seed(0)
    nudge = _NUDGE * torch.randn(some[:, 0].shape, generator=generator).to(some)
    squares = torch.zeros(channels, channels)
    for one, field in zip(some.split(1), nudge.split(1), strict=True):
        nudged = one.repeat(channels + 1, 1, 1, 1)
        nudged[torch.arange(channels), torch.arange(channels)] += field
        pixels = [autoencoder.decode(z / scale).sample.float() for z in nudged.split(1)]
        moved = (torch.cat(pixels[:-1]) - pixels[-1]).flatten(1).cpu()
        squares += moved @ moved.T
    values, vectors = torch.linalg.eigh(squares / squares.diagonal().mean())
    return vectors @ torch.diag(values.clamp(min=0.0).sqrt()) @ vectors.T
