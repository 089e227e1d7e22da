"""The image engine: equal to diffusers on the same weights, one clear line where it cannot."""

import json
import re
import shutil
from copy import copy
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import (
    DDIMScheduler,
    DPMSolverMultistepScheduler,
    LCMScheduler,
    StableDiffusionPipeline,
)
from PIL import Image
from safetensors.torch import load_file, save_file

from maquette.core.errors import InvalidRequest, ModelNotFound, WeightsDamaged
from maquette.core.requests import GenerationRequest, SamplingParams
from maquette.diffusion.engine import DenoisingEngine
from maquette.diffusion.request import DenoisingRequest, Noise
from maquette.diffusion.samplers import SAMPLERS
from maquette.engines import texts
from maquette.engines.catalog import (
    STARTERS,
    TURBO,
    WEIGHTS,
    ModelSpec,
    UsualValues,
    find_model,
)
from maquette.engines.clip import ClipEngine
from maquette.engines.image import ImageEngine, Progress
from maquette.recipes.probe import load_probe
from maquette.world.compose import compose
from maquette.world.draw import draw
from tests.conftest import TinyModels

CPU = torch.device("cpu")


def _engine(folder: Path) -> ImageEngine:
    return ImageEngine(ModelSpec(folder.name, folder), CPU, torch.float32)


@pytest.fixture(scope="module")
def engine(tiny_models: TinyModels) -> ImageEngine:
    return _engine(tiny_models.image)


def test_the_few_step_model_is_a_plain_lora_in_diffusers() -> None:
    params = SamplingParams(
        "a red boat", seed=3, **{**asdict(TURBO.usual), "num_inference_steps": 1}
    )
    ours = ImageEngine(TURBO, CPU, torch.float32).generate(GenerationRequest(params))[0]
    pipeline: Any = StableDiffusionPipeline.from_pretrained(TURBO.folder, dtype=torch.float32)
    pipeline.scheduler = LCMScheduler.from_config(pipeline.scheduler.config)
    pipeline.load_lora_weights(TURBO.adapter)
    noise = Noise(3, (32, 16, 16)).draw()[None]
    theirs = pipeline(params.prompt, latents=noise, num_inference_steps=1, guidance_scale=1.0)
    assert np.abs(_pixels(ours) - _pixels(theirs.images[0])).max() <= 2


def test_models_of_one_folder_share_all_but_the_u_net(engine: ImageEngine) -> None:
    spec = replace(engine.spec, model_id="another", usual=UsualValues(guidance_scale=1.0))
    alone, shared = (ImageEngine(spec, CPU, torch.float32, like=e) for e in (None, engine))
    assert shared.codec is engine.codec
    assert shared.texts is engine.texts
    assert shared.network_id != engine.network_id  # rows of the two never share a pass
    params = SamplingParams("a cat", seed=3, num_inference_steps=2, width=64, height=64)
    drawn = [e.generate(GenerationRequest(params))[0] for e in (alone, shared)]
    assert np.array_equal(_pixels(drawn[0]), _pixels(drawn[1]))
    with pytest.raises(InvalidRequest, match="tokens long; another reads"):
        shared.prepare(GenerationRequest(replace(params, prompt="a red boat " * 100)))
    assert ImageEngine(spec, CPU, torch.bfloat16, like=engine).codec is not engine.codec


def _pixels(image: Image.Image) -> np.ndarray:
    return np.asarray(image).astype(int)


