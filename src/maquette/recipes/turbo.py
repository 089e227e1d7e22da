"""The few-step starter: a LoRA by which the image model draws in one to four steps, unguided.

It learns the consistency function (Song et al. 2023, https://arxiv.org/abs/2303.01469): from any
point of the guided teacher's way out of the noise straight to that way's end, as a LoRA (Luo et al.
2023, https://arxiv.org/abs/2311.05556). The ends are the teacher's own, walked to step by step
(Luhman & Luhman 2021, https://arxiv.org/abs/2101.02388, of every point of the way); learned from
its own word a step further on, as latent consistency models do, it drifted (docs/log.md).
"""

import random
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from diffusers import UNet2DConditionModel
from peft import LoraConfig, get_peft_model_state_dict
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from maquette.core.errors import InvalidRequest
from maquette.diffusion.noise_schedule import NoiseSchedule
from maquette.diffusion.samplers import LCM_TIMESTEPS, dpmpp_2m_at, stack_rows, update
from maquette.engines.catalog import ADAPTER_FILE, UNET_FILE, sha256
from maquette.recipes.autoencoder import load as load_autoencoder
from maquette.recipes.captioned_latents import TIMESTEPS, CaptionReader, learned_caption
from maquette.recipes.image import SCHEDULE
from maquette.recipes.latents import read_latents
from maquette.recipes.pixel_metric import pixel_metric
from maquette.train.batch import Batch, Metrics
from maquette.train.loop import LoopSettings, train
from maquette.world.compose import compose

GUIDANCE = 4.0  # of the teacher; the student has it built in
STEPS = 16  # of the teacher
WAYS = 128  # that the teacher goes at once, and a student sees the points of, mixed
RANK = 32
HUBER = 0.1  # where squared errors become plain ones, in standard deviations of the latents
ADAPTER, TEACHER = "turbo", "teacher"
BATCH_SIZE = 32


def with_adapter(unet: UNet2DConditionModel, rank: int = RANK) -> UNet2DConditionModel:
    """The U-Net, frozen, with an untrained LoRA on every linear layer and convolution."""
    unet.requires_grad_(False)
    layers = [n for n, m in unet.named_modules() if isinstance(m, nn.Linear | nn.Conv2d)]
    config = LoraConfig(r=rank, lora_alpha=rank, target_modules=layers)
    unet.add_adapter(config, ADAPTER)
    return unet


class Student(nn.Module):
    """The U-Net with its LoRA, and how far it is from the ends of the teacher's ways."""

    def __init__(self, unet: UNet2DConditionModel, metric: Tensor) -> None:
        super().__init__()
        self.unet = unet
        self.schedule = NoiseSchedule.from_config(SCHEDULE)
        self._metric = metric  # (C, C), see pixel_metric; no buffer, for it stays in fp32

    def forward(self, batch: Batch) -> tuple[Tensor, Metrics]:
        """The error of its clean latents as it shows in pixels, plain where it is large.

        `noisy`, `clean`: (B, C, H, W); `timesteps`: (B,); `context`: (B, T, D).
        """
        noisy, dtype = batch["noisy"].float(), self.unet.conv_in.weight.dtype
        given = noisy.to(dtype, memory_format=torch.channels_last)
        velocity = self.unet(given, batch["timesteps"], batch["context"].to(dtype)).sample
        clean = self.schedule.velocity(velocity.float(), noisy, batch["timesteps"])  # alpha x - s v
        errors = (clean - batch["clean"].float()).movedim(1, -1)
        seen = (errors @ self._metric.to(errors.device)).square().mean(-1)
        value = (seen + HUBER**2).sqrt() - HUBER
        return value.mean(), {"pixels": seen.detach().mean()}


