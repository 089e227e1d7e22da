"""The image model's loss, and what it learns from."""

import pytest
import torch
from diffusers import UNet2DConditionModel

from maquette.recipes.image import Denoiser
from maquette.recipes.labels import GRID
from maquette.train.cores import Replicas
from tests.conftest import TinyModels
from tests.recipes.test_captioned_latents import captioned_pictures


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


@pytest.mark.usefixtures("four_threads")
def test_the_image_model_s_gradient_of_shares_is_nearly_that_of_the_whole(
    tiny_models: TinyModels,
) -> None:
    """Nearly, for each share's figures are weighed by its own."""
    batch = next(captioned_pictures(tiny_models, 40).batches(64, 0))
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
