"""The image engine: any checkpoint in Stable Diffusion layout, from words to pictures."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from maquette.core.errors import InvalidRequest
from maquette.core.requests import GenerationRequest
from maquette.diffusion import backends
from maquette.diffusion.adapters import RowAdapters, by_rows
from maquette.diffusion.engine import DenoisingEngine
from maquette.diffusion.guidance import guidance_scales
from maquette.diffusion.noise_schedule import NoiseSchedule
from maquette.diffusion.request import DenoisingRequest
from maquette.diffusion.runner import StepOutput
from maquette.diffusion.samplers import compile_table
from maquette.engines.catalog import ModelSpec, reading
from maquette.engines.codec import LatentCodec
from maquette.engines.lora import AdapterFiles
from maquette.engines.texts import TextReader
from maquette.engines.unet import HeldUNet


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a request is: steps done of all, over all its pictures, and the newest of them."""

    done: int
    total: int
    outputs: list[StepOutput]


class ImageEngine:
    """Loads a checkpoint once and samples pictures from it.

    `dtype` is what its models compute in; the sampler's own arithmetic is fp32. `adapters` is the
    folder of the LoRA files that go by name. With an engine `like` it, of the same folder, all but
    the U-Net is shared. Raises WeightsDamaged if the weights are not whole.
    """

    def __init__(
        self,
        spec: ModelSpec,
        device: torch.device,
        dtype: torch.dtype,
        adapters: Path | None = None,
        like: "ImageEngine | None" = None,
    ) -> None:
        self.spec, self.device, self.dtype = spec, device, dtype
        self.network_id = f"{spec.model_id} {spec.folder}"
        folder = spec.folder.absolute()
        shared = like if like and like.origin == (spec.folder, device, dtype) else None
        with reading(spec):
            self.texts = shared.texts if shared else TextReader(folder, device, dtype)
            self.codec = shared.codec if shared else LatentCodec(folder / "vae", device, dtype)
            self._held = HeldUNet(spec, device, dtype)
            schedule = json.loads((folder / "scheduler" / "scheduler_config.json").read_text())
            self.schedule = NoiseSchedule.from_config(schedule)
        self.unet = self._held.network
        self._packed = False  # whether the backend has the weights in a form of its own
        self._eager = backends.build("eager", self.unet, folder, ())
        self._passes = by_rows(self.unet, self._eager, self._eager)
        self._adapters = AdapterFiles(self.unet, self.texts.encoder, adapters)

    @property
    def origin(self) -> tuple[Path, torch.device, torch.dtype]:
        """What engines must agree in to share all but the U-Net."""
        return self.spec.folder, self.device, self.dtype

    def generate(
        self,
        request: GenerationRequest,
        on_step: Callable[[Progress], None] = lambda _: None,
        engine: DenoisingEngine | None = None,
    ) -> list[Image.Image]:
        """The request's pictures in order of their seeds, by an engine of its own or one that is
        idle. Raises InvalidRequest where the prompt or the size does not fit this model.
        """
        engine = DenoisingEngine(self.device) if engine is None else engine
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
            if side % self.codec.factor_px:
                raise InvalidRequest(
                    f"size {params.width}x{params.height} does not fit {self.spec.model_id}; "
                    f"use multiples of {self.codec.factor_px}"
                )
        steps = params.num_inference_steps
        table = compile_table(params.sampler, self.schedule, steps, params.strength)
        if params.adapters:
            self.hold()  # here rather than in a pass that others wait for
        adapters = [(self._adapters.load(use.adapter), use.scale) for use in params.adapters]
        one = DenoisingRequest(
            request_id=name,
            model_id=self.network_id,
            network=self._network,
            table=table,
            guidance=guidance_scales(
                params.guidance_scale, params.guidance_interval, steps, len(table)
            ),
            shape=(
                self.codec.channels,
                params.height // self.codec.factor_px,
                params.width // self.codec.factor_px,
            ),
            context=self.texts.read(
                self.spec.model_id,
                {"negative prompt": params.negative_prompt, "prompt": params.prompt},
                adapters,
            ),
            account=account,
            interactive=interactive,
            source=None if request.source is None else self.codec.encode(request.source)[0],
            mask=None if request.mask is None else self.codec.mask(request.mask),
            adapters=tuple((one.unet, scale) for one, scale in adapters),
        )
        return [
            replace(one, request_id=f"{name}/{i}", seed=params.seed + i)
            for i in range(request.count)
        ]

    def _network(
        self,
        latents: Tensor,
        timesteps: Tensor,
        context: Tensor,
        adapters: Sequence[RowAdapters],
    ) -> Tensor:
        """The U-Net, in its own precision and memory format."""
        if any(adapters) or not self._packed:
            self.hold()
        return self._passes(latents, timesteps, context, adapters)

    def use(self, backend: str, folder: Path) -> None:
        """Computes the U-Net's passes by another backend from now on, and decodes by it, which
        keeps what it makes of the weights in a folder. OpenVINO packs them for itself, so PyTorch
        lets go of them until a request first has adapters. For when no pass is under way. Raises
        UsageError where it is not to be had.
        """
        packed = backend == "openvino"
        self._held.read() if packed else self.hold()
        usual = self.example(1 if self.spec.usual.guidance_scale == 1.0 else 2)
        passes = (
            self._eager
            if backend == "eager"
            else backends.build(backend, self.unet, folder, usual, self._held.let_go)
        )
        self._passes, self._packed = by_rows(self.unet, self._eager, passes), packed
        self.codec.use(backend, folder, usual[0][:1])

    def hold(self) -> None:
        """Has the weights in memory as PyTorch computes by them. Raises WeightsDamaged."""
        self._held.hold()

    def example(self, rows: int) -> tuple[Tensor, Tensor, Tensor]:
        """What a pass is given, at the model's usual size: latents, timesteps, text states."""
        side, width = self.unet.config.sample_size, self.unet.config.cross_attention_dim
        latents = torch.randn(rows, self.unet.config.in_channels, side, side, device=self.device)
        timesteps = torch.full((rows,), 500.0, device=self.device)
        return (
            latents,
            timesteps,
            torch.randn(rows, self.texts.max_tokens, width, device=self.device),
        )

    def finish(self, latents: Tensor, request: GenerationRequest) -> Image.Image:
        """The picture of finished latents (C, H, W), with what a mask spared put back."""
        return _composite(self.codec.decode(latents[None])[0], request)


def _composite(picture: Image.Image, request: GenerationRequest) -> Image.Image:
    """Puts the untouched pixels of the source back, for the autoencoder alters them a little."""
    if request.mask is None or request.source is None:
        return picture
    painted = np.array(request.mask.convert("L")) >= 128
    binary = Image.fromarray(np.where(painted, 255, 0).astype(np.uint8))
    return Image.composite(picture, request.source.convert("RGB"), binary)
