"""The image model's loss, and what it learns from."""

import pytest
import torch
from diffusers import UNet2DConditionModel
from transformers import CLIPTextModel, CLIPTokenizer

from maquette.recipes import image
from maquette.recipes.image import Denoiser
from maquette.recipes.labels import GRID
from maquette.train.cores import Replicas
from maquette.world.compose import Split, compose
from maquette.world.scene import Scene
from tests.conftest import TinyModels


def _denoiser(models: TinyModels, metric: torch.Tensor) -> Denoiser:
    unet = UNet2DConditionModel.from_pretrained(models.image / "unet")
    torch.manual_seed(3)
    return Denoiser(unet, 16, metric)


def test_the_image_model_s_loss_is_that_of_pixels_and_weighs_figures(
    tiny_models: TinyModels,
) -> None:
    figures = torch.zeros(4, 16, 16)
    figures[:, 4:12, 4:12] = 1.0
    batch = {
        "latents": torch.randn(4, 4, 16, 16),
        "noise": torch.randn(4, 4, 16, 16),
        "timesteps": torch.tensor([100, 300, 500, 800]),
        "context": torch.randn(4, 5, 64),
        "figures": figures,
        "cells": torch.zeros(4, GRID, GRID, dtype=torch.long),
        "cell_colours": torch.zeros(4, GRID, GRID, dtype=torch.long),
    }

    def loss(metric: torch.Tensor, mask: torch.Tensor) -> float:
        model = _denoiser(tiny_models, metric)
        return float(model({**batch, "figures": mask})[0].detach())

    layout = loss(torch.zeros(4, 4), figures)
    plain, everywhere = (
        loss(torch.eye(4), m(figures)) for m in (torch.zeros_like, torch.ones_like)
    )
    assert plain == pytest.approx(everywhere)
    assert loss(2 * torch.eye(4), 0 * figures) - layout == pytest.approx(4 * (plain - layout))
    inside = (loss(torch.eye(4), figures) - layout) * (256 + 2 * 64)
    outside = (loss(torch.eye(4), 1 - figures) - layout) * (256 + 2 * 192)
    assert inside + outside == pytest.approx(4 * 256 * (plain - layout), rel=1e-4)


def test_a_batch_sees_all_of_the_noise() -> None:
    generator = torch.Generator().manual_seed(3)
    timesteps = torch.stack([image.spread_timesteps(8, generator) for _ in range(200)])
    assert timesteps.min() < 10
    assert timesteps.max() > 990
    gaps = timesteps.sort(1).values.diff(dim=1)
    assert gaps.min() >= 124
    assert gaps.max() <= 126


@pytest.mark.usefixtures("four_threads")
def test_the_image_model_s_gradient_of_shares_is_nearly_that_of_the_whole(
    tiny_models: TinyModels,
) -> None:
    """Nearly, for each share's figures are weighed by its own."""
    batch = next(_pictures(tiny_models, 40).batches(64, 0))
    gradients: list[torch.Tensor] = []
    for most in (1, 2):
        model = _denoiser(tiny_models, torch.eye(4))
        Replicas(model, lambda m, b: m(b), most).backward(batch)
        found = [p.grad.flatten() for p in model.parameters() if p.grad is not None]
        assert len(found) > 20
        gradients.append(torch.cat(found))
    whole, shared = gradients
    assert float(torch.cosine_similarity(whole, shared, dim=0)) > 0.98
    assert float(shared.norm() / whole.norm()) == pytest.approx(1.0, abs=0.1)


def _pictures(models: TinyModels, count: int = 3) -> image._CaptionedLatents:
    text = CLIPTextModel.from_pretrained(models.image / "text_encoder").eval()
    words = CLIPTokenizer.from_pretrained(models.image / "tokenizer")
    numbered = torch.arange(count).view(-1, 1, 1, 1).expand(count, 4, 16, 16)
    return image._CaptionedLatents(numbered.half(), words, text, seed=2)


def test_a_run_that_resumes_sees_what_it_would_have_seen(tiny_models: TinyModels) -> None:
    whole, resumed = _pictures(tiny_models).batches(5, 0), _pictures(tiny_models).batches(5, 2)
    for _ in range(2):
        next(whole)
    expected, batch = next(whole), next(resumed)
    assert batch.keys() >= {"latents", "context", "noise", "timesteps"}
    for name in batch:
        torch.testing.assert_close(batch[name], expected[name], msg=name)


def test_a_picture_comes_with_its_own_caption_or_none(
    tiny_models: TinyModels, monkeypatch: pytest.MonkeyPatch
) -> None:
    pictures = _pictures(tiny_models)
    told: list[tuple[str, int]] = [("", -1)]
    tell = image.captioned

    def overhear(scene: Scene, number: int, full: bool = False) -> str:
        text = tell(scene, number, full)
        told.append((text, scene.seed))
        return text

    monkeypatch.setattr(image, "captioned", overhear)
    feed = pictures.batches(20, 0)
    batches = [next(feed) for _ in range(10)]
    assert 3 < len(told) <= 1 + 3 * image.CAPTIONS  # each is told once
    read = pictures._read([text for text, _ in told]).float()
    empty = 0
    for batch in batches:
        for latent, context in zip(batch["latents"], batch["context"].float(), strict=True):
            far = (read - context).abs().amax((1, 2))
            assert float(far.min()) < 1e-2
            number = told[int(far.argmin())][1]
            assert number in (int(latent[0, 0, 0]), -1)
            empty += number == -1
    assert 8 <= empty <= 36  # a tenth of 200


def test_captions_beyond_those_kept_are_read_anew(
    tiny_models: TinyModels, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = [next(_pictures(tiny_models).batches(5, step)) for step in range(6)]
    monkeypatch.setattr(image, "KEPT", 1)
    told: list[int] = []
    tell = image.captioned

    def overhear(scene: Scene, number: int, full: bool = False) -> str:
        told.append(number)
        return tell(scene, number, full)

    monkeypatch.setattr(image, "captioned", overhear)
    pictures = _pictures(tiny_models)
    feed = pictures.batches(5, 0)
    for expected in plain:
        batch = next(feed)
        torch.testing.assert_close(batch["context"], expected["context"], rtol=0.0, atol=1e-2)
    assert len(pictures._items) <= 5  # the first batch's
    assert len(told) > len(set(told))


def test_what_the_image_model_learns_from_is_not_held_out(
    tiny_models: TinyModels, monkeypatch: pytest.MonkeyPatch
) -> None:
    composed: list[tuple[int, str]] = []

    def spy(number: int, split: Split = "train") -> Scene:
        composed.append((number, split))
        return compose(number, split)

    monkeypatch.setattr(image, "compose", spy)
    feed = _pictures(tiny_models, 40).batches(20, 0)
    for _ in range(3):
        next(feed)
    assert len(composed) >= 30
    assert {split for _, split in composed} == {"train"}
    assert {number for number, _ in composed} <= set(range(40))
