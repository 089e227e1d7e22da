"""The image model: a U-Net that learns to undo noise on latents, led by CLIP's text tower.

Rombach et al. 2022 (latent diffusion), https://arxiv.org/abs/2112.10752, with v-prediction
(Salimans & Ho 2022) and zero terminal SNR (Lin et al. 2023), so that dark pictures can be dark.
"""

import random
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKL, DDIMScheduler, StableDiffusionPipeline, UNet2DConditionModel
from diffusers.models.resnet import ResnetBlock2D
from diffusers.models.transformers import Transformer2DModel
from PIL import Image
from torch import Tensor, nn
from transformers import CLIPTokenizer

from maquette.core.requests import GenerationRequest, SamplingParams
from maquette.diffusion.noise_schedule import NoiseSchedule
from maquette.engines.catalog import ModelSpec
from maquette.engines.image import ImageEngine
from maquette.recipes.autoencoder import load as load_autoencoder
from maquette.recipes.captioned_latents import TIMESTEPS, CaptionedLatents, CaptionReader
from maquette.recipes.clip import load_text
from maquette.recipes.labels import COLOUR_NAMES, GRID, NO_SUBJECT, parts_loss
from maquette.recipes.latents import read_latents
from maquette.recipes.pixel_metric import pixel_metric
from maquette.train.batch import Batch, Metrics
from maquette.train.loop import Compute, LoopSettings, train
from maquette.world.captions import LANGUAGES, caption
from maquette.world.compose import compose
from maquette.world.preview import sheet

