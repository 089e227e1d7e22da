"""Puts finished checkpoints in the place they ship from, with the hashes that guard them."""

import json
import shutil
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

from maquette.core.errors import InvalidRequest
from maquette.engines.catalog import (
    ADAPTER_FILE,
    STARTERS,
    TURBO,
    UNET_FILE,
    WEIGHTS,
    sha256,
    write_hashes,
)
from maquette.recipes.turbo import teacher_of

MAX_TOTAL_BYTES = 120_000_000
MAX_IMAGE_BYTES = 70_000_000


def publish(
    image: Path, turbo: Path, clip: Path, probe: Path, language: Path, out: Path = WEIGHTS
) -> int:
    """Copies the checkpoints into `out` and returns their size in bytes.

    Raises InvalidRequest where they are larger than what ships, or the LoRA of few steps belongs to
    another image model; what was there then stays.
    """
    if teacher_of(turbo) != sha256(image / UNET_FILE):
        raise InvalidRequest(
            f"{turbo} was not distilled from {image}; run `maquette train turbo --model {image}`"
        )
    new = out.with_name(out.name + ".new")
    shutil.rmtree(new, ignore_errors=True)
    names = {kind: spec.folder.name for kind, spec in STARTERS.items()}
    shutil.copytree(image, new / names["image"])
    shutil.copytree(clip, new / names["clip"])
    shutil.copytree(language, new / names["text"])
    assert TURBO.adapter is not None
    adapter = new / TURBO.adapter.name
    adapter.mkdir()
    shutil.copy(turbo, adapter / ADAPTER_FILE)
    (new / names["probe"]).mkdir()
    weights = load_file(probe)
    half = {n: w.half() if w.dtype == torch.float32 else w for n, w in weights.items()}
    save_file(half, new / names["probe"] / "probe.safetensors")
    for config in new.rglob("config.json"):
        kept = json.loads(config.read_text())
        kept.pop("_name_or_path", None)  # a folder of whoever trained it
        config.write_text(json.dumps(kept, indent=2) + "\n")
    for folder in (*(new / name for name in names.values()), adapter):
        write_hashes(folder)
    total, picture = _size(new), _size(new / names["image"])
    if total > MAX_TOTAL_BYTES or picture > MAX_IMAGE_BYTES:
        shutil.rmtree(new)
        raise InvalidRequest(
            f"the weights are {total / 1e6:.1f} MB, the image model {picture / 1e6:.1f} MB; "
            f"at most {MAX_TOTAL_BYTES / 1e6:.0f} and {MAX_IMAGE_BYTES / 1e6:.0f} ship: "
            "train smaller sizes"
        )
    old = out.with_name(out.name + ".old")
    shutil.rmtree(old, ignore_errors=True)
    if out.exists():
        out.rename(old)
    new.rename(out)
    shutil.rmtree(old, ignore_errors=True)
    return total


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
