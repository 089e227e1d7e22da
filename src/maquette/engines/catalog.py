"""The models by name, and the reading of their weights, whole or not at all."""

import json
import os
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from hashlib import file_digest
from pathlib import Path
from typing import Any

import espeakng_loader
from huggingface_hub.errors import StrictDataclassError
from safetensors import SafetensorError

from maquette.core.errors import (
    InvalidRequest,
    ModelNotFound,
    WeightsDamaged,
    did_you_mean,
    first_line,
)
from maquette.core.requests import DEFAULT_GUIDANCE, DEFAULT_SAMPLER, DEFAULT_STEPS
from maquette.core.text_requests import MOST_TOKENS

WEIGHTS = Path(__file__).parent.parent / "weights"
HASHES_FILE = "hashes.json"
ADAPTER_SUFFIX = ".safetensors"
UNET_FILE = "unet/diffusion_pytorch_model.safetensors"
ADAPTER_FILE = "pytorch_lora_weights.safetensors"  # in a folder, as diffusers names it
# What a folder holds that holds a model of this kind.
MARKS = {
    "image": "model_index.json",
    "text": "tokenizer_config.json",
    "clip": "vision/config.json",
    "probe": "probe.safetensors",
}


@dataclass(frozen=True, slots=True)
class UsualValues:
    """How a model samples unless told otherwise."""

    num_inference_steps: int = DEFAULT_STEPS
    guidance_scale: float = DEFAULT_GUIDANCE
    sampler: str = DEFAULT_SAMPLER

    def unless(self, **given: float | str | None) -> "UsualValues":
        """These, but for what was given."""
        return replace(self, **{name: v for name, v in given.items() if v is not None})


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """A checkpoint: its name and its folder, in the layout of diffusers or transformers.

    An image model may have an `adapter`, the folder of a LoRA that is merged into its U-Net, and
    `usual` values of its own. Of a `shipped` one the hashes must be there.
    """

    model_id: str
    folder: Path
    shipped: bool = False
    adapter: Path | None = None
    usual: UsualValues = UsualValues()


STARTERS = {
    "image": ModelSpec("starter", WEIGHTS / "starter", shipped=True),
    "text": ModelSpec("starter-text", WEIGHTS / "text", shipped=True),
    "code": ModelSpec("starter-code", WEIGHTS / "text", shipped=True),  # whose model tells stories
    "clip": ModelSpec("starter-clip", WEIGHTS / "clip", shipped=True),
    "probe": ModelSpec("starter-probe", WEIGHTS / "probe", shipped=True),
}
TURBO = ModelSpec(
    "starter-turbo",
    STARTERS["image"].folder,
    shipped=True,
    adapter=WEIGHTS / "turbo",
    usual=UsualValues(num_inference_steps=4, guidance_scale=1.0, sampler="lcm"),
)
# A library with its rules, not weights: it comes with its own package.
ESPEAK = ModelSpec("espeak-ng", Path(espeakng_loader.__file__).parent, shipped=True)
# What ships of each kind, the one that is used unasked first.
SHIPPED: dict[str, tuple[ModelSpec, ...]] = {kind: (spec,) for kind, spec in STARTERS.items()} | {
    "image": (STARTERS["image"], TURBO),
    "speech": (ESPEAK,),
}


def find_shipped(model: str, kind: str) -> ModelSpec:
    """The spec of a model that ships, by its name. Raises ModelNotFound naming what there is."""
    by_name = {spec.model_id: spec for spec in SHIPPED[kind]}
    if model in by_name:
        return by_name[model]
    raise ModelNotFound(f"no {kind} model named {model!r}; {did_you_mean(model, by_name)}")


def kind_of(model: str) -> str:
    """What a model that ships makes, by its name. Raises ModelNotFound naming what there is."""
    kinds = {spec.model_id: kind for kind, specs in SHIPPED.items() for spec in specs}
    if model not in kinds:
        raise ModelNotFound(f"no model named {model!r}; {did_you_mean(model, kinds)}")
    return kinds[model]


def find_model(model: str, kind: str) -> ModelSpec:
    """The spec of a model of a kind of MARKS by name or folder.

    Raises ModelNotFound naming what there is.
    """
    folder = find_folder(model)
    if folder is None or any(model == spec.model_id for spec in SHIPPED[kind]):
        try:
            return find_shipped(model, kind)
        except ModelNotFound as error:
            raise ModelNotFound(f"{error.message}, or name a folder") from None
    if not (folder / MARKS[kind]).is_file():
        raise ModelNotFound(
            f"the folder {model} holds no {kind} model, for {MARKS[kind]} is not in it; "
            "name another"
        )
    return ModelSpec(folder.name, folder)


@cache
def context_tokens(folder: Path) -> int:
    """How many tokens a language model keeps in sight, the talk and its answer, by its checkpoint's
    `config.json`; as many as may be asked for where that does not say.
    """
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    return int(config.get("text_config", config).get("max_position_embeddings", MOST_TOKENS))


