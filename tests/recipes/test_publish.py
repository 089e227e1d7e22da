"""Publishing: what ships is whole, guarded by hashes, small enough, and replaced in one go."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from maquette.core.errors import InvalidRequest
from maquette.engines.catalog import UNET_FILE, ModelSpec, sha256
from maquette.engines.image import ImageEngine
from maquette.recipes import publish
from maquette.recipes.probe import load_probe
from tests.conftest import TinyModels


def _publish(models: TinyModels, language: Path, out: Path, teacher: str | None = None) -> int:
    turbo = out.with_name("turbo.safetensors")
    teacher = teacher or sha256(models.image / UNET_FILE)
    save_file({"unet.conv_in.lora_A.weight": torch.zeros(1, 4)}, turbo, {"teacher": teacher})
    probe = models.probe / "probe.safetensors"
    size_bytes = publish.publish(models.image, turbo, models.clip, probe, language, out)
    turbo.unlink()
    return size_bytes


def test_published_weights_load_and_are_guarded(
    tiny_models: TinyModels, tiny_language: Path, tmp_path: Path
) -> None:
    out = tmp_path / "weights"
    size_bytes = _publish(tiny_models, tiny_language, out)
    assert size_bytes == sum(p.stat().st_size for p in out.rglob("*") if p.is_file())
    ImageEngine(ModelSpec("starter", out / "starter"), torch.device("cpu"), torch.float32)
    load_probe(out / "probe" / "probe.safetensors")
    assert all(
        (out / n / "hashes.json").exists() for n in ("starter", "turbo", "clip", "probe", "text")
    )
    assert _publish(tiny_models, tiny_language, out) == size_bytes
    for config in out.rglob("config.json"):
        assert "_name_or_path" not in config.read_text()  # a folder of whoever trained it


def test_a_lora_of_another_model_does_not_ship(
    tiny_models: TinyModels, tiny_language: Path, tmp_path: Path
) -> None:
    with pytest.raises(InvalidRequest, match="was not distilled from"):
        _publish(tiny_models, tiny_language, tmp_path / "weights", teacher="another")
    assert not (tmp_path / "weights").exists()


def test_weights_too_large_to_ship_leave_the_old_ones(
    tiny_models: TinyModels, tiny_language: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "weights"
    _publish(tiny_models, tiny_language, out)
    monkeypatch.setattr(publish, "MAX_IMAGE_BYTES", 1000)
    with pytest.raises(InvalidRequest, match="at most 120 and 0 ship: train smaller sizes"):
        _publish(tiny_models, tiny_language, out)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["turbo.safetensors", "weights"]
    assert (out / "starter" / "hashes.json").exists()