@pytest.mark.parametrize("which", ["tiny", "starter"])
@pytest.mark.parametrize(
    ("sampler", "scheduler"), [("ddim", DDIMScheduler), ("dpm++2m", DPMSolverMultistepScheduler)]
)
def test_the_same_weights_draw_the_same_picture_in_diffusers(
    tiny_models: TinyModels, which: str, sampler: str, scheduler: Any
) -> None:
    folder = tiny_models.image if which == "tiny" else STARTERS["image"].folder
    params = SamplingParams(
        "a red boat", "blurry", seed=11, num_inference_steps=4, sampler=sampler, height=128
    )
    ours = _engine(folder).generate(GenerationRequest(params))[0]
    pipeline: Any = StableDiffusionPipeline.from_pretrained(folder, dtype=torch.float32)
    pipeline.scheduler = scheduler.from_config(pipeline.scheduler.config)
    pipeline.set_progress_bar_config(disable=True)
    channels = pipeline.unet.config.in_channels
    theirs = pipeline(
        params.prompt,
        negative_prompt=params.negative_prompt,
        width=256,
        height=128,
        num_inference_steps=4,
        guidance_scale=params.guidance_scale,
        latents=Noise(11, (channels, 8, 16)).draw()[None],
    ).images[0]
    assert np.abs(_pixels(ours) - _pixels(theirs)).max() <= 2


@pytest.mark.parametrize("sampler", sorted(SAMPLERS))
def test_a_seed_draws_the_same_picture_in_any_company(engine: ImageEngine, sampler: str) -> None:
    def params(seed: int) -> SamplingParams:
        return SamplingParams("a cat", seed=seed, num_inference_steps=3, sampler=sampler, width=64)

    three = engine.generate(GenerationRequest(params(5), count=3))
    alone = engine.generate(GenerationRequest(params(7)))[0]
    assert np.abs(_pixels(three[2]) - _pixels(alone)).max() <= 1
    assert np.abs(_pixels(three[0]) - _pixels(three[1])).max() > 10


def _psnr(first: Image.Image, second: Image.Image) -> float:
    error = np.square(_pixels(first) - _pixels(second)).mean()
    return 10 * float(np.log10(255**2 / max(error, 1e-9)))


def test_bf16_draws_nearly_the_same_and_in_any_company() -> None:
    spec = STARTERS["image"]
    exact, fast = (ImageEngine(spec, CPU, dtype) for dtype in (torch.float32, torch.bfloat16))
    drawn = Image.fromarray(draw(compose(1, "held_out")))
    there_and_back = (e.codec.decode(e.codec.encode(drawn))[0] for e in (exact, fast))
    assert _psnr(*there_and_back) >= 40

    def request(seed: int, count: int = 1) -> GenerationRequest:
        return GenerationRequest(SamplingParams("a cat", seed=seed, num_inference_steps=4), count)

    alone = fast.generate(request(7))[0]
    assert _psnr(alone, exact.generate(request(7))[0]) >= 40
    assert _psnr(alone, fast.generate(request(5, 3))[2]) >= 40


def test_progress_counts_every_step_of_every_picture(engine: ImageEngine) -> None:
    seen: list[Progress] = []
    params = SamplingParams("a cat", num_inference_steps=3, width=64, height=64)
    pictures = engine.generate(GenerationRequest(params, count=10), seen.append)
    assert len(pictures) == 10
    assert [p.done for p in seen] == [8, 16, 24, 26, 28, 30]
    assert {p.total for p in seen} == {30}
    numbers = [o.request.request_id for p in seen for o in p.outputs]
    assert sorted(numbers) == sorted([f"picture/{n}" for n in range(10)] * 3)


def test_requests_of_different_people_share_a_pass_and_end_as_they_do_alone(
    engine: ImageEngine,
) -> None:
    requests = [
        engine.prepare(
            GenerationRequest(
                SamplingParams(
                    prompt,
                    seed=steps,
                    num_inference_steps=steps,
                    sampler=sampler,
                    guidance_scale=guidance,
                    width=64,
                    height=64,
                )
            ),
            prompt,
        )[0]
        for prompt, steps, sampler, guidance in (
            ("a cat", 3, "euler-a", 4.0),
            ("two ducks", 5, "dpm++2m", 1.0),
            ("一只狗", 4, "ddim", 9.0),
        )
    ]

    def finish(*crowd: DenoisingRequest) -> dict[str, torch.Tensor]:
        batching = DenoisingEngine(CPU)
        for request in crowd:
            batching.add(request)
        outputs = batching.step()
        assert len(outputs) == len(crowd)  # all in one pass
        ended: dict[str, torch.Tensor] = {}
        while outputs:
            ended |= {o.request.request_id: o.latents for o in outputs if o.finished}
            outputs = batching.step()
        return ended

    together = finish(*requests)
    assert len(together) == 3
    for request in requests:
        alone = finish(request)[request.request_id]
        torch.testing.assert_close(together[request.request_id], alone, rtol=0.0, atol=1e-4)


