"""Diffusers' pipeline as people run it: as it comes, in bf16, compiled, and by OpenVINO."""

from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import torch
from diffusers import AutoencoderKL, StableDiffusionPipeline, UNet2DConditionModel
from diffusers.schedulers.scheduling_dpmsolver_multistep import DPMSolverMultistepScheduler
from torch import Tensor, nn
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

from maquette.core.settings import Settings
from maquette.diffusion.backends import Positional, import_openvino
from maquette.engines.catalog import STARTERS
from maquette.engines.image import ImageEngine
from maquette.service.wiring import image_engine

DATA = Path("runs/benchmarks")  # what was measured and converted stays for the next benchmark


def fastest_engine(model: str = "starter") -> ImageEngine:
    """Ours as a studio runs it, by the backend that is the fastest here."""
    return image_engine(Settings(data=DATA), model, measure=True)


def pipeline(folder: Path, dtype: torch.dtype) -> Any:
    """Diffusers' pipeline of a folder, with the sampler that ours uses."""
    loaded = StableDiffusionPipeline.from_pretrained(folder, dtype=dtype)
    loaded.scheduler = DPMSolverMultistepScheduler.from_config(loaded.scheduler.config)
    loaded.set_progress_bar_config(disable=True)
    if dtype == torch.bfloat16:
        loaded.unet.to(memory_format=torch.channels_last)
        loaded.vae.to(memory_format=torch.channels_last)
    return loaded


def compiled(folder: Path) -> Any:
    """In bf16, U-Net and decoder through TorchInductor."""
    loaded = pipeline(folder, torch.bfloat16)
    loaded.unet = torch.compile(loaded.unet)
    loaded.vae.decode = torch.compile(loaded.vae.decode)
    return loaded


def by_openvino(folder: Path, side: int | None = None) -> Any:
    """In bf16, the U-Net through OpenVINO, as Optimum Intel exports it: at one fixed size of the
    latents, two rows, or at any.
    """
    loaded = pipeline(folder, torch.bfloat16)
    loaded.unet = _OpenVINOUNet(loaded.unet, side, loaded.tokenizer.model_max_length)
    return loaded


class _OpenVINOUNet(nn.Module):
    """A U-Net as diffusers calls it."""

    def __init__(self, unet: Any, side: int | None, tokens: int) -> None:
        super().__init__()
        ov = import_openvino()
        self.config, self.dtype, self.device = unet.config, torch.bfloat16, torch.device("cpu")
        channels = unet.config.in_channels
        example = (
            torch.zeros(2, channels, side or 16, side or 16),
            torch.zeros(2),
            torch.zeros(2, tokens, unet.config.cross_attention_dim),
        )
        whole: Any = UNet2DConditionModel.from_config(unet.config)
        whole.load_state_dict(unet.state_dict())
        with torch.no_grad():
            model = ov.convert_model(Positional(whole.eval()), example_input=example)
        path = Path(mkdtemp()) / "unet.xml"  # a file, so that the fp32 copy can go
        ov.save_model(model, path, compress_to_fp16=True)
        del model, whole
        model = ov.Core().read_model(path)
        shapes = {place: list(one.shape) for place, one in enumerate(example)}
        if side is None:
            shapes = {0: [-1, channels, -1, -1], 1: [-1], 2: [-1, *shapes[2][1:]]}
        model.reshape(shapes)
        hints = {
            "INFERENCE_PRECISION_HINT": "bf16",
            "INFERENCE_NUM_THREADS": torch.get_num_threads(),
            "PERFORMANCE_HINT": "LATENCY",
        }
        self._passes = ov.Core().compile_model(model, "CPU", hints).create_infer_request()

    def forward(
        self, sample: Tensor, timestep: Tensor, encoder_hidden_states: Tensor, **_: Any
    ) -> tuple[Tensor]:
        given = (sample, timestep.expand(len(sample)), encoder_hidden_states)
        arrays = [one.float().contiguous().numpy() for one in given]
        out = self._passes.infer(arrays, share_inputs=True, share_outputs=True)
        return (torch.from_numpy(out[0].copy()).to(torch.bfloat16),)


def sd15_folder() -> Path:
    """A model of Stable Diffusion 1.5's size and shape with random weights, made once."""
    folder = DATA / "sd15"
    if (folder / "model_index.json").exists():
        return folder.resolve()
    torch.manual_seed(0)
    tokenizer = CLIPTokenizer.from_pretrained(STARTERS["image"].folder / "tokenizer")
    tokenizer.model_max_length = 77
    text = CLIPTextConfig(
        vocab_size=len(tokenizer),
        hidden_size=768,
        intermediate_size=3072,
        num_hidden_layers=12,
        num_attention_heads=12,
        eos_token_id=tokenizer.eos_token_id,
    )
    build_autoencoder: Any = AutoencoderKL  # which declares tuples of one
    autoencoder = build_autoencoder(
        block_out_channels=(128, 256, 512, 512),
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        layers_per_block=2,
        latent_channels=4,
    )
    scheduler = DPMSolverMultistepScheduler(
        beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear"
    )
    assemble: Any = StableDiffusionPipeline  # which declares less than it takes
    assemble(
        vae=autoencoder.bfloat16(),
        text_encoder=CLIPTextModel(text).bfloat16(),
        tokenizer=tokenizer,
        unet=UNet2DConditionModel(sample_size=64, cross_attention_dim=768).bfloat16(),
        scheduler=scheduler,
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    ).save_pretrained(folder)
    return folder.resolve()
