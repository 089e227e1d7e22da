"""The image engine: any checkpoint in Stable Diffusion layout, from words to pictures."""

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from PIL import Image
from torch import Tensor
from transformers import CLIPTextModel, CLIPTokenizer

from maquette.core.errors import InvalidRequest
from maquette.core.requests import GenerationRequest, SamplingParams
from maquette.diffusion import backends
from maquette.diffusion.engine import DenoisingEngine
from maquette.diffusion.guidance import guidance_scales
from maquette.diffusion.noise_schedule import NoiseSchedule
from maquette.diffusion.request import DenoisingRequest
from maquette.diffusion.runner import StepOutput
from maquette.diffusion.samplers import compile_table
from maquette.engines.catalog import ModelSpec, load_whole, reading
from maquette.engines.preview import LatentPreview

CACHED_TEXTS = 512


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a request is: steps done of all, over all its pictures, and the newest of them."""

    done: int
    total: int
    outputs: list[StepOutput]


class ImageEngine:
    """Loads a checkpoint once and samples pictures from it.

    `dtype` is what its models compute in; the sampler's own arithmetic is fp32. Raises
    WeightsDamaged if the weights are not whole.
    """

    def __init__(self, spec: ModelSpec, device: torch.device, dtype: torch.dtype) -> None:
        self.spec, self.device, self.dtype = spec, device, dtype
        folder = spec.folder.absolute()
        with reading(spec):
            self.tokenizer = CLIPTokenizer.from_pretrained(
                folder / "tokenizer", local_files_only=True
            )
            self._text = load_whole(CLIPTextModel, folder / "text_encoder", torch_dtype=dtype)
            self.unet = load_whole(
                UNet2DConditionModel, folder / "unet", torch_dtype=dtype, low_cpu_mem_usage=False
            )
            self.autoencoder = load_whole(
                AutoencoderKL, folder / "vae", torch_dtype=dtype, low_cpu_mem_usage=False
            )
            schedule = json.loads((folder / "scheduler" / "scheduler_config.json").read_text())
            self.schedule = NoiseSchedule.from_config(schedule)
        for model in (self._text, self.unet, self.autoencoder):
            model.to(device).eval().requires_grad_(False)
        self.unet.to(memory_format=torch.channels_last)
        self._passes = backends.build("eager", self.unet, folder, ())
        self.autoencoder.to(memory_format=torch.channels_last)
        self._max_tokens = min(
            self.tokenizer.model_max_length, self._text.config.max_position_embeddings
        )
        self._text_states: dict[str, Tensor] = {}
        # Jobs prepare and decode in threads of their own: a tokenizer keeps state between two
        # calls, and many decoders at once would only take memory.
        self._reading, self._painting = threading.Lock(), threading.Lock()
        self.factor_px = 2 ** (len(self.autoencoder.config.block_out_channels) - 1)

    def generate(
        self, request: GenerationRequest, on_step: Callable[[Progress], None] = lambda _: None
    ) -> list[Image.Image]:
        """The request's pictures in order of their seeds. Raises InvalidRequest where the prompt
        or the size does not fit this model.
        """
        engine = DenoisingEngine(self.device)
        requests = self.prepare(request)
        for one in requests:
            engine.add(one)
        done, total = 0, sum(len(one.table) for one in requests)
        pictures: dict[str, Image.Image] = {}
        while outputs := engine.step():
            done += len(outputs)
            on_step(Progress(done, total, outputs))
            for output in outputs:
                if output.finished:
                    pictures[output.request.request_id] = self.finish(output.latents, request)
        return [pictures[one.request_id] for one in requests]

    @torch.inference_mode()
    def prepare(
        self,
        request: GenerationRequest,
        name: str = "picture",
        account: str = "",
        interactive: bool = True,
    ) -> list[DenoisingRequest]:
        """One denoising request a picture, called `name/number`. Raises as `generate` does."""
        params = request.params
        for side in (params.width, params.height):
            if side % self.factor_px:
                raise InvalidRequest(
                    f"size {params.width}x{params.height} does not fit {self.spec.model_id}; "
                    f"use multiples of {self.factor_px}"
                )
        steps = params.num_inference_steps
        table = compile_table(params.sampler, self.schedule, steps, params.strength)
        one = DenoisingRequest(
            request_id=name,
            model_id=str(self.spec.folder),
            network=self._network,
            table=table,
            guidance=guidance_scales(
                params.guidance_scale, params.guidance_interval, steps, len(table)
            ),
            shape=(
                self.autoencoder.config.latent_channels,
                params.height // self.factor_px,
                params.width // self.factor_px,
            ),
            context=self._context(params),
            account=account,
            interactive=interactive,
            source=None if request.source is None else self.encode(request.source)[0],
            mask=None if request.mask is None else self._latent_mask(request.mask),
        )
        return [
            replace(one, request_id=f"{name}/{i}", seed=params.seed + i)
            for i in range(request.count)
        ]

    def _context(self, params: SamplingParams) -> Tensor:
        """Text states of the empty-or-negative and of the positive prompt: (2, T, D)."""
        texts = {"negative prompt": params.negative_prompt, "prompt": params.prompt}
        with self._reading:
            for name, text in texts.items():
                tokens = len(self.tokenizer(text).input_ids)
                if tokens > self._max_tokens:
                    raise InvalidRequest(
                        f"the {name} is {tokens} tokens long; {self.spec.model_id} reads "
                        f"{self._max_tokens}: shorten it"
                    )
            return torch.stack([self._read(text) for text in texts.values()])

    def _read(self, text: str) -> Tensor:
        """The text states (T, D) of a text, kept for the newest CACHED_TEXTS."""
        if text not in self._text_states:
            tokens = self.tokenizer(
                text, padding="max_length", max_length=self._max_tokens, return_tensors="pt"
            ).input_ids
            states = self._text(tokens.to(self.device)).last_hidden_state[0]
            while len(self._text_states) >= CACHED_TEXTS:
                del self._text_states[next(iter(self._text_states))]
            self._text_states[text] = states
        return self._text_states[text]

    def _network(self, latents: Tensor, timesteps: Tensor, context: Tensor) -> Tensor:
        """The U-Net, in its own precision and memory format."""
        return self._passes(latents, timesteps, context)

    def use(self, backend: str, folder: Path) -> None:
        """Computes the U-Net's passes by another backend from now on, which keeps what it makes of
        the weights in a folder. Raises UsageError where it is not to be had.
        """
        self._passes = backends.build(backend, self.unet, folder, self.example(2))

    def example(self, rows: int) -> tuple[Tensor, Tensor, Tensor]:
        """What a pass is given, at the model's usual size: latents, timesteps, text states."""
        side, width = self.unet.config.sample_size, self.unet.config.cross_attention_dim
        latents = torch.randn(rows, self.unet.config.in_channels, side, side, device=self.device)
        timesteps = torch.full((rows,), 500.0, device=self.device)
        return latents, timesteps, torch.randn(rows, self._max_tokens, width, device=self.device)

    @torch.inference_mode()
    def encode(self, picture: Image.Image) -> Tensor:
        """A picture to clean latents (1, C, H / factor, W / factor), unit variance."""
        pixels = torch.from_numpy(np.array(picture.convert("RGB"), np.float32))
        pixels = (pixels / 127.5 - 1.0).permute(2, 0, 1)[None].to(self.device, self.dtype)
        with self._painting:
            latents = self.autoencoder.encode(pixels).latent_dist.mode().float()
        return latents * self.autoencoder.config.scaling_factor

    def finish(self, latents: Tensor, request: GenerationRequest) -> Image.Image:
        """The picture of finished latents (C, H, W), with what a mask spared put back."""
        return _composite(self.decode(latents[None])[0], request)

    @cached_property
    def preview(self) -> LatentPreview:
        """A cheap look at clean latents (C, H, W) under way."""
        channels = self.autoencoder.config.latent_channels
        return LatentPreview(self._decoded, channels, self.factor_px, self.device)

    @torch.inference_mode()
    def _decoded(self, latents: Tensor) -> Tensor:
        """Clean latents (B, C, H, W) to pixels (B, 3, H factor, W factor) in [-1, 1]."""
        scaled = (latents / self.autoencoder.config.scaling_factor).to(self.dtype)
        with self._painting:
            return self.autoencoder.decode(scaled).sample.float()

    def decode(self, latents: Tensor) -> list[Image.Image]:
        """Clean latents (B, C, H, W) to pictures, one after another to spare memory."""
        pictures: list[Image.Image] = []
        for one in latents.split(1):
            pixels = self._decoded(one)[0].permute(1, 2, 0)
            levels = ((pixels + 1.0) * 127.5).round().clamp(0, 255)
            pictures.append(Image.fromarray(levels.to(torch.uint8).cpu().numpy()))
        return pictures

    def _latent_mask(self, mask: Image.Image) -> Tensor:
        """A mask of the picture to one of the latents (1, H, W): any repainted pixel counts."""
        painted = torch.from_numpy(np.array(mask.convert("L")) >= 128).float()[None]
        return torch.nn.functional.max_pool2d(painted, self.factor_px).to(self.device)


def _composite(picture: Image.Image, request: GenerationRequest) -> Image.Image:
    """Puts the untouched pixels of the source back, for the autoencoder alters them a little."""
    if request.mask is None or request.source is None:
        return picture
    painted = np.array(request.mask.convert("L")) >= 128
    binary = Image.fromarray(np.where(painted, 255, 0).astype(np.uint8))
    return Image.composite(picture, request.source.convert("RGB"), binary)