def test_a_text_is_read_once(engine: ImageEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(texts, "CACHED_TEXTS", 3)
    read: list[int] = []
    forward = engine.texts.encoder.forward

    def spy(tokens: torch.Tensor, *rest: Any, **options: Any) -> Any:
        read.append(len(tokens))
        return forward(tokens, *rest, **options)

    monkeypatch.setattr(engine.texts.encoder, "forward", spy)
    engine.texts._states.clear()

    def draw(prompt: str) -> np.ndarray:
        params = SamplingParams(prompt, num_inference_steps=1, width=64, height=64)
        return _pixels(engine.generate(GenerationRequest(params))[0])

    first, again = draw("a cat"), draw("a cat")
    assert np.array_equal(first, again)
    assert len(read) == 2  # the prompt and the empty one
    for prompt in ("a dog", "a duck"):
        draw(prompt)
    assert len(engine.texts._states) == 3
    assert np.array_equal(draw("a cat"), first)


def test_inpainting_leaves_what_the_mask_spares(engine: ImageEngine) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (128, 128, 3), dtype=np.uint8)
    source, mask = Image.fromarray(noise), Image.new("L", (128, 128))
    mask.paste(255, (32, 32, 96, 96))
    params = SamplingParams("a cat", num_inference_steps=3, width=128, height=128)
    after = _pixels(engine.generate(GenerationRequest(params, source=source, mask=mask))[0])
    spared = np.asarray(mask) == 0
    assert np.array_equal(after[spared], noise.astype(int)[spared])
    assert np.abs(after[~spared] - noise.astype(int)[~spared]).mean() > 10