def list_adapters(folder: Path | None) -> dict[str, Path]:
    """The LoRA files of a folder by their names, in order; none where there is no folder."""
    files = sorted(folder.glob(f"*{ADAPTER_SUFFIX}")) if folder else []
    return {path.stem: path for path in files if path.is_file()}


def adapter_name(adapter: str) -> str:
    """What a LoRA goes by: a file of that name in the folder of adapters is found by it."""
    return Path(adapter).name.removesuffix(ADAPTER_SUFFIX)


def find_adapter(adapter: str, folder: Path | None) -> Path:
    """The file of a LoRA: by its name in a folder, or by its path or that of the folder it is in.

    Raises ModelNotFound naming what there is, InvalidRequest where it is no safetensors file.
    """
    known = list_adapters(folder)
    if adapter in known:
        return known[adapter]
    inside = find_folder(adapter)
    path = inside / ADAPTER_FILE if inside else Path(os.path.expanduser(adapter))
    if not os.path.isfile(path):
        hint = f"{did_you_mean(adapter, known)}, or " if known else ""
        place = f", or put it in its place as {folder}/NAME{ADAPTER_SUFFIX}" if folder else ""
        missing = f"{inside} holds no {ADAPTER_FILE}" if inside else f"no LoRA named {adapter!r}"
        raise ModelNotFound(f"{missing}; {hint}name a file{place}")
    if path.suffix != ADAPTER_SUFFIX:
        raise InvalidRequest(
            f"{path} is no {ADAPTER_SUFFIX} file, and others may run what is in them; convert it"
        )
    return path


def find_folder(name: str) -> Path | None:
    """The folder that a name is the path of; None where it is none."""
    try:
        folder = Path(name).expanduser().resolve()
        return folder if folder.is_dir() else None
    except (RuntimeError, OSError):  # a home or a name that cannot be
        return None


@contextmanager
def reading(spec: ModelSpec) -> Generator[None]:
    """Checks the hashes; then whatever a library says while it reads becomes WeightsDamaged. Where
    the folder lies is told no one: jobs end with these lines, and people read those.
    """
    name, above = spec.folder.name, f"{spec.folder.absolute().parent}/"
    remedy = "reinstall maquette" if spec.shipped else "get the model again"
    try:
        verify_weights(spec)
        yield
    except WeightsDamaged as error:
        said = error.message.replace(above, "")
        raise WeightsDamaged(f"{said}; {remedy}") from error.__cause__
    except InvalidRequest as error:  # whole, but of a kind that is not known here
        raise InvalidRequest(f"{name} cannot be used: {error.message}") from None
    except (
        OSError,
        ValueError,
        RuntimeError,
        KeyError,
        TypeError,
        AttributeError,
        SafetensorError,
        StrictDataclassError,  # of a configuration
    ) as error:
        raise WeightsDamaged(
            f"{name} does not hold a whole model: {first_line(error).replace(above, '')}; {remedy}"
        ) from error


def load_whole(kind: Any, folder: Path, **options: Any) -> Any:
    """A model of class `kind` of diffusers or transformers from its folder, never from a hub.

    Raises WeightsDamaged where the file lacks a weight: the libraries would make one up.
    """
    model, info = kind.from_pretrained(
        folder.absolute(), local_files_only=True, output_loading_info=True, **options
    )
    if missing := sorted(info["missing_keys"]):
        raise WeightsDamaged(f"{folder} lacks {missing[0]} and {len(missing) - 1} more weights")
    return model


def verify_weights(spec: ModelSpec) -> None:
    """Compares every file with the hashes written beside it; a folder from elsewhere has none.

    Raises WeightsDamaged naming the first file that is missing or differs.
    """
    for folder in (spec.folder, spec.adapter):
        if folder is not None:
            _verify_folder(folder, spec.shipped)


def _verify_folder(folder: Path, shipped: bool) -> None:
    listing = folder / HASHES_FILE
    if not listing.exists() and not shipped:
        return
    try:
        hashes = json.loads(listing.read_text())
    except (OSError, ValueError):
        raise WeightsDamaged(f"{listing} is missing or damaged") from None
    for name, expected in hashes.items():
        path = folder / name
        if not path.exists() or sha256(path) != expected:
            raise WeightsDamaged(f"{path} is missing or damaged")


def write_hashes(folder: Path) -> None:
    """Writes the hashes of all files of a finished checkpoint beside them."""
    hashes = {
        path.relative_to(folder).as_posix(): sha256(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != HASHES_FILE
    }
    (folder / HASHES_FILE).write_text(json.dumps(hashes, indent=1) + "\n")


def sha256(path: Path) -> str:
    """The hash of a file, in hexadecimal."""
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()
