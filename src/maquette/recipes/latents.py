"""Draws and encodes pictures once, so that the image model's training only reads latents."""

from collections.abc import Iterator
from pathlib import Path

import torch
from diffusers import AutoencoderKL
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor

from maquette.core.errors import InvalidRequest
from maquette.engines.catalog import sha256
from maquette.recipes.pictures import Item, batches, to_tensor
from maquette.train.loop import Compute
from maquette.world.compose import compose
from maquette.world.draw import draw

SHARD_PICTURES = 2048
_BATCH = {"cpu": 16, "cuda": 128}


def _picture(number: int) -> Item:
    return {"picture": torch.from_numpy(draw(compose(number)))}  # a fourth of what pixels take


@torch.inference_mode()
def encode_pictures(
    vae: Path, out: Path, pictures: int, workers: int = 1, compute: Compute | None = None
) -> None:
    """Writes shards of the scaled latents of pictures 0, 1, 2… of the train split (fp16).

    A shard already there is kept, so that a stopped run goes on; `pictures` is rounded up to whole
    shards. Raises InvalidRequest where one is there from another autoencoder.
    """
    out.mkdir(parents=True, exist_ok=True)
    compute = compute or Compute.choose()
    model = AutoencoderKL.from_pretrained(vae, torch_dtype=compute.dtype)
    model.to(compute.device, memory_format=torch.channels_last).eval()
    origin, size = _origin(vae), _BATCH[compute.device.type]
    feed: Iterator[Item] | None = None
    for start in range(0, pictures, SHARD_PICTURES):
        path = out / f"{start:08d}.safetensors"
        if path.exists():
            _check_origin(path, origin)
            feed = None
            continue
        if feed is None:
            feed = batches(_picture, size, workers, start)
        latents: list[Tensor] = []
        for _ in range(SHARD_PICTURES // size):
            pixels = to_tensor(next(feed)["picture"].to(compute.device)).to(compute.dtype)
            pixels = pixels.contiguous(memory_format=torch.channels_last)
            latents.append(model.encode(pixels).latent_dist.mode().half())
        scaled = torch.cat(latents).cpu() * model.config.scaling_factor
        new = path.with_suffix(".new")
        save_file({"latents": scaled.contiguous()}, new, {"autoencoder": origin})
        new.rename(path)


def read_latents(folder: Path, vae: Path) -> Tensor:
    """All shards from number 0 on without a gap: (N, C, H, W) fp16, row i is picture i.

    Raises InvalidRequest where there is no first shard, or one that another autoencoder encoded.
    """
    shards: list[Tensor] = []
    origin = _origin(vae)
    while (path := folder / f"{len(shards) * SHARD_PICTURES:08d}.safetensors").exists():
        _check_origin(path, origin)
        shards.append(load_file(path)["latents"])
    if not shards:
        raise InvalidRequest(f"{folder} holds no latents; run `maquette train latents` first")
    return torch.cat(shards)


def _origin(vae: Path) -> str:
    """What tells one autoencoder from another: the hash of its weights."""
    return sha256(vae / "diffusion_pytorch_model.safetensors")


def _check_origin(path: Path, origin: str) -> None:
    with safe_open(path, "pt") as file:
        if (file.metadata() or {}).get("autoencoder") != origin:
            raise InvalidRequest(
                f"{path} was encoded by another autoencoder; remove it, or name another folder"
            )
