"""LoRA files of random weights for a model of tests, in the formats that the field writes."""

from pathlib import Path
from typing import Any

import torch
from diffusers import StableDiffusionPipeline, UNet2DConditionModel
from peft import LoraConfig, get_peft_model_state_dict, inject_adapter_in_model
from safetensors.torch import save_file
from torch import Tensor
from transformers import CLIPTextModel

UNET_LAYERS = ["to_q", "to_v", "to_out.0", "proj_in", "ff.net.2", "conv1", "time_emb_proj"]
TEXT_LAYERS = ["q_proj", "out_proj", "fc1"]


def config(layers: list[str], rank: int = 4) -> LoraConfig:
    """Random in both halves, so that it changes something; scaled by a half."""
    return LoraConfig(r=rank, lora_alpha=rank / 2, target_modules=layers, init_lora_weights=False)  # type: ignore[arg-type]


def unet_weights(model: Path, seed: int) -> tuple[dict[str, Any], LoraConfig]:
    """Under PEFT's names, and what they belong to."""
    torch.manual_seed(seed)
    unet = UNet2DConditionModel.from_pretrained(model / "unet")
    told = config(UNET_LAYERS)
    inject_adapter_in_model(told, unet)
    return get_peft_model_state_dict(unet, adapter_name="default"), told


def text_weights(model: Path, seed: int) -> dict[str, Tensor]:
    """Those of a text encoder, under PEFT's names."""
    torch.manual_seed(seed)
    text = CLIPTextModel.from_pretrained(model / "text_encoder")
    inject_adapter_in_model(config(TEXT_LAYERS), text)
    return get_peft_model_state_dict(text, adapter_name="default")


def write_diffusers(folder: Path, model: Path, seed: int) -> Path:
    """A folder as diffusers' training scripts leave it; gives its file."""
    weights, told = unet_weights(model, seed)
    StableDiffusionPipeline.save_lora_weights(
        folder, unet_lora_layers=weights, unet_lora_adapter_metadata=told.to_dict()
    )
    return folder / "pytorch_lora_weights.safetensors"


def write_kohya(
    path: Path, weights: dict[str, Tensor], alpha: float | None, te: bool = False
) -> Path:
    """A file as kohya's scripts and the sites that share such files have it."""
    save_file(kohya(weights, alpha, te), path)
    return path


def kohya(weights: dict[str, Tensor], alpha: float | None, te: bool = False) -> dict[str, Tensor]:
    """Weights under kohya's names; without an alpha they have none."""
    renamed: dict[str, Tensor] = {}
    for key, tensor in weights.items():
        module, _, half = key.partition(".lora_")
        name = f"lora_te_text_model.{module}" if te else f"lora_unet_{module}"
        name = name.replace(".", "_")
        renamed[f"{name}.lora_{'down' if half[0] == 'A' else 'up'}.weight"] = tensor.contiguous()
        if alpha is not None:
            renamed[f"{name}.alpha"] = torch.tensor(alpha)
    return renamed
