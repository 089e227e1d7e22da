"""Draws and encodes pictures once, so that the image model's training only reads latents."""

from pathlib import Path

import torch
from diffusers import AutoencoderKL
from safetensors.torch import load_file, save_file
from torch import Tensor

from maquette.core.errors import InvalidRequest
from maquette.recipes.pictures import Item, batches, to_tensor
from maquette.train.loop import Compute
from maquette.world.compose import compose
from maquette.world.draw import draw

SHARD_PICTURES = 2048
_BATCH = 16


def _picture(number: int) -> Item:
    return {"pixels": to_tensor(draw(compose(number)))}


@torch.inference_mode()
def encode_pictures(vae: Path, out: Path, pictures: int, workers: int = 1) -> None:
    """Writes shards of the scaled latents of pictures 0, 1, 2… of the train split (fp16).

    A shard already there is kept, so that a stopped run goes on; `pictures` is rounded up to whole
    shards.
    """
    out.mkdir(parents=True, exist_ok=True)
    compute = Compute.choose()
    model = AutoencoderKL.from_pretrained(vae, torch_dtype=compute.dtype)
    model.to(compute.device, memory_format=torch.channels_last).eval()
    for start in range(0, pictures, SHARD_PICTURES):
        path = out / f"{start:08d}.safetensors"
        if path.exists():
            continue
        feed = batches(_picture, _BATCH, workers, start)
        latents: list[Tensor] = []
        for _ in range(SHARD_PICTURES // _BATCH):
            pixels = next(feed)["pixels"].to(compute.device, compute.dtype)
            pixels = pixels.contiguous(memory_format=torch.channels_last)
            latents.append(model.encode(pixels).latent_dist.mode().half().cpu())
        scaled = torch.cat(latents) * model.config.scaling_factor
        save_file({"latents": scaled.contiguous()}, path.with_suffix(".new"))
        path.with_suffix(".new").rename(path)


def read_latents(folder: Path) -> Tensor:
    """All shards from number 0 on without a gap: (N, C, H, W) fp16, row i is picture i.

    Raises InvalidRequest where there is no first shard.
    """
    shards: list[Tensor] = []
    while (path := folder / f"{len(shards) * SHARD_PICTURES:08d}.safetensors").exists():
        shards.append(load_file(path)["latents"])
    if not shards:
        raise InvalidRequest(f"{folder} holds no latents; run `maquette train latents` first")
    return torch.cat(shards)
