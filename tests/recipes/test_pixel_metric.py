"""The metric foretells from an error in the latents what it does to the pixels."""

from typing import Any

import pytest
import torch

from maquette.recipes.autoencoder import load as load_autoencoder
from maquette.recipes.pixel_metric import pixel_metric
from tests.conftest import TinyModels


@torch.no_grad()
def test_it_foretells_the_error_of_the_pixels(tiny_models: TinyModels) -> None:
    model: Any = load_autoencoder(tiny_models.vae)
    torch.manual_seed(0)
    latents = torch.randn(8, 4, 16, 16)
    metric = pixel_metric(model, latents)
    assert torch.equal(metric, pixel_metric(model, latents))
    torch.testing.assert_close(metric, metric.T)
    assert float((metric @ metric).diagonal().mean()) == pytest.approx(1.0, abs=1e-5)
    scale, shares = model.config.scaling_factor, []
    plain = model.decode(latents / scale).sample
    for direction in torch.linalg.eigh(metric).eigenvectors.T:
        error = 0.1 * torch.randn(8, 1, 16, 16) * direction[:, None, None]
        moved = (model.decode((latents + error) / scale).sample - plain).square().mean()
        foretold = (error.movedim(1, -1) @ metric).square().mean()
        shares.append(float(moved / foretold))
    assert max(shares) < 1.3 * min(shares)