class Ways:
    """The guided teacher's ways from noise to pictures of captions without end.

    The timesteps of each are of those that the student will be asked at.
    """

    def __init__(self, teacher: UNet2DConditionModel, reader: CaptionReader, seed: int) -> None:
        self._teacher, self._reader, self._seed = teacher.eval(), reader, seed
        self._schedule = NoiseSchedule.from_config(SCHEDULE)
        self._empty = reader.read([""])[0]
        config = teacher.config
        self._shape = (config.in_channels, config.sample_size, config.sample_size)

    def batches(self, size: int, step: int) -> Iterator[Batch]:
        """Batches of points of ways, as the run has them from step `step` on."""
        a_block = WAYS * STEPS // size
        while True:
            block, first = divmod(step, a_block)
            points = self.block(block)
            generator = torch.Generator().manual_seed(block)
            order = torch.randperm(WAYS * STEPS, generator=generator).split(size)
            for places in order[first:a_block]:
                yield {name: tensor[places] for name, tensor in points.items()}
            step += a_block - first

    @torch.no_grad()
    def block(self, number: int) -> Batch:
        """All points of WAYS ways, STEPS a way, each with its way's end."""
        rng = random.Random(f"turbo/{self._seed}/{number}")
        numbers = [rng.getrandbits(40) for _ in range(WAYS)]
        texts = [learned_caption(compose(n), f"{self._seed}/{n}") for n in numbers]
        context = self._reader.read(texts)
        generator = torch.Generator().manual_seed(rng.getrandbits(63))
        device, dtype = self._teacher.device, self._teacher.dtype
        asked = torch.cat([context, self._empty.expand_as(context)]).to(device, dtype)
        x = torch.randn(WAYS, *self._shape, generator=generator).to(device)
        previous, nothing = torch.zeros_like(x), torch.zeros((), device=device)
        points: list[Tensor] = []
        timesteps = [self._timesteps(rng) for _ in range(WAYS)]
        tables = [dpmpp_2m_at(self._schedule, own).rows for own in timesteps]
        for step in zip(*tables, strict=True):
            points.append(x.half())
            rows, given = stack_rows(step, x), x.to(dtype).repeat(2, 1, 1, 1)
            given = given.contiguous(memory_format=torch.channels_last)
            out = self._teacher(given, rows.timestep.flatten().repeat(2), asked).sample.float()
            conditional, unconditional = out.chunk(2)
            guided = unconditional + GUIDANCE * (conditional - unconditional)
            x, previous = update(rows, x, guided, previous, nothing)
        return {
            "noisy": torch.cat(points),
            "clean": x.half().repeat(STEPS, 1, 1, 1),
            "timesteps": torch.from_numpy(np.stack(timesteps, 1).reshape(-1)).to(device),
            "context": context.repeat(STEPS, 1, 1),
        }

    def _timesteps(self, rng: random.Random) -> np.ndarray:
        """STEPS of LCM_TIMESTEPS, falling, the first of pure noise and one of each stretch."""
        edges = np.linspace(0, LCM_TIMESTEPS - 1, STEPS).round().astype(int)
        chosen = [rng.randint(low + 1, high) for low, high in pairwise(edges)]
        spacing = TIMESTEPS // LCM_TIMESTEPS
        return TIMESTEPS - 1 - spacing * np.array([0, *chosen])


def save_adapter(unet: UNet2DConditionModel, out: Path, teacher: str) -> Path:
    """Writes the LoRA as diffusers and others load it, fp16, with the hash of the weights that it
    belongs to. Returns the file.
    """
    layers = get_peft_model_state_dict(unet, None, ADAPTER)
    path = out / ADAPTER_FILE
    weights = {f"unet.{name}": weight.half().contiguous() for name, weight in layers.items()}
    save_file(weights, path, {"format": "pt", TEACHER: teacher})
    return path


def teacher_of(path: Path) -> str | None:
    """The hash of the weights that a LoRA belongs to; None where it does not say."""
    with safe_open(path, "pt") as file:
        return (file.metadata() or {}).get(TEACHER)


def train_turbo(
    out: Path,
    settings: LoopSettings,
    model: Path,
    text: Path,
    latents: Path,
    seed: int = 0,
    batch_size: int = BATCH_SIZE,
) -> Path:
    """Distils a folder in Stable Diffusion layout; returns the LoRA's file. The encoded pictures
    only tell how errors show. Raises InvalidRequest for a batch that leaves some points over.
    """
    if WAYS * STEPS % batch_size:
        raise InvalidRequest(
            f"batch {batch_size} does not divide {WAYS * STEPS}, the points that are mixed; "
            "give a power of two up to that"
        )
    torch.manual_seed(seed)
    compute = settings.compute
    teacher = UNet2DConditionModel.from_pretrained(model / "unet", torch_dtype=compute.dtype)
    teacher.to(compute.device, memory_format=torch.channels_last)
    ways = Ways(teacher, CaptionReader(text, compute), seed)
    unet = UNet2DConditionModel.from_pretrained(model / "unet", torch_dtype=torch.float32)
    vae = model / "vae"
    metric = pixel_metric(load_autoencoder(vae).to(compute.device), read_latents(latents, vae))
    student = Student(with_adapter(unet), metric)

    def loss(model: nn.Module, batch: Batch) -> tuple[Tensor, Metrics]:
        return model(batch)

    def save(weights: dict[str, Tensor], step: int) -> None:
        finished = with_adapter(UNet2DConditionModel.from_config(unet.config))
        taught = {n.removeprefix("unet."): w for n, w in weights.items()}
        assert not finished.load_state_dict(taught, strict=False).unexpected_keys
        save_adapter(finished, out, sha256(model / UNET_FILE))

    train(
        student,
        loss,
        lambda step: ways.batches(batch_size, step),
        settings,
        out,
        save,
        divisible=True,
    )
    return out / ADAPTER_FILE
