"""Every recipe runs whole on a tiny size: from drawings to weights that the engines load."""

from pathlib import Path

import pytest
import torch
from PIL import Image
from transformers import CLIPTokenizer

from maquette.core.requests import GenerationRequest, SamplingParams
from maquette.engines.catalog import ModelSpec, verify_weights
from maquette.engines.clip import ClipEngine
from maquette.engines.image import ImageEngine
from maquette.recipes import latents
from maquette.recipes.autoencoder import load as load_autoencoder
from maquette.recipes.autoencoder import psnr, train_autoencoder
from maquette.recipes.clip import train_clip, train_text
from maquette.recipes.image import train_image
from maquette.recipes.pictures import captioned
from maquette.recipes.probe import load_probe, train_probe
from maquette.recipes.scoring import ask
from maquette.recipes.tokenizer import CONTEXT_TOKENS, train_tokenizer
from maquette.recipes.whole import Pace, train_all
from maquette.train.loop import LoopSettings
from maquette.world.compose import compose
from maquette.world.draw import draw

CPU = torch.device("cpu")


def _steps(count: int) -> LoopSettings:
    return LoopSettings(count, 1e-3, log_every=2)


@pytest.mark.slow
def test_from_drawings_to_a_picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = train_text(tmp_path / "text", _steps(3), "tiny", workers=0)
    clip = train_clip(tmp_path / "clip", _steps(3), text, "tiny", workers=0)
    vae = train_autoencoder(tmp_path / "vae", _steps(4), "tiny", workers=0)
    monkeypatch.setattr(latents, "SHARD_PICTURES", 32)
    latents.encode_pictures(vae, tmp_path / "latents", 40, workers=0)
    read = latents.read_latents(tmp_path / "latents")
    assert read.shape == (64, 4, 16, 16)
    image = train_image(tmp_path / "image", _steps(2), text, vae, tmp_path / "latents", "tiny")
    # A killed run goes on; another begins from the finished weights.
    train_image(tmp_path / "image", _steps(4), text, vae, tmp_path / "latents", "tiny")
    train_image(tmp_path / "more", _steps(2), text, vae, tmp_path / "latents", "tiny", start=image)
    engine = ImageEngine(ModelSpec("image", image), CPU, torch.float32)
    params = SamplingParams("a red boat", num_inference_steps=2)
    picture = engine.generate(GenerationRequest(params))[0]
    ranked = ClipEngine(ModelSpec("clip", clip), CPU).rank("a red boat", [picture, picture])
    assert sorted(ranked) == [0, 1]
    assert 3.0 < psnr(load_autoencoder(vae), pictures=2) < 60.0


@pytest.mark.slow
def test_the_probe_s_statistics_are_those_of_its_averaged_weights(tmp_path: Path) -> None:
    path = train_probe(tmp_path, _steps(2), workers=0, batch_size=4, settling_batches=2)
    probe = load_probe(path)
    drawings = [Image.fromarray(draw(compose(n, "held_out"))) for n in range(4)]
    answers, features = ask(probe, drawings)
    assert answers["subject"].shape == (4, 28)
    assert features.shape == (4, 192)
    assert bool(torch.isfinite(features).all())
    norms = [m for m in probe.modules() if isinstance(m, torch.nn.BatchNorm2d)]
    assert all(int(n.num_batches_tracked) == 2 for n in norms if n.num_batches_tracked is not None)


@pytest.mark.slow
def test_all_recipes_in_one_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(latents, "SHARD_PICTURES", 16)
    pace = Pace(1, 4, 4, 1, 2, pictures=16, rate=1e-3)
    stages: list[str] = []
    weights = train_all(tmp_path, 0.02, 0, "tiny", pace, stages.append)
    assert stages == ["text", "autoencoder", "latents", "image", "clip", "probe", "publish"]
    for name in ("starter", "clip", "probe"):
        verify_weights(ModelSpec(name, weights / name))
    ImageEngine(ModelSpec("starter", weights / "starter"), CPU, torch.float32)
    ClipEngine(ModelSpec("clip", weights / "clip"), CPU)
    load_probe(weights / "probe" / "probe.safetensors")


def test_latents_are_those_of_their_pictures(
    tiny_models, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(latents, "SHARD_PICTURES", 16)
    latents.encode_pictures(tiny_models.vae, tmp_path, 32, workers=0)
    engine = ImageEngine(ModelSpec("image", tiny_models.image), CPU, torch.float32)
    for number in (0, 17):
        alone = engine.encode(Image.fromarray(draw(compose(number))))[0]
        read = latents.read_latents(tmp_path)[number].float()
        assert float((alone - read).abs().max()) < 0.05 * float(alone.abs().max())


def test_nothing_is_unknown_to_the_tokenizer(tmp_path: Path) -> None:
    train_tokenizer(tmp_path, 900, captions=500)
    tokenizer = CLIPTokenizer.from_pretrained(tmp_path)
    assert tokenizer.model_max_length == CONTEXT_TOKENS
    assert tokenizer.eos_token_id == len(tokenizer) - 1  # how CLIP finds a text's end
    texts = ["Żółw naïve ☃ 龘 一艘红色的小船", *(captioned(compose(n), n) for n in range(200))]
    for text in texts:
        tokens = tokenizer(text).input_ids
        assert tokenizer.eos_token_id not in tokens[:-1]
        assert len(tokens) <= CONTEXT_TOKENS
