"""Between pictures and latents: an autoencoder, which a backend may decode by."""

import math
import threading
import time
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKL
from PIL import Image
from torch import Tensor

from maquette.diffusion import backends
from maquette.diffusion.failures import memory_for
from maquette.diffusion.step_times import StepTimes
from maquette.engines.catalog import load_whole
from maquette.engines.preview import LatentPreview


class LatentCodec:
    """The autoencoder of a checkpoint. Its latents have unit variance. For any thread; one at a
    time is let in, for many decoders at once would only take memory.
    """

    def __init__(self, folder: Path, device: torch.device, dtype: torch.dtype) -> None:
        self.device, self.dtype = device, dtype
        self.autoencoder = load_whole(
            AutoencoderKL, folder, torch_dtype=dtype, low_cpu_mem_usage=False
        )
        self.autoencoder.to(device, memory_format=torch.channels_last).eval().requires_grad_(False)
        # Most were laid out anew; by the others the whole file would stay mapped.
        for weight in self.autoencoder.parameters():
            weight.data = weight.data.clone()
        self.channels: int = self.autoencoder.config.latent_channels
        self.factor_px = 2 ** (len(self.autoencoder.config.block_out_channels) - 1)
        self._decoder = backends.build_decoder("eager", self.autoencoder, folder, ())
        self._used: object = "eager", folder, None
        self._painting = threading.Lock()
        self._times = StepTimes()

    def use(self, backend: str, folder: Path, usual: Tensor) -> None:
        """Decodes by another backend from now on, which keeps what it makes of the weights in a
        folder and is fastest for what is of the `usual` shape.
        """
        if self._used != (backend, folder, usual.shape):
            self._decoder = backends.build_decoder(backend, self.autoencoder, folder, [usual])
            self._used = backend, folder, usual.shape

    @torch.inference_mode()
    def encode(self, picture: Image.Image) -> Tensor:
        """A picture to clean latents (1, C, H / factor, W / factor)."""
        pixels = torch.from_numpy(np.array(picture.convert("RGB"), np.float32))
        pixels = (pixels / 127.5 - 1.0).permute(2, 0, 1)[None]
        sides = (side // self.factor_px for side in pixels.shape[2:])
        with self._painting, memory_for((self.channels, *sides), self.device):
            pixels = pixels.to(self.device, self.dtype)
            latents = self.autoencoder.encode(pixels).latent_dist.mode().float()
        return latents * self.autoencoder.config.scaling_factor

    def decode(self, latents: Tensor) -> list[Image.Image]:
        """Clean latents (B, C, H, W) to pictures, one after another to spare memory."""
        pictures: list[Image.Image] = []
        for one in latents.split(1):
            pixels = self._decoded(one)[0].permute(1, 2, 0)
            levels = ((pixels + 1.0) * 127.5).round().clamp(0, 255)
            pictures.append(Image.fromarray(levels.to(torch.uint8).cpu().numpy()))
        return pictures

    def decode_ms(self) -> dict[int, float]:
        """What decoding took, by a picture's pixels; on a GPU, which answers before it is done,
        nothing is known. May be asked from another thread.
        """
        known = self._times.known().items()
        return {math.prod(grid) * self.factor_px**2: ms[1] for (_, (_, *grid), _), ms in known}

    @cached_property
    def preview(self) -> LatentPreview:
        """A cheap look at clean latents (C, H, W) under way."""
        return LatentPreview(self._decoded, self.channels, self.factor_px, self.device)

    def mask(self, mask: Image.Image) -> Tensor:
        """A mask of the picture to one of the latents (1, H, W): any repainted pixel counts."""
        painted = torch.from_numpy(np.array(mask.convert("L")) >= 128).float()[None]
        return torch.nn.functional.max_pool2d(painted, self.factor_px).to(self.device)

    @torch.inference_mode()
    def _decoded(self, latents: Tensor) -> Tensor:
        """Clean latents (B, C, H, W) to pixels (B, 3, H factor, W factor) in [-1, 1]."""
        with self._painting, memory_for(latents.shape[1:], self.device):
            started = time.perf_counter()
            pixels = self._decoder(latents / self.autoencoder.config.scaling_factor)
            if self.device.type == "cpu":
                took_ms = (time.perf_counter() - started) * 1e3 / len(latents)
                self._times.record(("decode", tuple(latents.shape[1:]), ()), 1, took_ms)
            return pixels
