"""Every recipe runs whole on a tiny size: from drawings to weights that the engines load."""

import json
import random
import shutil
from pathlib import Path

import pytest
import torch
from PIL import Image
from transformers import CLIPTokenizer
from typer.testing import CliRunner

from maquette.cli.app import app
from maquette.core.errors import InvalidRequest, MaquetteError
from maquette.core.requests import GenerationRequest, SamplingParams
from maquette.engines.catalog import STARTERS, ModelSpec, verify_weights
from maquette.engines.clip import ClipEngine
from maquette.engines.image import ImageEngine
from maquette.recipes import autoencoder, latents, probe
from maquette.recipes import clip as clip_recipe
from maquette.recipes.autoencoder import load as load_autoencoder
from maquette.recipes.autoencoder import psnr
from maquette.recipes.clip import SIZES, SigmoidLoss, build_text, choice_loss, shorten, tokenize
from maquette.recipes.labels import GRID
from maquette.recipes.pictures import captioned
from maquette.recipes.probe import _places_of_two, load_probe, train_probe
from maquette.recipes.scoring import ask
from maquette.recipes.tokenizer import CONTEXT_TOKENS, train_tokenizer
from maquette.recipes.whole import Pace, train_all
from maquette.train.loop import LoopSettings
from maquette.world.captions import Caption
from maquette.world.compose import Split, compose
from maquette.world.draw import draw
from maquette.world.holdout import scene_is_held_out
from maquette.world.scene import Scene
from tests.conftest import TinyModels

CPU = torch.device("cpu")


def _train(*words: object) -> Path:
    """`maquette train` as a person calls it; returns the checkpoint that it names."""
    given = ["train", *map(str, words), "--json"]
    result = CliRunner().invoke(app, given, obj={"MAQUETTE_DEVICE": "cpu"})
    assert result.exit_code == 0, result.output
    return Path(json.loads(result.stdout)["checkpoint"])


@pytest.mark.slow
def test_from_drawings_to_a_picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(latents, "SHARD_PICTURES", 32)
    tiny = ["--size", "tiny", "--workers", 0]
    text = _train("text", "--out", tmp_path / "text", "--steps", 3, *tiny)
    clip = _train("clip", "--out", tmp_path / "clip", "--steps", 3, "--text", text, *tiny)
    vae = _train("autoencoder", "--out", tmp_path / "vae", "--steps", 4, *tiny)
    encoded = ["latents", "--out", tmp_path / "latents", "--vae", vae, "--workers", 0]
    _train(*encoded, "--pictures", 40)
    assert latents.read_latents(tmp_path / "latents", vae).shape == (64, 4, 16, 16)
    words = ["image", "--text", text, "--vae", vae, "--latents", tmp_path / "latents"]
    words += ["--size", "tiny", "--batch", 4]
    image = _train(*words, "--out", tmp_path / "image", "--steps", 2)
    # A killed run goes on; another begins from finished weights, whatever size is named.
    _train(*words, "--out", tmp_path / "image", "--steps", 4)
    _train(*words, "--out", tmp_path / "more", "--steps", 2, "--start", image, "--size", "starter")
    steps = [call["steps"] for call in json.loads((tmp_path / "image" / "run.json").read_text())]
    assert steps == [2, 4]
    (record,) = json.loads((tmp_path / "more" / "run.json").read_text())
    assert record["command"] == "maquette train image"
    assert (record["batch"], record["seed"], record["start"]) == (4, 0, str(image))
    more = tmp_path / "more" / "starter"
    few = ["turbo", "--out", tmp_path / "turbo", "--model", more, "--text", text, "--steps", 1]
    lora = _train(*few, "--latents", tmp_path / "latents", "--batch", 8)
    spec = ModelSpec("image", more, adapter=lora.parent)
    engine = ImageEngine(spec, CPU, torch.float32)
    params = SamplingParams("a red boat", num_inference_steps=2)
    assert engine.generate(GenerationRequest(params))[0].size == (256, 256)
    ClipEngine(ModelSpec("clip", clip), CPU)
    assert 3.0 < psnr(load_autoencoder(vae), pictures=2) < 60.0


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["text", "--size", "huge"], 2, "unknown size 'huge'; known are starter, tiny"),
        (["all", "--size", "f8"], 2, "unknown size 'f8'; known are starter, tiny"),
        (["image", "--latents", "none", "--text", "T", "--vae", "V"], 2, "none holds no latents"),
    ],
)
def test_a_recipe_that_cannot_begin_says_why(
    tiny_models: TinyModels, tmp_path: Path, words: list[str], code: int, message: str
) -> None:
    names = {"T": str(tiny_models.clip / "text"), "V": str(tiny_models.vae)}
    given = ["train", *(names.get(w, w) for w in words), "--out", str(tmp_path)]
    result = CliRunner().invoke(app, given, obj={})
    assert isinstance(result.exception, MaquetteError)
    assert result.exception.exit_code == code
    assert message in result.exception.message


def test_a_run_goes_on_only_as_it_began(tmp_path: Path) -> None:
    words = ["train", "probe", "--workers", "0", "--out", str(tmp_path)]
    begun = CliRunner().invoke(app, [*words, "--steps", "1"], obj={"MAQUETTE_DEVICE": "cpu"})
    assert begun.exit_code == 0, begun.output
    other = CliRunner().invoke(app, [*words, "--steps", "2", "--seed", "3"], obj={})
    assert isinstance(other.exception, InvalidRequest)
    message = "began with seed 0, not 3; give that to go on with it, or another --out"
    assert message in other.exception.message
    assert len(json.loads((tmp_path / "run.json").read_text())) == 1


