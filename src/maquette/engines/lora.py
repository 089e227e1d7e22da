"""LoRA files, as diffusers, PEFT and kohya write them, read for the networks of one model."""

import json
import math
import re
import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from diffusers.utils import convert_state_dict_to_peft, convert_unet_state_dict_to_peft
from peft import LoraConfig, inject_adapter_in_model
from peft.tuners.lora import LoraLayer
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

from maquette.core.errors import InvalidRequest, WeightsDamaged, first_line
from maquette.diffusion.adapters import Adapter, LowRank
from maquette.engines.catalog import find_adapter

KEPT_ADAPTERS = 8  # those used last; requests under way hold their own
UNET, TEXT = "unet", "text_encoder"  # as diffusers calls the parts of a file
HALF = re.compile(r"(\.lora_[AB]\.)(weight|bias)$")  # of a layer's addition, under PEFT's names
NAME = "lora"  # inside PEFT, which tells many apart
# Methods that are no plain sum of low rank, by what their weights are called.
OTHERS = {"dora_scale": "DoRA", "lora_magnitude_vector": "DoRA", "lokr_": "LoKr", "hada_": "LoHa"}
KOHYA = {"lora_down.weight": "lora_A.weight", "lora_up.weight": "lora_B.weight"}
# What a file's header may say of its own weights; a stranger chooses no other option of PEFT.
TOLD = ("lora_alpha", "use_rslora")

Version = tuple[str, int, int]  # of a file: its path, and when and how large it was written


@dataclass(frozen=True, slots=True, eq=False)
class LoadedAdapter:
    """A LoRA of one model: what it adds to the U-Net and to the text encoder."""

    version: Version
    unet: Adapter
    text: Adapter


class AdapterFiles:
    """The LoRA files of a model, by their names in a folder or by their paths; the KEPT_ADAPTERS
    used last are in memory. For any thread.
    """

    def __init__(self, unet: nn.Module, text: nn.Module, folder: Path | None) -> None:
        self._unet, self._text, self._folder = unet, text, folder
        self._kept: dict[Version, LoadedAdapter] = {}
        self._loading = threading.Lock()

    def load(self, adapter: str) -> LoadedAdapter:
        """A LoRA as its file is now. Raises what `find_adapter` does, WeightsDamaged where it is
        not whole, InvalidRequest where it is for another model or of another method.
        """
        path = find_adapter(adapter, self._folder)
        try:
            status = path.stat()
            version = (str(path.resolve()), status.st_mtime_ns, status.st_size)
            with self._loading:
                loaded = self._kept.pop(version, None) or self._read(path, version)
                while len(self._kept) >= KEPT_ADAPTERS:
                    del self._kept[next(iter(self._kept))]
                self._kept[version] = loaded
        except InvalidRequest as error:
            raise InvalidRequest(f"the LoRA {adapter!r} cannot be used: {error.message}") from None
        except (OSError, SafetensorError) as error:
            raise WeightsDamaged(
                f"the LoRA {adapter!r} is not whole: {first_line(error)}; get it again"
            ) from None
        except (ValueError, RuntimeError, TypeError, KeyError, AttributeError, re.error) as error:
            raise InvalidRequest(
                f"the LoRA {adapter!r} does not fit this model: {first_line(error)}; "
                "use one made for it"
            ) from error
        return loaded

    def _read(self, path: Path, version: Version) -> LoadedAdapter:
        weights, told = _open(path)
        alphas: dict[str, float] = {}
        if any(key.startswith("lora_") for key in weights):
            weights, alphas = _from_kohya(weights, self._unet, self._text)
        parts = (
            (UNET, self._unet, convert_unet_state_dict_to_peft),
            (TEXT, self._text, _text_names),
        )
        unet, text = (
            _adapter(model, convert(_part(weights, name)), _part(alphas, name), _part(told, name))
            for name, model, convert in parts
        )
        return LoadedAdapter(version, unet, text)


