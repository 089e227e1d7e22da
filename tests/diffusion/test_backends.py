"""Every backend computes what PyTorch does, and OpenVINO converts weights once."""

import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import AutoencoderKL, UNet2DConditionModel

from maquette.core.errors import UsageError
from maquette.diffusion import backends
from tests.diffusion.test_mapped_file import resident_bytes

pytest.importorskip("openvino", reason="OpenVINO is for Linux on x86_64")


def _unet(seed: int = 0) -> UNet2DConditionModel:
    torch.manual_seed(seed)
    unet = UNet2DConditionModel(
        sample_size=8,
        in_channels=4,
        out_channels=4,
        layers_per_block=1,
        block_out_channels=(16, 32),
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        cross_attention_dim=16,
        attention_head_dim=8,
        norm_num_groups=8,
    )
    unet.eval().requires_grad_(False)
    return unet.to(memory_format=torch.channels_last)  # type: ignore[call-issue]


def _autoencoder(dtype: torch.dtype = torch.float32) -> AutoencoderKL:
    torch.manual_seed(0)
    build: Any = AutoencoderKL  # which declares tuples of one
    autoencoder = build(
        block_out_channels=(8, 16),
        down_block_types=("DownEncoderBlock2D",) * 2,
        up_block_types=("UpDecoderBlock2D",) * 2,
        norm_num_groups=4,
    )
    autoencoder.eval().requires_grad_(False)
    return autoencoder.to(dtype, memory_format=torch.channels_last)


def _given(rows: int, height: int = 8, width: int = 8, tokens: int = 8) -> list[torch.Tensor]:
    torch.manual_seed(rows)
    timesteps = torch.linspace(1, 900, rows)
    return [torch.randn(rows, 4, height, width), timesteps, torch.randn(rows, tokens, 16)]


@torch.inference_mode()
def test_openvino_computes_the_same_for_any_rows_and_size(tmp_path: Path) -> None:
    unet = _unet()
    eager, ours = (
        backends.build(name, unet, tmp_path, _given(2)) for name in ("eager", "openvino")
    )
    for given in (_given(1), _given(2), _given(5), _given(2, 16, 12), _given(3, 8, 8, 11)):
        torch.testing.assert_close(ours(*given), eager(*given), atol=1e-4, rtol=1e-4)
    ours(*_given(4))
    (weights,) = tmp_path.glob("*.bin")
    assert resident_bytes(weights) == 0  # after a pass of another kind
    first = ours(*_given(2))
    kept = first.clone()
    ours(*_given(3))
    assert torch.equal(first, kept)  # a later pass writes over nothing


@torch.inference_mode()
@pytest.mark.parametrize(("dtype", "least_db"), [(torch.float32, 100), (torch.bfloat16, 40)])
def test_openvino_decodes_the_same_at_any_size(
    tmp_path: Path, dtype: torch.dtype, least_db: float
) -> None:
    autoencoder, usual = _autoencoder(dtype), [torch.randn(1, 4, 8, 8)]
    eager, ours = (
        backends.build_decoder(name, autoencoder, tmp_path, usual) for name in ("eager", "openvino")
    )
    for shape in ((1, 4, 8, 8), (1, 4, 6, 10), (3, 4, 8, 8)):
        latents = torch.randn(shape)
        wanted, decoded = eager(latents), ours(latents)
        assert decoded.shape == wanted.shape
        span = float(wanted.max() - wanted.min())
        error = float((decoded - wanted).square().mean()) + 1e-20
        assert 10 * math.log10(span**2 / error) >= least_db, shape
    assert not torch.equal(ours(usual[0]), eager(usual[0]))  # by OpenVINO indeed
    assert len(list(tmp_path.glob("*.xml"))) == 1


@torch.inference_mode()
def test_what_is_large_is_held_only_once_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backends, "SMALL_BYTES", 0)
    unet = _unet()
    eager, ours = (
        backends.build(name, unet, tmp_path, _given(2)) for name in ("eager", "openvino")
    )
    torch.testing.assert_close(ours(*_given(2)), eager(*_given(2)), atol=1e-4, rtol=1e-4)
    usual = [torch.randn(1, 4, 8, 8)]
    backends.build_decoder("openvino", _autoencoder(), tmp_path, usual)
    assert len(list(tmp_path.glob("*.xml"))) == 1  # PyTorch decodes


def test_weights_are_converted_once_and_others_anew(tmp_path: Path) -> None:
    backends.build("openvino", _unet(), tmp_path, _given(2))
    (first,) = tmp_path.glob("*.xml")
    written = first.stat().st_mtime_ns
    backends.build("openvino", _unet(), tmp_path, _given(2))
    assert [path.stat().st_mtime_ns for path in tmp_path.glob("*.xml")] == [written]
    backends.build("openvino", _unet(seed=1), tmp_path, _given(2))
    assert len(list(tmp_path.glob("*.xml"))) == len(list(tmp_path.glob("*.bin"))) == 2
    moved: Any = _unet()
    moved.register_to_config(_name_or_path=str(tmp_path))
    assert backends.weights_key(moved) == backends.weights_key(_unet())
    assert backends.shape_key(_unet(seed=1)) == backends.shape_key(moved)
    assert backends.shape_key(_autoencoder()) != backends.shape_key(moved)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:`torch.jit.script_method:DeprecationWarning")
@torch.inference_mode()
def test_compiled_computes_the_same_and_pads_rows(tmp_path: Path) -> None:
    unet = _unet()
    eager, ours = (backends.build(name, unet, tmp_path, _given(2)) for name in ("eager", "compile"))
    for rows in (4, 3):  # compiled once
        given = _given(rows)
        torch.testing.assert_close(ours(*given), eager(*given), atol=1e-4, rtol=1e-4)


def test_nothing_calls_home() -> None:
    code = (
        "import sys; from maquette.diffusion.backends import import_openvino as f; f(); "
        "print(sys.modules['openvino_telemetry'], 'requests' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split()[0] == "None"


def test_what_is_not_to_be_had_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match="needs a CUDA GPU"):
        backends.build("cudagraphs", _unet(), tmp_path, _given(2))
    with pytest.raises(UsageError, match="--device cpu"):
        backends.build("openvino", _unet().to(device="meta"), tmp_path, ())  # type: ignore[call-arg]
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert backends.available(torch.device("cpu")) == ["eager"]
    with pytest.raises(UsageError, match="pip install openvino"):
        backends.build("openvino", _unet(), tmp_path, _given(2))