def test_latents_of_another_autoencoder_are_refused(
    tiny_models: TinyModels, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(latents, "SHARD_PICTURES", 16)
    latents.encode_pictures(tiny_models.vae, tmp_path / "latents", 16, workers=0)
    other = tmp_path / "vae"
    shutil.copytree(tiny_models.vae, other)
    weights = other / "diffusion_pytorch_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"x")
    for work in (
        lambda: latents.read_latents(tmp_path / "latents", other),
        lambda: latents.encode_pictures(other, tmp_path / "latents", 16, workers=0),
    ):
        with pytest.raises(InvalidRequest, match="was encoded by another autoencoder; remove it"):
            work()


def test_what_follows_a_text_s_end_changes_nothing() -> None:
    words = CLIPTokenizer.from_pretrained(STARTERS["clip"].folder / "text")
    text = build_text(SIZES["tiny"], words).eval()
    tokens = tokenize(words, ["a red boat", "一艘红色的小船在海上"])
    cut = shorten(tokens)
    assert cut.shape[1] < tokens.shape[1]
    with torch.no_grad():
        torch.testing.assert_close(text(cut).text_embeds, text(tokens).text_embeds)


def test_the_sigmoid_loss_is_that_of_its_paper() -> None:
    torch.manual_seed(0)
    first, second = torch.randn(2, 5, 8)
    loss, hits = SigmoidLoss()(first, second)
    expected = 0.0
    for i, x in enumerate(first):
        for j, y in enumerate(second):
            logit = 10 * torch.cosine_similarity(x, y, dim=0) - 10
            expected -= float(torch.nn.functional.logsigmoid(logit if i == j else -logit))
    assert float(loss.detach()) == pytest.approx(expected / 5, rel=1e-3)
    assert float(SigmoidLoss()(first, first)[1]) == 1.0
    assert 0.0 <= float(hits) <= 1.0


def test_a_choice_is_right_where_the_first_is_nearest() -> None:
    one = torch.tensor([[1.0, 0.0], [0.0, 2.0]])
    near, far = torch.tensor([[0.9, 0.1], [0.2, 3.0]]), torch.tensor([[0.0, 1.0], [-1.0, 0.0]])
    loss, right = choice_loss(one, torch.stack([near, far], 1))
    assert float(right) == 1.0
    assert float(loss) < 1e-4
    loss, right = choice_loss(one, torch.stack([far, near], 1))
    assert float(right) == 0.0
    assert float(loss) > 10.0


def test_the_two_clearest_subjects_are_found_where_they_are() -> None:
    chances = torch.full((1, 28, GRID * GRID), -9.0)
    chances[0, 20, GRID * 2 + 1] = 0.0  # the later subject above, left of the middle
    chances[0, 3, GRID * 5 + 6] = 0.0
    places = _places_of_two(chances, chances.amax(2))[0] / 4.0 + 0.5
    expected = torch.tensor([6.5, 5.5, 1.5, 2.5]) / GRID
    torch.testing.assert_close(places, expected, atol=0.02, rtol=0.0)


def test_no_recipe_learns_from_a_held_out_scene(
    tiny_models: TinyModels, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(300):
        assert not scene_is_held_out(compose(number))
    composed: list[tuple[int, str]] = []
    make = compose

    def spy(number: int, split: Split = "train"):
        composed.append((number, split))
        return make(number, split)

    for module in (latents, probe, clip_recipe, autoencoder):
        monkeypatch.setattr(module, "compose", spy)
    monkeypatch.setattr(latents, "SHARD_PICTURES", 16)
    latents.encode_pictures(tiny_models.vae, tmp_path, 16, workers=0)
    probe._drawn(3)
    words = CLIPTokenizer.from_pretrained(tiny_models.clip / "text")
    told: list[Scene] = []
    tell = clip_recipe.caption

    def overhear(scene: Scene, language: str, rng: random.Random) -> Caption:
        told.append(scene)
        return tell(scene, language, rng)

    monkeypatch.setattr(clip_recipe, "caption", overhear)
    for number in range(100):
        clip_recipe._Captions(words)(number)
        clip_recipe._Pairs(words)(number)
    assert len(told) >= 900
    assert not any(map(scene_is_held_out, told))
    autoencoder.scaling_factor(load_autoencoder(tiny_models.vae), 2)
    assert len(composed) >= 20
    assert {split for _, split in composed} == {"train"}


@pytest.mark.slow
def test_the_probe_s_statistics_are_those_of_its_averaged_weights(tmp_path: Path) -> None:
    path = train_probe(tmp_path, LoopSettings(2, 1e-3), workers=0, batch_size=4, settling_batches=2)
    judge = load_probe(path)
    drawings = [Image.fromarray(draw(compose(n, "held_out"))) for n in range(4)]
    answers, features = ask(judge, drawings)
    assert answers["subject"].shape == (4, 28)
    assert features.shape == (4, 192)
    assert bool(torch.isfinite(features).all())
    norms = [m for m in judge.modules() if isinstance(m, torch.nn.BatchNorm2d)]
    assert all(int(n.num_batches_tracked) == 2 for n in norms if n.num_batches_tracked is not None)


@pytest.mark.slow
def test_all_recipes_in_one_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(latents, "SHARD_PICTURES", 16)
    pace = Pace(1, 4, 4, 1, 2, pictures=16)
    stages: list[str] = []
    weights = train_all(tmp_path, 0.02, 0, "tiny", pace, on_stage=stages.append)
    assert stages == [
        "text",
        "autoencoder",
        "latents",
        "image",
        "turbo",
        "clip",
        "probe",
        "language",
        "publish",
    ]
    for name in ("starter", "clip", "probe", "text"):
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
        alone = engine.codec.encode(Image.fromarray(draw(compose(number))))[0]
        read = latents.read_latents(tmp_path, tiny_models.vae)[number].float()
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
