"""What the image model learns from."""

import pickle

import pytest
import torch

from maquette.recipes import captioned_latents
from maquette.recipes.captioned_latents import CaptionedLatents, CaptionReader
from maquette.train.loop import Compute
from maquette.world.compose import Split, compose
from maquette.world.scene import Scene
from tests.conftest import TinyModels


def test_a_batch_sees_all_of_the_noise() -> None:
    generator = torch.Generator().manual_seed(3)
    timesteps = torch.stack([captioned_latents.spread_timesteps(8, generator) for _ in range(200)])
    assert timesteps.min() < 10
    assert timesteps.max() > 990
    gaps = timesteps.sort(1).values.diff(dim=1)
    assert gaps.min() >= 124
    assert gaps.max() <= 126


def captioned_pictures(models: TinyModels, count: int = 3) -> CaptionedLatents:
    numbered = torch.arange(count).view(-1, 1, 1, 1).expand(count, 4, 16, 16)
    return CaptionedLatents(numbered.half(), _reader(models), seed=2)


def _reader(models: TinyModels) -> CaptionReader:
    return CaptionReader(models.clip / "text", Compute(torch.device("cpu"), torch.float32))


def test_a_run_that_resumes_sees_what_it_would_have_seen(tiny_models: TinyModels) -> None:
    whole, resumed = (
        captioned_pictures(tiny_models).batches(5, 0),
        captioned_pictures(tiny_models).batches(5, 2),
    )
    for _ in range(2):
        next(whole)
    expected, batch = next(whole), next(resumed)
    assert batch.keys() >= {"latents", "context", "noise", "timesteps"}
    for name in batch:
        torch.testing.assert_close(batch[name], expected[name], msg=name)


def test_a_picture_comes_with_its_own_caption_or_none(
    tiny_models: TinyModels, monkeypatch: pytest.MonkeyPatch
) -> None:
    pictures = captioned_pictures(tiny_models)
    told: list[tuple[str, int]] = [("", -1)]
    tell = captioned_latents.captioned

    def overhear(scene: Scene, number: int, full: bool = False) -> str:
        text = tell(scene, number, full)
        told.append((text, scene.seed))
        return text

    monkeypatch.setattr(captioned_latents, "captioned", overhear)
    feed = pictures.batches(20, 0)
    batches = [next(feed) for _ in range(10)]
    assert 3 < len(told) <= 1 + 3 * captioned_latents.CAPTIONS  # each is told once
    read = _reader(tiny_models).read([text for text, _ in told]).float()
    empty = 0
    for batch in batches:
        for latent, context in zip(batch["latents"], batch["context"].float(), strict=True):
            far = (read - context).abs().amax((1, 2))
            assert float(far.min()) < 1e-2
            number = told[int(far.argmin())][1]
            assert number in (int(latent[0, 0, 0]), -1)
            empty += number == -1
    assert 8 <= empty <= 36  # a tenth of 200


def test_all_may_be_made_beforehand_by_what_can_be_sent_to_a_process(
    tiny_models: TinyModels, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(captioned_latents, "_BATCH", 4)  # which six captions are no multiple of
    pictures, asked = captioned_pictures(tiny_models), captioned_pictures(tiny_models)
    pictures._make = pickle.loads(pickle.dumps(pictures._make))
    pictures.make_all(workers=0)
    monkeypatch.setattr(pictures, "_make", None)
    feed, plain = pictures.batches(20, 0), asked.batches(20, 0)
    for _ in range(3):
        batch, expected = next(feed), next(plain)
        for name in expected:
            torch.testing.assert_close(batch[name], expected[name], rtol=0.0, atol=1e-2, msg=name)


def test_what_the_image_model_learns_from_is_not_held_out(
    tiny_models: TinyModels, monkeypatch: pytest.MonkeyPatch
) -> None:
    composed: list[tuple[int, str]] = []

    def spy(number: int, split: Split = "train") -> Scene:
        composed.append((number, split))
        return compose(number, split)

    monkeypatch.setattr(captioned_latents, "compose", spy)
    feed = captioned_pictures(tiny_models, 40).batches(20, 0)
    for _ in range(3):
        next(feed)
    assert len(composed) >= 30
    assert {split for _, split in composed} == {"train"}
    assert {number for number, _ in composed} <= set(range(40))