PARTS_WEIGHT = 0.05
FIGURE_WEIGHT = 3.0  # figures are a third of a picture and most of what it is about
BATCH_SIZE = 32
SCHEDULE = {
    "num_train_timesteps": TIMESTEPS,
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
    """Channels at each resolution of the latent grid, finest first.

    The first `convolutional` resolutions have no attention: there a CPU gets most from its time.
    """

    channels: tuple[int, ...]
    convolutional: int = 0
    layers: int = 1
    head_channels: int = 64
    norm_groups: int = 32


SIZES = {
    "tiny": UNetSize((32, 64), head_channels=32),
    "starter": UNetSize((96, 192, 256), convolutional=1),
    "large": UNetSize((192, 256, 320), layers=2),  # for a GPU; more than ships
}


def build(size: UNetSize, latent_channels: int, latent_side: int, text_width: int):
    """The untrained UNet2DConditionModel: every residual branch and the output begin at zero, as
    in Dhariwal & Nichol 2021, https://arxiv.org/abs/2105.05233.
    """
    plain, attending = size.convolutional, len(size.channels) - size.convolutional
    unet = UNet2DConditionModel(
        sample_size=latent_side,
        in_channels=latent_channels,
        out_channels=latent_channels,
        block_out_channels=size.channels,
        layers_per_block=size.layers,
        norm_num_groups=size.norm_groups,
        down_block_types=("DownBlock2D",) * plain + ("CrossAttnDownBlock2D",) * attending,
        up_block_types=("CrossAttnUpBlock2D",) * attending + ("UpBlock2D",) * plain,
        cross_attention_dim=text_width,
        attention_head_dim=tuple(max(1, c // size.head_channels) for c in size.channels),
    )
    nn.init.zeros_(unet.conv_out.weight)
    for module in unet.modules():
        if isinstance(module, ResnetBlock2D):
            nn.init.zeros_(module.conv2.weight)
        elif isinstance(module, Transformer2DModel):
            nn.init.zeros_(module.proj_out.weight)
    return unet


class Denoiser(nn.Module):
    """The U-Net with what its training needs: the noise schedule, and a small head that tells from
    the U-Net's middle which subject and colour belong where.

    The head hastens the binding of words to places, as aligning a layer to a teacher's features
    does (Yu et al. 2024, https://arxiv.org/abs/2410.06940); here the drawings know the truth.
    """

    def __init__(self, unet: UNet2DConditionModel, latent_side: int, metric: Tensor) -> None:
        super().__init__()
        self.unet = unet
        self.schedule = NoiseSchedule.from_config(SCHEDULE)
        self._metric = metric  # (C, C), see pixel_metric; no buffer, for it stays in fp32
        level = (latent_side // GRID).bit_length() - 1  # where the U-Net works on GRID parts a side
        self.parts = nn.Conv2d(
            unet.config.block_out_channels[level], NO_SUBJECT + 1 + len(COLOUR_NAMES), 1
        )
        self._middle: list[Tensor] = []
        block = unet.up_blocks[len(unet.up_blocks) - 1 - level]
        block.attentions[0].register_forward_hook(self._keep_middle)  # type: ignore[union-attr,index]

    def _keep_middle(self, _module: nn.Module, _given: object, out: tuple[Tensor]) -> None:
        self._middle.append(out[0])

    def forward(self, batch: Batch) -> tuple[Tensor, Metrics]:
        """Mean squared error of the predicted velocity as it shows in pixels, that of the figures
        weighed up, and a little of the head's error.

        `latents`, `noise`: (B, C, H, W); `timesteps`: (B,); `context`: (B, T, D), the captions'
        states; `figures`: (B, H, W), where they are; `cells`, `cell_colours`: (B, GRID, GRID).
        """
        latents, noise, timesteps = batch["latents"].float(), batch["noise"], batch["timesteps"]
        dtype = self.unet.conv_in.weight.dtype
        noisy = self.schedule.add_noise(latents, noise, timesteps)
        noisy = noisy.to(dtype).contiguous(memory_format=torch.channels_last)
        self._middle.clear()
        predicted = self.unet(noisy, timesteps, batch["context"].to(dtype)).sample
        wanted = self.schedule.velocity(latents, noise, timesteps)
        errors = (predicted.float() - wanted).movedim(1, -1)  # (B, H, W, C)
        seen = (errors @ self._metric.to(errors.device)).square().mean(-1)
        weights = 1.0 + (FIGURE_WEIGHT - 1.0) * batch["figures"]
        value = (weights * seen).sum() / weights.sum()
        subjects, colours = self.parts(self._middle[0]).split(
            [NO_SUBJECT + 1, len(COLOUR_NAMES)], dim=1
        )
        layout, shares = parts_loss(subjects, colours, batch)
        shares |= {
            "velocity": errors.detach().square().mean(),
            "pixels": seen.detach().mean(),
        }
        return value + PARTS_WEIGHT * layout, shares


def save_pipeline(unet: UNet2DConditionModel, text: Path, vae: Path, out: Path) -> None:
    """Writes a U-Net and what belongs to it as a folder in Stable Diffusion layout, fp16."""
    pipeline = StableDiffusionPipeline(
        vae=AutoencoderKL.from_pretrained(vae),
        text_encoder=load_text(text).text_model,
        tokenizer=CLIPTokenizer.from_pretrained(text),
        unet=unet,
        scheduler=DDIMScheduler(**SCHEDULE, clip_sample=False, set_alpha_to_one=False),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    pipeline.to(torch.float16).save_pretrained(out)


def samples(folder: Path, compute: Compute, prompts: int = 6) -> Image.Image:
    """A picture for each of some full captions of held-out scenes, English above Chinese."""
    engine = ImageEngine(ModelSpec(folder.name, folder), compute.device, compute.dtype)
    pictures: list[np.ndarray] = []
    for language in LANGUAGES:
        for n in range(prompts):
            text = caption(compose(n, "held_out"), language, random.Random(n), full=True).text
            params = SamplingParams(text, seed=n, num_inference_steps=16)
            pictures += [np.asarray(p) for p in engine.generate(GenerationRequest(params))]
    return sheet(pictures, prompts)


def train_image(
    out: Path,
    settings: LoopSettings,
    text: Path,
    vae: Path,
    latents: Path,
    size: str = "starter",
    seed: int = 0,
    start: Path | None = None,
    batch_size: int = BATCH_SIZE,
    workers: int = 1,
) -> Path:
    """Trains the U-Net on encoded pictures, from `start` (a folder in Stable Diffusion layout) or
    from nothing; returns the finished folder, in that layout. Another `seed` means other captions
    and other noise. For a GPU, `workers` processes prepare all captions beforehand.
    """
    torch.manual_seed(seed)
    compute = settings.compute
    encoded = read_latents(latents, vae)
    metric = pixel_metric(load_autoencoder(vae).to(compute.device), encoded)
    reader = CaptionReader(text, compute)
    pictures = CaptionedLatents(encoded.to(compute.device), reader, seed)
    if start is None:
        unet = build(SIZES[size], encoded.shape[1], encoded.shape[2], reader.width)
    else:
        unet = UNet2DConditionModel.from_pretrained(start / "unet", torch_dtype=torch.float32)
    denoiser = Denoiser(unet, encoded.shape[2], metric)
    if compute.device.type == "cuda":  # which is to wait for nothing
        pictures.make_all(workers)
        denoiser.unet.compile()
    final = out / "starter"

    def loss(model: nn.Module, batch: Batch) -> tuple[Tensor, Metrics]:
        return model(batch)

    def save(weights: dict[str, Tensor], step: int) -> None:
        finished = UNet2DConditionModel.from_config(unet.config)
        finished.load_state_dict(
            {n.removeprefix("unet."): w for n, w in weights.items() if n.startswith("unet.")}
        )
        save_pipeline(finished, text, vae, final)
        samples(final, compute).save(out / "samples.png")

    train(
        denoiser,
        loss,
        lambda step: pictures.batches(batch_size, step),
        settings,
        out,
        save,
        divisible=True,
    )
    return final