def test_guidance_of_one_asks_the_network_once(
    engine: ImageEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows: list[int] = []
    unet = engine.unet
    forward = unet.forward

    def spy(sample: torch.Tensor, *rest: Any, **options: Any) -> Any:
        rows.append(len(sample))
        return forward(sample, *rest, **options)

    monkeypatch.setattr(unet, "forward", spy)
    for scale in (1.0, 4.0):
        params = SamplingParams(
            "a cat", num_inference_steps=2, guidance_scale=scale, width=64, height=64
        )
        engine.generate(GenerationRequest(params))
    assert rows == [1, 1, 2, 2]
    rows.clear()
    params = SamplingParams(
        "a cat", num_inference_steps=4, guidance_interval=(0.0, 0.5), width=64, height=64
    )
    engine.generate(GenerationRequest(params))
    assert rows == [2, 2, 1, 1]


def test_a_prompt_that_is_too_long_is_refused_not_cut(engine: ImageEngine) -> None:
    params = SamplingParams("a very red boat " * 30, width=64, height=64)
    with pytest.raises(InvalidRequest, match=r"the prompt is \d+ tokens long; image reads 64"):
        engine.generate(GenerationRequest(params))


def test_damaged_and_missing_weights_are_named(tiny_models: TinyModels, tmp_path: Path) -> None:
    folder = tmp_path / "broken"
    shutil.copytree(tiny_models.image, folder)
    weights = folder / "unet" / "diffusion_pytorch_model.safetensors"
    whole = weights.read_bytes()
    weights.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    with pytest.raises(WeightsDamaged, match=r"unet/diffusion_pytorch_model.safetensors is miss"):
        _engine(folder)
    weights.unlink()
    with pytest.raises(WeightsDamaged, match="missing or damaged"):
        _engine(folder)
    (folder / "hashes.json").unlink()  # a folder from elsewhere has none
    with pytest.raises(
        WeightsDamaged, match=r"does not hold a whole model: .*; get the model again"
    ):
        _engine(folder)


@pytest.mark.parametrize("part", ["unet/diffusion_pytorch_model", "text_encoder/model"])
def test_a_file_that_is_cut_or_lacks_a_weight_is_named(
    tiny_models: TinyModels, tmp_path: Path, part: str
) -> None:
    folder = tmp_path / "foreign"  # a folder from elsewhere: it has no hashes
    shutil.copytree(tiny_models.image, folder)
    (folder / "hashes.json").unlink()
    path = folder / f"{part}.safetensors"
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(WeightsDamaged, match="does not hold a whole model") as caught:
        _engine(folder)
    assert "\n" not in caught.value.message
    path.write_bytes(whole)
    weights = load_file(path)
    weights.pop(sorted(weights)[0])
    save_file(weights, path, metadata={"format": "pt"})
    with pytest.raises(WeightsDamaged, match=r"lacks .* and 0 more weights; get the model again"):
        _engine(folder)


def test_a_schedule_of_another_kind_is_named(tiny_models: TinyModels, tmp_path: Path) -> None:
    folder = tmp_path / "foreign"
    shutil.copytree(tiny_models.image, folder)
    (folder / "hashes.json").unlink()
    config = folder / "scheduler" / "scheduler_config.json"
    config.write_text(json.dumps({"beta_schedule": "sigmoid"}))
    with pytest.raises(InvalidRequest, match=r"foreign cannot be used: beta_schedule 'sigmoid'"):
        _engine(folder)
    config.write_text("[1]")
    with pytest.raises(WeightsDamaged, match="does not hold a whole model"):
        _engine(folder)


def test_a_starter_must_have_its_hashes(tiny_models: TinyModels, tmp_path: Path) -> None:
    folder = tmp_path / "starter"
    shutil.copytree(tiny_models.image, folder)
    (folder / "hashes.json").write_text("{")
    with pytest.raises(WeightsDamaged, match=r"hashes.json is missing or damaged; reinstall"):
        ImageEngine(ModelSpec("starter", folder, shipped=True), CPU, torch.float32)


def test_models_are_found_by_kind(tiny_models: TinyModels) -> None:
    assert find_model("starter", "image") is STARTERS["image"]
    assert find_model(str(tiny_models.clip), "clip").model_id == "clip"
    for name, message in {
        "starter-clip": "no image model named 'starter-clip'; did you mean starter?",
        "~nosuchuser": "no image model named '~nosuchuser'",
        str(tiny_models.clip): "holds no image model, for model_index.json is not in it",
    }.items():
        with pytest.raises(ModelNotFound, match=re.escape(message)):
            find_model(name, "image")


def test_all_starters_load() -> None:
    ImageEngine(STARTERS["image"], CPU, torch.float32)
    ClipEngine(STARTERS["clip"], CPU)
    load_probe(STARTERS["probe"].folder / "probe.safetensors")


def test_a_size_that_the_model_cannot_draw_is_refused(engine: ImageEngine) -> None:
    engine_of_32 = copy(engine)
    engine_of_32.codec.factor_px = 32
    with pytest.raises(InvalidRequest, match="size 272x256 does not fit image; use multiples of 3"):
        engine_of_32.generate(GenerationRequest(SamplingParams("a cat", width=272)))


def test_shipped_weights_are_whole_and_small() -> None:
    for folder in {spec.folder for spec in STARTERS.values()}:
        assert json.loads((folder / "hashes.json").read_text())
    total = sum(path.stat().st_size for path in WEIGHTS.rglob("*") if path.is_file())
    assert total < 120e6
    image = sum(p.stat().st_size for p in STARTERS["image"].folder.rglob("*") if p.is_file())
    assert image < 70e6
