"""The linear autoencoder learns at once, and a convolutional one begins as it."""

import pytest
import torch
from torch import Tensor

from maquette.recipes.autoencoder import AutoencoderSize, build
from maquette.recipes.linear_start import LinearAutoencoder, begin_as, grow_linear
from maquette.recipes.pictures import to_tensor
from maquette.world.compose import compose
from maquette.world.draw import draw

SIZE = AutoencoderSize((8, 16, 24, 40), 12)


def _psnr(first: Tensor, second: Tensor) -> float:
    return float(10 * torch.log10(4 / (first - second).detach().square().mean()))


@pytest.fixture(scope="module")
def drawings() -> Tensor:
    return torch.stack([to_tensor(draw(compose(n))) for n in range(6)])


def test_a_level_is_good_before_any_training(drawings: Tensor) -> None:
    model = LinearAutoencoder()
    model.grow(drawings, 12)
    features = model.encode(drawings)
    assert features.shape == (6, 12, 128, 128)
    fresh = model.decode(features)
    assert _psnr(fresh, drawings) > 25
    model.grow(drawings, 4)  # four of forty-eight values
    assert model.encode(drawings).shape == (6, 4, 64, 64)
    assert 15 < _psnr(model.decode(model.encode(drawings)), drawings) < _psnr(fresh, drawings)


def test_training_improves_what_least_squares_began(drawings: Tensor) -> None:
    torch.manual_seed(0)
    begun, trained = (grow_linear(drawings, (12, 24, 4), steps) for steps in (0, 150))
    scores = [_psnr(m.decode(m.encode(drawings)), drawings) for m in (begun, trained)]
    assert scores[1] > scores[0] + 0.3


@torch.no_grad()
def test_the_convolutional_model_begins_as_the_linear_one(drawings: Tensor) -> None:
    torch.manual_seed(0)
    assert SIZE.linear_channels == (8, 16, 12)
    linear = grow_linear(drawings, SIZE.linear_channels, 0)
    before = linear.decode(linear.encode(drawings))
    model = build(SIZE).eval()
    begin_as(linear, model, drawings)
    # Balancing turns what lies between the levels, not what comes out.
    assert _psnr(linear.decode(linear.encode(drawings)), before) > 45
    latents = model.encode(drawings).latent_dist  # type: ignore[union-attr]
    assert float(latents.mode().std()) == pytest.approx(1.0, abs=0.15)
    assert float((latents.mode() - linear.encode(drawings)).std()) < 0.1
    assert float(latents.logvar.mean()) == pytest.approx(-6.0, abs=0.1)
    decoded = model.decode(latents.mode()).sample  # type: ignore[union-attr]
    assert _psnr(decoded, drawings) > _psnr(before, drawings) - 1.0
