"""LoRA files of each format act as in diffusers; what does not fit is one line."""

import gc
import json
import re
import weakref
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import DDIMScheduler, StableDiffusionPipeline
from peft import inject_adapter_in_model, set_peft_model_state_dict
from PIL import Image
from safetensors.torch import load_file, save_file

from maquette.core.errors import InvalidRequest, MaquetteError, ModelNotFound, WeightsDamaged
from maquette.core.requests import AdapterUse, GenerationRequest, SamplingParams
from maquette.diffusion.engine import DenoisingEngine
from maquette.diffusion.request import DenoisingRequest, Noise
from maquette.engines import lora
from maquette.engines.catalog import ModelSpec
from maquette.engines.image import ImageEngine
from tests.conftest import TinyModels
from tests.lora_files import (
    TEXT_LAYERS,
    config,
    kohya,
    text_weights,
    unet_weights,
    write_diffusers,
    write_kohya,
)

CPU = torch.device("cpu")
PARAMS = SamplingParams(
    "a red boat", "blurry", seed=11, num_inference_steps=4, sampler="ddim", width=64, height=64
)


@pytest.fixture(scope="module")
def shelf(tiny_models: TinyModels, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of LoRA files: `first` and `second`."""
    folder = tmp_path_factory.mktemp("adapters")
    for seed, name in enumerate(("first", "second"), 1):
        file = write_diffusers(folder / name, tiny_models.image, seed)
        file.rename(folder / f"{name}.safetensors")
    return folder


def _engine(model: Path, shelf: Path) -> ImageEngine:
    return ImageEngine(ModelSpec("tiny", model), CPU, torch.float32, shelf)


@pytest.fixture(scope="module")
def engine(tiny_models: TinyModels, shelf: Path) -> ImageEngine:
    return _engine(tiny_models.image, shelf)


def _with(*adapters: tuple[str | Path, float], **more: Any) -> GenerationRequest:
    uses = tuple(AdapterUse(str(adapter), scale) for adapter, scale in adapters)
    return GenerationRequest(replace(PARAMS, adapters=uses, **more))


def _latents(engine: ImageEngine, *adapters: tuple[str | Path, float], **more: Any) -> torch.Tensor:
    (one,) = engine.prepare(_with(*adapters, **more))
    return _finish(one)[one.request_id]


def _finish(*crowd: DenoisingRequest) -> dict[str, torch.Tensor]:
    """Of all at once; those of one length are all in each pass."""
    batching = DenoisingEngine(CPU)
    for request in crowd:
        batching.add(request)
    ended: dict[str, torch.Tensor] = {}
    while outputs := batching.step():
        ended |= {o.request.request_id: o.latents for o in outputs if o.finished}
    return ended


def _pipeline(model: Path) -> Any:
    pipeline: Any = StableDiffusionPipeline.from_pretrained(model, dtype=torch.float32)
    pipeline.scheduler = DDIMScheduler.from_config(pipeline.scheduler.config)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def _theirs(pipeline: Any) -> torch.Tensor:
    """What diffusers comes to with PARAMS, before it is decoded."""
    channels = pipeline.unet.config.in_channels
    side = pipeline.vae_scale_factor
    shape = (channels, PARAMS.height // side, PARAMS.width // side)
    return pipeline(
        PARAMS.prompt,
        negative_prompt=PARAMS.negative_prompt,
        width=PARAMS.width,
        height=PARAMS.height,
        num_inference_steps=PARAMS.num_inference_steps,
        guidance_scale=PARAMS.guidance_scale,
        latents=Noise(PARAMS.seed, shape).draw()[None],
        output_type="latent",
    ).images[0]


@pytest.mark.filterwarnings("ignore:Already found a `peft_config` attribute")
@pytest.mark.parametrize(
    "adapters", [[("first", 1.0)], [("first", 0.6)], [("first", 0.7), ("second", -0.4)]]
)
def test_it_is_as_in_diffusers(
    tiny_models: TinyModels, engine: ImageEngine, shelf: Path, adapters: list[tuple[str, float]]
) -> None:
    pipeline = _pipeline(tiny_models.image)
    for name, _ in adapters:
        pipeline.load_lora_weights(shelf / f"{name}.safetensors", adapter_name=name)
    names, scales = zip(*adapters, strict=True)
    pipeline.set_adapters(list(names), list(scales))
    ours = _latents(engine, *adapters)
    torch.testing.assert_close(ours, _theirs(pipeline), rtol=0.0, atol=2e-4)
    assert (ours - _latents(engine)).abs().max() > 0.05


def test_requests_of_different_adapters_share_a_pass_and_end_as_they_do_alone(
    engine: ImageEngine,
) -> None:
    uses = [(), (("first", 1.0),), (("second", 0.5),), (("second", -1.0), ("first", 0.3)), ()]
    crowd = [
        replace(
            engine.prepare(
                _with(*one, seed=n, guidance_scale=(1.0, 4.0)[n % 2], negative_prompt="")
            )[0],
            request_id=str(n),
        )
        for n, one in enumerate(uses)
    ]
    batching = DenoisingEngine(CPU)
    for one in crowd:
        batching.add(one)
    assert len(batching.step()) == len(crowd)
    together = _finish(*crowd)
    for one in crowd:
        alone = _finish(one)[one.request_id]
        torch.testing.assert_close(together[one.request_id], alone, rtol=0.0, atol=1e-4)


def test_both_formats_and_a_folder_come_to_the_same(
    tiny_models: TinyModels, engine: ImageEngine, tmp_path: Path
) -> None:
    write_diffusers(tmp_path / "folder", tiny_models.image, 1)
    weights, _ = unet_weights(tiny_models.image, 1)
    flat = write_kohya(tmp_path / "kohya.safetensors", weights, alpha=2.0)
    expected = _latents(engine, ("first", 0.8))
    for other in (tmp_path / "folder", flat):
        assert torch.equal(_latents(engine, (other, 0.8)), expected)


def test_each_layer_has_its_own_rank_and_alpha(
    tiny_models: TinyModels, engine: ImageEngine, tmp_path: Path
) -> None:
    weights, _ = unet_weights(tiny_models.image, 1)
    content = kohya(weights, None)
    expected: dict[str, float] = {}
    for number, name in enumerate(sorted({key.split(".lora_")[0] for key in weights})):
        flat = "lora_unet_" + name.replace(".", "_")
        rank = 1 + number % 4
        expected[name] = (1.0 + number) / rank if number % 3 else 1.0
        if number % 3:
            content[f"{flat}.alpha"] = torch.tensor(1.0 + number)
        down, up = content[f"{flat}.lora_down.weight"], content[f"{flat}.lora_up.weight"]
        content[f"{flat}.lora_down.weight"] = down[:rank].contiguous()
        content[f"{flat}.lora_up.weight"] = up[:, :rank].contiguous()
    save_file(content, tmp_path / "mixed.safetensors")
    loaded = engine._adapters.load(str(tmp_path / "mixed.safetensors"))
    assert {name: layer.scaling for name, layer in loaded.unet.layers.items()} == expected


def test_the_text_encoders_part_acts_too(
    tiny_models: TinyModels, engine: ImageEngine, tmp_path: Path
) -> None:
    weights = text_weights(tiny_models.image, 3)
    flat = write_kohya(tmp_path / "te.safetensors", weights, alpha=2.0, te=True)
    prefixed = {f"text_encoder.text_model.{key}": t for key, t in weights.items()}
    save_file(prefixed, tmp_path / "unscaled.safetensors")
    pipeline = _pipeline(tiny_models.image)
    inject_adapter_in_model(config(TEXT_LAYERS), pipeline.text_encoder)
    set_peft_model_state_dict(pipeline.text_encoder, weights)
    theirs = _theirs(pipeline)
    # Of a file that says nothing of an alpha the scale is whole; the pipeline's is a half.
    for file, scale in ((flat, 1.0), (tmp_path / "unscaled.safetensors", 0.5)):
        ours = _latents(engine, (file, scale))
        torch.testing.assert_close(ours, theirs, rtol=0.0, atol=2e-4)
    plain = _latents(engine)
    assert (theirs - plain).abs().max() > 0.01
    assert torch.equal(_latents(engine), plain)  # its texts are kept apart


def test_what_was_not_trained_is_as_none(
    tiny_models: TinyModels, engine: ImageEngine, tmp_path: Path
) -> None:
    weights, _ = unet_weights(tiny_models.image, 1)
    untrained = {k: t.zero_() if "lora_B" in k else t for k, t in weights.items()}
    file = write_kohya(tmp_path / "zero.safetensors", untrained, alpha=None)
    assert torch.equal(_latents(engine, (file, 5.0)), _latents(engine))
    assert torch.equal(_latents(engine, ("first", 0.0)), _latents(engine))


def _bent(model: Path, change: str, path: Path) -> None:
    """A file with one thing wrong."""
    weights, _ = unet_weights(model, 1)
    content = {f"unet.{key}": tensor for key, tensor in weights.items()}
    first = min(content)
    match change:
        case "cut":
            save_file(content, path)
            path.write_bytes(path.read_bytes()[:3000])
            return
        case "words":
            path.write_text("not a file of weights")
            return
        case "size":
            content[first] = torch.zeros(4, 3, 3, 3)
        case "other model":
            content = {k.replace("down_blocks.0", "down_blocks.9"): t for k, t in content.items()}
        case "half":
            del content[first]
        case "DoRA":
            content[first.replace("lora_A", "lora_magnitude_vector")] = torch.ones(4)
        case "whole weight":
            content["unet.conv_in.weight"] = torch.zeros(1)
        case "foreign":
            content = {"transformer." + key: tensor for key, tensor in content.items()}
        case "mixed":
            content["lora_unet_conv_in.alpha"] = torch.tensor(1.0)
        case "second text encoder":
            content = {"lora_te2_text_model_encoder_layers_0_mlp_fc1.alpha": torch.tensor(1.0)}
        case "empty":
            content = {}
        case "NaN":
            content[first] = torch.full_like(content[first], torch.nan)
    save_file(content, path, {"format": "pt"})


@pytest.mark.parametrize(
    ("change", "kind", "message"),
    [
        ("cut", WeightsDamaged, "is not whole: .*; get it again"),
        ("words", WeightsDamaged, "is not whole: .*; get it again"),
        ("size", InvalidRequest, "does not fit this model: .*size mismatch for .*; use one"),
        ("other model", InvalidRequest, r"no place for down_blocks\.9\..*; use one made for it"),
        ("half", InvalidRequest, r"it lacks down_blocks.*lora_A.*; get it again"),
        ("DoRA", InvalidRequest, "it is DoRA, and only plain LoRA is computed"),
        ("whole weight", InvalidRequest, "no place for conv_in.weight; use one made for it"),
        ("foreign", InvalidRequest, "holds transformer.unet.*, which is of no U-Net"),
        ("mixed", InvalidRequest, "this model has no place for unet"),
        ("second text encoder", InvalidRequest, "no place for lora_te2"),
        ("empty", InvalidRequest, "it holds nothing"),
        ("NaN", InvalidRequest, "lora_A.* holds what is no number; get it again"),
    ],
)
def test_what_does_not_fit_is_one_line(
    tiny_models: TinyModels,
    engine: ImageEngine,
    tmp_path: Path,
    change: str,
    kind: type[MaquetteError],
    message: str,
) -> None:
    path = tmp_path / "bent.safetensors"
    _bent(tiny_models.image, change, path)
    with pytest.raises(kind, match=message) as caught:
        engine.prepare(_with((path, 1.0)))
    assert type(caught.value) is kind
    assert str(path) in caught.value.message
    assert "\n" not in caught.value.message
    assert torch.isfinite(_latents(engine, ("first", 1.0))).all()


def test_what_is_not_there_is_named(engine: ImageEngine, shelf: Path, tmp_path: Path) -> None:
    (tmp_path / "old.ckpt").write_bytes(b"pickle")
    for adapter, kind, message in (
        ("frist", ModelNotFound, "no LoRA named 'frist'; did you mean first?, or name"),
        ("~nosuchuser/x", ModelNotFound, "no LoRA named '~nosuchuser/x'"),
        (tmp_path, ModelNotFound, "holds no pytorch_lora_weights.safetensors"),
        (tmp_path / "old.ckpt", InvalidRequest, "may run what is in them; convert it"),
    ):
        with pytest.raises(kind, match=re.escape(message)):
            engine.prepare(_with((adapter, 1.0)))


def test_a_file_says_nothing_but_the_scale_of_its_weights(
    tiny_models: TinyModels, engine: ImageEngine, tmp_path: Path
) -> None:
    weights, _ = unet_weights(tiny_models.image, 1)
    content = {f"unet.{key}": tensor for key, tensor in weights.items()}
    header = {"unet.lora_alpha": 2, "unet.megatron_config": {}, "unet.megatron_core": "antigravity"}
    path = tmp_path / "told.safetensors"
    save_file(content, path, {"lora_adapter_metadata": json.dumps(header)})
    assert torch.equal(_latents(engine, (path, 1.0)), _latents(engine, ("first", 1.0)))


def test_a_file_is_read_once_and_anew_where_it_changed(
    engine: ImageEngine, shelf: Path, tmp_path: Path
) -> None:
    path = tmp_path / "mine.safetensors"
    path.write_bytes((shelf / "first.safetensors").read_bytes())
    first = engine._adapters.load(str(path))
    assert engine._adapters.load(str(path)) is first
    save_file({k: t * 2 for k, t in load_file(path).items()}, path)
    assert engine._adapters.load(str(path)) is not first


def test_few_are_kept_and_a_request_that_is_cancelled_leaves_none(
    tiny_models: TinyModels, shelf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lora, "KEPT_ADAPTERS", 1)
    engine = _engine(tiny_models.image, shelf)
    batching = DenoisingEngine(CPU)
    (one,) = engine.prepare(_with(("first", 1.0)))
    batching.add(one)
    batching.step()
    adapter = weakref.ref(next(iter(one.adapters[0][0].layers.values())).down)
    del one
    _latents(engine, ("second", 1.0))
    gc.collect()
    assert adapter() is not None  # its request goes on
    batching.cancel("picture/0")
    gc.collect()
    assert adapter() is None
    assert len(engine._adapters._kept) == 1


@pytest.mark.slow
def test_with_openvino_rows_with_adapters_are_as_in_pytorch(
    tiny_models: TinyModels, shelf: Path, tmp_path: Path
) -> None:
    pytest.importorskip("openvino", reason="OpenVINO is for Linux on x86_64")
    engine = _engine(tiny_models.image, shelf)
    uses = [(), (("first", 1.0),), (("second", 0.5), ("first", -0.2))]
    crowd = [
        replace(engine.prepare(_with(*one))[0], request_id=str(n)) for n, one in enumerate(uses)
    ]
    eager = _finish(*crowd)
    engine.use("openvino", tmp_path)
    engine.use("openvino", tmp_path)
    plain = _finish(*engine.prepare(_with()))
    assert engine.unet.device.type == "meta"  # PyTorch holds no weights until rows have adapters
    mixed = _finish(*crowd)
    assert engine.unet.device.type == "cpu"
    torch.testing.assert_close(plain["picture/0"], mixed["0"], rtol=0.0, atol=2e-4)
    torch.testing.assert_close(_latents(engine, ("first", 1.0)), eager["1"], rtol=0.0, atol=2e-4)
    for number in range(3):
        torch.testing.assert_close(mixed[str(number)], eager[str(number)], rtol=0.0, atol=2e-4)
    # The U-Net and the decoder: none is converted for an adapter.
    assert len(list(tmp_path.glob("*.xml"))) == 2
    engine.use("openvino", tmp_path)
    fresh = _latents(engine, ("second", 0.5), ("first", -0.2))  # read anew, in its own thread
    torch.testing.assert_close(fresh, eager["2"], rtol=0.0, atol=2e-4)
    engine.use("eager", tmp_path)
    torch.testing.assert_close(_finish(*crowd)["2"], eager["2"], rtol=0.0, atol=2e-4)


def test_in_bf16_a_picture_is_nearly_the_same_in_any_company(
    tiny_models: TinyModels, shelf: Path
) -> None:
    fast = ImageEngine(ModelSpec("tiny", tiny_models.image), CPU, torch.bfloat16, shelf)
    alone = fast.generate(_with(("first", 1.0)))[0]
    crowd = fast.generate(replace(_with(("first", 1.0)), count=3))[0]
    assert _psnr(alone, crowd) >= 40


def _psnr(first: Image.Image, second: Image.Image) -> float:
    error = np.square(np.asarray(first, float) - np.asarray(second, float)).mean()
    return 10 * float(np.log10(255**2 / max(error, 1e-9)))


def test_a_header_s_layer_names_are_no_patterns(
    tiny_models: TinyModels, engine: ImageEngine, tmp_path: Path
) -> None:
    """They come from strangers, and some regular expressions never end."""
    weights, _ = unet_weights(tiny_models.image, 1)
    content = {f"unet.{key}": tensor for key, tensor in weights.items()}
    latents: list[torch.Tensor] = []
    for name, alphas in (("plain", {}), ("pattern", {"(.*)*conv_in": 64.0, ".*": 64.0})):
        told = {"unet.lora_alpha": 2, "unet.alpha_pattern": alphas}
        header = {"format": "pt", "lora_adapter_metadata": json.dumps(told)}
        save_file(content, tmp_path / f"{name}.safetensors", header)
        latents.append(_latents(engine, (str(tmp_path / f"{name}.safetensors"), 1.0)))
    torch.testing.assert_close(*latents)
