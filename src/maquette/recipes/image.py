"""The image model: a U-Net that learns to undo noise on latents, led by CLIP's text tower.

Rombach et al. 2022 (latent diffusion), https://arxiv.org/abs/2112.10752, with v-prediction
(Salimans & Ho 2022) and zero terminal SNR (Lin et al. 2023), so that dark pictures can be dark.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from diffusers import AutoencoderKL, DDIMScheduler, StableDiffusionPipeline, UNet2DConditionModel
from torch import Tensor, nn
from transformers import CLIPModel, CLIPTextModel, CLIPTokenizer

from maquette.diffusion.noise_schedule import NoiseSchedule
from maquette.recipes.clip import tokenize
from maquette.recipes.latents import read_latents
from maquette.recipes.pictures import captioned
from maquette.train.loop import Batch, Compute, LoopSettings, train
from maquette.world.compose import compose

CAPTION_DROP = 0.1
SCHEDULE = {
    "num_train_timesteps": 1000,
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "prediction_type": "v_prediction",
    "rescale_betas_zero_snr": True,
    "timestep_spacing": "trailing",
    "steps_offset": 1,  # unused by trailing spacing, but StableDiffusionPipeline insists on it
}


@dataclass(frozen=True, slots=True)
class UNetSize:
    """Channels at each resolution of the latent grid, finest first."""

    channels: tuple[int, ...]
    layers: int = 1
    head_channels: int = 64
    batch_size: int = 32


SIZES = {
    "tiny": UNetSize((32, 64), head_channels=32, batch_size=4),
    "small": UNetSize((96, 160, 192), head_channels=32, batch_size=24),
    "starter": UNetSize((128, 192, 256)),
}


def build(size: UNetSize, latent_channels: int, latent_side: int, text_width: int):
    """The untrained UNet2DConditionModel: cross-attention at every resolution."""
    depth = len(size.channels)
    return UNet2DConditionModel(
        sample_size=latent_side,
        in_channels=latent_channels,
        out_channels=latent_channels,
        block_out_channels=size.channels,
        layers_per_block=size.layers,
        down_block_types=("CrossAttnDownBlock2D",) * depth,
        up_block_types=("CrossAttnUpBlock2D",) * depth,
        cross_attention_dim=text_width,
        attention_head_dim=tuple(c // size.head_channels for c in size.channels),
    )


class Denoiser(nn.Module):
    """The U-Net with the frozen text tower and noise schedule that its training needs."""

    def __init__(self, unet: UNet2DConditionModel, text_encoder: CLIPTextModel) -> None:
        super().__init__()
        self.unet = unet
        self.text_encoder = text_encoder.requires_grad_(False)
        self.schedule = NoiseSchedule.from_config(SCHEDULE)

    def forward(self, latents: Tensor, tokens: Tensor) -> Tensor:
        """Mean squared error of the predicted velocity. latents: (B, C, H, W); tokens: (B, T)."""
        dtype = self.unet.conv_in.weight.dtype
        noise = torch.randn_like(latents)
        steps = self.schedule.num_train_timesteps
        timesteps = torch.randint(0, steps, (len(latents),), device=latents.device)
        noisy = self.schedule.add_noise(latents, noise, timesteps)
        with torch.no_grad():
            context = self.text_encoder(tokens).last_hidden_state.to(dtype)
        noisy = noisy.to(dtype).contiguous(memory_format=torch.channels_last)
        predicted = self.unet(noisy, timesteps, context).sample
        return F.mse_loss(predicted.float(), self.schedule.velocity(latents, noise, timesteps))


def _feed(latents: Tensor, tokenizer: CLIPTokenizer, size: int, step: int) -> Iterator[Batch]:
    """Random pictures, each with a fresh caption; one caption in ten is empty, for guidance."""
    while True:
        rng = random.Random(f"image/{step}")
        numbers = [rng.randrange(len(latents)) for _ in range(size)]
        texts = [
            "" if rng.random() < CAPTION_DROP else captioned(compose(n), rng.getrandbits(32))
            for n in numbers
        ]
        yield {"latents": latents[numbers].float(), "tokens": tokenize(tokenizer, texts)}
        step += 1


def save_pipeline(unet: UNet2DConditionModel, clip: Path, vae: Path, out: Path) -> None:
    """Writes a U-Net and what belongs to it as a folder in Stable Diffusion layout, fp16."""
    pipeline = StableDiffusionPipeline(
        vae=AutoencoderKL.from_pretrained(vae),
        text_encoder=_text_tower(clip),
        tokenizer=CLIPTokenizer.from_pretrained(clip),
        unet=unet,
        scheduler=DDIMScheduler(**SCHEDULE, clip_sample=False, set_alpha_to_one=False),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    pipeline.to(torch.float16).save_pretrained(out)


def _text_tower(clip: Path) -> CLIPTextModel:
    return CLIPModel.from_pretrained(clip, torch_dtype=torch.float32).text_model


def train_image(
    out: Path,
    settings: LoopSettings,
    clip: Path,
    vae: Path,
    latents: Path,
    size: str = "starter",
    seed: int = 0,
    start: Path | None = None,
) -> Path:
    """Trains the U-Net on encoded pictures, from `start` (a folder in Stable Diffusion layout) or
    from nothing; returns the finished folder, in that layout.
    """
    torch.manual_seed(seed)
    encoded = read_latents(latents)
    tokenizer = CLIPTokenizer.from_pretrained(clip)
    text_encoder = _text_tower(clip)
    shape = SIZES[size]
    if start is None:
        unet = build(shape, encoded.shape[1], encoded.shape[2], text_encoder.config.hidden_size)
    else:
        unet = UNet2DConditionModel.from_pretrained(start / "unet", torch_dtype=torch.float32)
    denoiser = Denoiser(unet, text_encoder)
    final = out / "starter"

    def loss(model: nn.Module, batch: Batch) -> tuple[Tensor, dict[str, float]]:
        return model(batch["latents"], batch["tokens"]), {}

    def save(weights: dict[str, Tensor], step: int) -> None:
        finished = build(shape, encoded.shape[1], encoded.shape[2], unet.config.cross_attention_dim)
        finished.load_state_dict({n.removeprefix("unet."): w for n, w in weights.items()})
        save_pipeline(finished, clip, vae, final)

    train(
        denoiser,
        loss,
        lambda step: _feed(encoded, tokenizer, shape.batch_size, step),
        settings,
        Compute.choose(),
        out,
        save,
    )
    return final
