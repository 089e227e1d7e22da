"""The image engine: any checkpoint in Stable Diffusion layout, from words to pictures."""

import json
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from PIL import Image
from torch import Tensor
from transformers import CLIPTextModel, CLIPTokenizer

from maquette.core.errors import InvalidRequest
from maquette.core.requests import GenerationRequest, SamplingParams
from maquette.diffusion.denoise import DenoisedStep, Kept, Noise, denoise
from maquette.diffusion.noise_schedule import NoiseSchedule
from maquette.diffusion.samplers import compile_table
from maquette.engines.catalog import ModelSpec, load_whole, reading

ROWS_PER_PASS = 8  # pictures denoised together; more would only cost memory on a CPU


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a request is: steps done of all, over all its pictures."""

    done: int
    total: int
    step: DenoisedStep


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
            self._unet = load_whole(
                UNet2DConditionModel, folder / "unet", torch_dtype=dtype, low_cpu_mem_usage=False
            )
            self.autoencoder = load_whole(
                AutoencoderKL, folder / "vae", torch_dtype=dtype, low_cpu_mem_usage=False
            )
            schedule = json.loads((folder / "scheduler" / "scheduler_config.json").read_text())
            self.schedule = NoiseSchedule.from_config(schedule)
        for model in (self._text, self._unet, self.autoencoder):
            model.to(device).eval().requires_grad_(False)
        self._unet.to(memory_format=torch.channels_last)
        self.autoencoder.to(memory_format=torch.channels_last)
        self._max_tokens = min(
            self.tokenizer.model_max_length, self._text.config.max_position_embeddings
        )
        self.factor_px = 2 ** (len(self.autoencoder.config.block_out_channels) - 1)

    @torch.inference_mode()
    def generate(
        self, request: GenerationRequest, on_step: Callable[[Progress], None] = lambda _: None
    ) -> list[Image.Image]:
        """The request's pictures in order of their seeds. Raises InvalidRequest where the prompt
        or the size does not fit this model.
        """
        params = request.params
        for side in (params.width, params.height):
            if side % self.factor_px:
                raise InvalidRequest(
                    f"size {params.width}x{params.height} does not fit {self.spec.model_id}; "
                    f"use multiples of {self.factor_px}"
                )
        table = compile_table(
            params.sampler, self.schedule, params.num_inference_steps, params.strength
        )
        context = self._context(params)
        source = None if request.source is None else self.encode(request.source)
        mask = None if request.mask is None else self._latent_mask(request.mask)
        shape = (
            self.autoencoder.config.latent_channels,
            params.height // self.factor_px,
            params.width // self.factor_px,
        )
        pictures: list[Image.Image] = []
        for start in range(0, request.count, ROWS_PER_PASS):
            seeds = range(
                params.seed + start, params.seed + min(start + ROWS_PER_PASS, request.count)
            )
            rows = len(seeds)
            begin = None if source is None else source.expand(rows, -1, -1, -1)
            kept = None if mask is None or begin is None else Kept(begin, mask)
            predict = self._predict(context, params.guidance_scale, rows)
            step = None
            for step in denoise(predict, table, Noise(seeds, shape, self.device), begin, kept):
                done = start * len(table) + (step.step_index + 1) * rows
                on_step(Progress(done, request.count * len(table), step))
            assert step is not None
            pictures += self.decode(step.latents)
        if request.mask is not None and request.source is not None:
            pictures = [_composite(p, request.source, request.mask) for p in pictures]
        return pictures

    def _context(self, params: SamplingParams) -> Tensor:
        """Text states of the empty-or-negative and of the positive prompt: (2, T, D)."""
        for name, text in (("prompt", params.prompt), ("negative prompt", params.negative_prompt)):
            tokens = len(self.tokenizer(text).input_ids)
            if tokens > self._max_tokens:
                raise InvalidRequest(
                    f"the {name} is {tokens} tokens long; {self.spec.model_id} reads "
                    f"{self._max_tokens}: shorten it"
                )
        tokens = self.tokenizer(
            [params.negative_prompt, params.prompt],
            padding="max_length",
            max_length=self._max_tokens,
            return_tensors="pt",
        ).input_ids
        return self._text(tokens.to(self.device)).last_hidden_state

    def _predict(self, context: Tensor, guidance_scale: float, rows: int):
        """The guided model: out = uncond + scale * (cond - uncond) (Ho & Salimans 2022)."""
        guided = guidance_scale != 1.0
        pair = context.repeat_interleave(rows, 0) if guided else context[1:].expand(rows, -1, -1)

        def predict(latents: Tensor, timestep: float) -> Tensor:
            x = latents.to(self.dtype)
            x = torch.cat([x, x]) if guided else x
            x = x.contiguous(memory_format=torch.channels_last)
            out = self._unet(x, timestep, pair).sample.float()
            if not guided:
                return out
            unconditional, conditional = out.chunk(2)
            return unconditional + guidance_scale * (conditional - unconditional)

        return predict

    @torch.inference_mode()
    def encode(self, picture: Image.Image) -> Tensor:
        """A picture to clean latents (1, C, H / factor, W / factor), unit variance."""
        pixels = torch.from_numpy(np.array(picture.convert("RGB"), np.float32))
        pixels = (pixels / 127.5 - 1.0).permute(2, 0, 1)[None].to(self.device, self.dtype)
        latents = self.autoencoder.encode(pixels).latent_dist.mode().float()
        return latents * self.autoencoder.config.scaling_factor

    @torch.inference_mode()
    def decode(self, latents: Tensor) -> list[Image.Image]:
        """Clean latents (B, C, H, W) to pictures, one after another to spare memory."""
        scaled = (latents / self.autoencoder.config.scaling_factor).to(self.dtype)
        pictures: list[Image.Image] = []
        for one in scaled.split(1):
            pixels = self.autoencoder.decode(one).sample[0].float().permute(1, 2, 0)
            levels = ((pixels + 1.0) * 127.5).round().clamp(0, 255)
            pictures.append(Image.fromarray(levels.to(torch.uint8).cpu().numpy()))
        return pictures

    def _latent_mask(self, mask: Image.Image) -> Tensor:
        """A mask of the picture to one of the latents (1, 1, H, W): any repainted pixel counts."""
        painted = torch.from_numpy(np.array(mask.convert("L")) >= 128).float()[None, None]
        return torch.nn.functional.max_pool2d(painted, self.factor_px).to(self.device)


def _composite(picture: Image.Image, source: Image.Image, mask: Image.Image) -> Image.Image:
    """Puts the untouched pixels of the source back, for the autoencoder alters them a little."""
    binary = Image.fromarray(np.where(np.array(mask.convert("L")) >= 128, 255, 0).astype(np.uint8))
    return Image.composite(picture, source.convert("RGB"), binary)
