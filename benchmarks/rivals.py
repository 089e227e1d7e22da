"""Ours and diffusers' pipeline as people run them: as it comes, in bf16, compiled, by OpenVINO.

All compute on a GPU where there is one, but for OpenVINO, which is no rival there.

As a program it is one of these sides, for `processes.py`.
"""

import json
import os
import resource
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import partial
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import torch
from diffusers import AutoencoderKL, StableDiffusionPipeline, UNet2DConditionModel
from diffusers.schedulers.scheduling_dpmsolver_multistep import DPMSolverMultistepScheduler
from torch import Tensor, nn
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

from benchmarks.processes import Drawn, Task
from maquette.core.requests import GenerationRequest, SamplingParams
from maquette.core.settings import Settings
from maquette.diffusion.backends import Positional, build_decoder, import_openvino
from maquette.diffusion.device import choose_device, choose_dtype
from maquette.diffusion.engine import DenoisingEngine
from maquette.engines.catalog import STARTERS, find_model
from maquette.engines.image import ImageEngine
from maquette.service.wiring import image_engine, quiet_libraries

DATA = Path("runs/benchmarks")  # what was measured and converted stays for the next benchmark
PROMPT = "a red boat on a calm sea at night"
RSS_UNIT = 1 if sys.platform == "darwin" else 1024  # what ru_maxrss counts in, in bytes


def fastest_engine(model: str = "starter") -> ImageEngine:
    """Ours as a studio runs it, by the backend that is the fastest here."""
    return image_engine(Settings(data=DATA), model, measure=True)


def as_pytorch_stands(model: str = "starter") -> ImageEngine:
    """Ours without any other backend."""
    return image_engine(Settings(data=DATA, backend="eager"), model)


def as_it_comes(folder: Path) -> Any:
    """Diffusers' pipeline on the device and in the precision that ours chooses."""
    device = choose_device(Settings())
    loaded = StableDiffusionPipeline.from_pretrained(folder, dtype=choose_dtype(Settings(), device))
    loaded.scheduler = DPMSolverMultistepScheduler.from_config(loaded.scheduler.config)
    loaded.set_progress_bar_config(disable=True)
    return loaded.to(device)


def rivals_here(goals: Mapping[str, float]) -> dict[str, float]:
    """Of rivals and their goals, those that compute on the device that ours chooses."""
    on_gpu = choose_device(Settings()).type == "cuda"
    return {n: goal for n, goal in goals.items() if not (on_gpu and n.endswith("by OpenVINO"))}


def pipeline(folder: Path, dtype: torch.dtype, device: torch.device | None = None) -> Any:
    """Diffusers' pipeline of a folder, with the sampler that ours uses, on a device or on the one
    that ours chooses.
    """
    loaded = StableDiffusionPipeline.from_pretrained(folder, dtype=dtype)
    loaded.scheduler = DPMSolverMultistepScheduler.from_config(loaded.scheduler.config)
    loaded.set_progress_bar_config(disable=True)
    if dtype == torch.bfloat16:
        loaded.unet.to(memory_format=torch.channels_last)
        loaded.vae.to(memory_format=torch.channels_last)
    return loaded.to(device or choose_device(Settings()))


def compiled(folder: Path) -> Any:
    """In bf16, U-Net and decoder through TorchInductor; on a GPU in CUDA graphs."""
    loaded = pipeline(folder, torch.bfloat16)
    mode = "reduce-overhead" if loaded.device.type == "cuda" else None
    loaded.unet = torch.compile(loaded.unet, mode=mode)
    loaded.vae.decode = torch.compile(loaded.vae.decode, mode=mode)
    return loaded


def by_openvino(folder: Path, side_px: int | None = None) -> Any:
    """In bf16, the U-Net through OpenVINO at one fixed size, two rows, or at any; at a fixed size
    the decoder, too, where ours has it so. The text encoder stays with PyTorch, as ours does.
    """
    loaded = pipeline(folder, torch.bfloat16, torch.device("cpu"))
    side = side_px // loaded.vae_scale_factor if side_px else None
    loaded.unet = _OpenVINOUNet(loaded.unet, side, loaded.tokenizer.model_max_length)
    if side and Positional(loaded.vae, "decode").small:
        usual = torch.zeros(1, loaded.vae.config.latent_channels, side, side)
        decoder = build_decoder("openvino", loaded.vae, Path(mkdtemp()), [usual])
        loaded.vae.decode = lambda latents, **_: (decoder(latents).bfloat16(),)
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
            model = ov.convert_model(Positional(whole.eval(), "forward"), example_input=example)
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


def _draw_ours(engine: ImageEngine, task: Task, turn: int) -> None:
    """All requests in the engine together, each with words that it has not read before."""
    denoising = DenoisingEngine(engine.device)
    for number in range(task.count):
        params = SamplingParams(
            f"{PROMPT}, {turn} {number}",
            num_inference_steps=task.steps,
            guidance_scale=task.guidance,
            width=task.side_px,
            height=task.side_px,
        )
        for request in engine.prepare(GenerationRequest(params), str(number)):
            denoising.add(request)
    while outputs := denoising.step():
        for output in outputs:
            if output.finished:
                engine.codec.decode(output.latents[None])


def _draw_theirs(loaded: Any, task: Task, turn: int) -> None:
    """One after another."""
    for number in range(task.count):
        loaded(
            f"{PROMPT}, {turn} {number}",
            num_inference_steps=task.steps,
            guidance_scale=task.guidance,
            width=task.side_px,
            height=task.side_px,
        )


# What each side loads for a task.
OURS: dict[str, Callable[[str], ImageEngine]] = {
    "ours": fastest_engine,
    "ours, eager": as_pytorch_stands,
}
THEIRS: dict[str, Callable[[Path, int], Any]] = {
    "diffusers": lambda folder, _: as_it_comes(folder),
    "in fp32": lambda folder, _: pipeline(folder, torch.float32),
    "in bf16, compiled": lambda folder, _: compiled(folder),
    "in bf16 by OpenVINO": by_openvino,
}


def _load(side: str, task: Task) -> Callable[[int], None]:
    """What draws the task in each of its turns."""
    folder = sd15_folder() if task.model == "sd15" else find_model(task.model, "image").folder
    if side in OURS:
        return partial(_draw_ours, OURS[side](str(folder)), task)
    return partial(_draw_theirs, THEIRS[side](folder, task.side_px), task)


def main(side: str, task: Task) -> None:
    """Draws for each line that comes, and answers with what it took."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what libraries print is no answer
    quiet_libraries()
    draw = _load(side, task)
    for turn, _ in enumerate(sys.stdin):
        started = time.perf_counter()
        draw(turn)
        seconds = time.perf_counter() - started  # a picture is on the host: nothing is under way
        print(json.dumps(asdict(Drawn(seconds, _peak_mib()))), file=answers, flush=True)


def _peak_mib() -> float:
    """The most that the process has held: on a GPU of its memory, else of the machine's."""
    if choose_device(Settings()).type == "cuda":
        return torch.cuda.max_memory_reserved() / 2**20  # what graphs keep for themselves, too
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * RSS_UNIT / 2**20


if __name__ == "__main__":
    main(sys.argv[1], Task(**json.loads(sys.argv[2])))