def _open(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """The weights of a file and what diffusers noted of them in its header."""
    with safe_open(path, "pt") as file:
        weights = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
        told = json.loads((file.metadata() or {}).get("lora_adapter_metadata", "{}"))
    if strange := [key for key, tensor in weights.items() if not bool(tensor.isfinite().all())]:
        raise InvalidRequest(f"{min(strange)} holds what is no number; get it again")
    for mark, method in OTHERS.items():
        if any(mark in key for key in weights):
            raise InvalidRequest(f"it is {method}, and only plain LoRA is computed; use another")
    known = ("lora_", f"{UNET}.", f"{TEXT}.")
    strange = min((key for key in weights if not key.startswith(known)), default=None)
    if strange or not weights:
        raise InvalidRequest(f"it holds {strange or 'nothing'}, which is of no U-Net that is known")
    return weights, told


def _part(entries: Mapping[str, Any], name: str) -> dict[str, Any]:
    """The entries of one network, by their names inside."""
    return {k.removeprefix(f"{name}."): v for k, v in entries.items() if k.startswith(f"{name}.")}


def _from_kohya(
    weights: Mapping[str, Tensor], unet: nn.Module, text: nn.Module
) -> tuple[dict[str, Tensor], dict[str, float]]:
    """Weights and alphas under PEFT's names. kohya's are those of the modules, with underscores.

    diffusers' converter loses those of attention layers where alphas differ (0.42).
    """
    names = {f"lora_unet_{n.replace('.', '_')}": f"{UNET}.{n}" for n, _ in unet.named_modules()}
    for name, _ in text.named_modules():
        flat = f"text_model.{name.removeprefix('text_model.')}".replace(".", "_")
        names |= {f"lora_{te}_{flat}": f"{TEXT}.{name}" for te in ("te", "te1")}
    converted: dict[str, Tensor] = {}
    alphas: dict[str, float] = {}
    for key, tensor in weights.items():
        flat, _, rest = key.partition(".")
        if flat not in names or (rest != "alpha" and rest not in KOHYA):
            raise InvalidRequest(f"this model has no place for {key}; use one made for it")
        if rest == "alpha":
            alphas[names[flat]] = float(tensor)
        else:
            converted[f"{names[flat]}.{KOHYA[rest]}"] = tensor
    return converted, alphas


def _text_names(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """A text encoder's weights under PEFT's names, from those of diffusers' earlier ones."""
    if any("lora_linear_layer" in key or "to_out_lora" in key for key in weights):
        return convert_state_dict_to_peft(weights)
    return weights


def _adapter(
    model: Any, weights: dict[str, Tensor], alphas: Mapping[str, float], told: Mapping[str, Any]
) -> Adapter:
    """What weights under PEFT's names add to a model. Raises InvalidRequest where one is of no
    layer there, or lacks its other half.
    """
    if not hasattr(model, "text_model"):
        weights = {key.removeprefix("text_model."): tensor for key, tensor in weights.items()}
    if not weights:
        return Adapter({})
    halves = {key: tensor for key, tensor in weights.items() if HALF.search(key)}
    kind = type(model)
    with torch.device("meta"):  # PEFT puts its layers into a copy that has no weights
        empty = getattr(kind, "from_config", kind)(model.config)
    inject_adapter_in_model(
        _config(halves, told), empty, NAME, low_cpu_mem_usage=True, state_dict=halves
    )
    own = {HALF.sub(rf"\1{NAME}.\2", key): tensor for key, tensor in halves.items()}
    result = empty.load_state_dict(own, strict=False, assign=True)
    if strange := [*(weights.keys() - halves.keys()), *result.unexpected_keys]:
        raise InvalidRequest(f"this model has no place for {min(strange)}; use one made for it")
    if lacking := [key for key in result.missing_keys if ".lora_" in key]:
        raise InvalidRequest(f"it lacks {min(lacking)}; get it again")
    layers = {n: layer for n, layer in empty.named_modules() if isinstance(layer, LoraLayer)}
    scalings = {
        name: layer.scaling[NAME] if told else alphas.get(name, layer.r[NAME]) / layer.r[NAME]
        for name, layer in layers.items()
    }
    if strange := [name for name, scaling in scalings.items() if not math.isfinite(scaling)]:
        raise InvalidRequest(f"the scale of {min(strange)} is no number; get it again")
    like = next(model.parameters())
    return Adapter(
        {
            name: LowRank(
                _weights_like(like, layer.lora_A[NAME]),
                _weights_like(like, layer.lora_B[NAME]),
                scalings[name],
            )
            for name, layer in layers.items()
        }
    )


def _config(weights: Mapping[str, Tensor], told: Mapping[str, Any]) -> LoraConfig:
    """The layers, their ranks as the weights have them, and the scales that a header tells."""
    ranks = {key.partition(".lora_")[0]: len(t) for key, t in weights.items() if "lora_A" in key}
    usual = Counter(ranks.values()).most_common(1)[0][0] if ranks else 1
    return LoraConfig(
        r=usual,
        rank_pattern={f"^{name}": rank for name, rank in ranks.items() if rank != usual},
        target_modules=[*{key.partition(".lora_")[0] for key in weights}],
        lora_bias=any(key.endswith(".lora_B.bias") for key in weights),
        **{name: told[name] for name in TOLD if name in told},
        alpha_pattern={
            f"^{re.escape(layer)}": alpha
            for layer in ranks
            for name, alpha in told.get("alpha_pattern", {}).items()
            if _names(name, layer)
        },
    )


def _names(name: str, layer: str) -> bool:
    """Whether a name that PEFT noted is that layer's or its end, read as it stands: what comes from
    a stranger is no regular expression.
    """
    whole = name.removeprefix("^")
    return layer == whole or (whole == name and layer.endswith(f".{name}"))


def _weights_like(like: Tensor, layer: nn.Module) -> nn.Module:
    """A layer in the numbers of a model and where that is."""
    layer.to(like.device, like.dtype, memory_format=torch.channels_last)
    return layer.requires_grad_(False)
