"""A deepened U-Net computes what it did before, and has more to learn with."""

import pytest
import torch
from diffusers import UNet2DConditionModel

from maquette.core.errors import InvalidRequest
from maquette.recipes.growth import deepen
from maquette.recipes.image import UNetSize, build


def _noisy(unet: UNet2DConditionModel) -> UNet2DConditionModel:
    """No branch of it silent, as after training."""
    torch.manual_seed(1)
    for parameter in unet.parameters():
        torch.nn.init.normal_(parameter, std=0.05)
    return unet


@pytest.mark.parametrize("layers", [(3, 1), (2, 2), (1, 3), (1, 1)])
@torch.no_grad()
def test_a_deeper_unet_computes_the_same(layers: tuple[int, ...]) -> None:
    small = _noisy(build(UNetSize((32, 64), (1, 1), convolutional=1), 4, 8, 24))
    deep = deepen(small, layers)
    assert tuple(deep.config.layers_per_block) == layers
    latents, timesteps = torch.randn(3, 4, 8, 8), torch.tensor([0, 500, 999])
    context = torch.randn(3, 7, 24)
    torch.testing.assert_close(
        deep(latents, timesteps, context).sample, small(latents, timesteps, context).sample
    )
    again = deepen(deep, (3, 3))
    torch.testing.assert_close(
        again(latents, timesteps, context).sample, small(latents, timesteps, context).sample
    )


def test_every_new_layer_learns() -> None:
    deep = deepen(_noisy(build(UNetSize((32, 64), (1, 1)), 4, 8, 24)), (2, 2))
    optimizer = torch.optim.Adam(deep.parameters(), lr=0.01, eps=1e-30)
    before = {n: p.detach().clone() for n, p in deep.named_parameters()}
    for _ in range(2):  # behind a silent convolution, what comes before it moves a step later
        value = deep(torch.randn(2, 4, 8, 8), 500, torch.randn(2, 7, 24)).sample.square().mean()
        optimizer.zero_grad()
        value.backward()
        optimizer.step()
    still = [n for n, p in deep.named_parameters() if torch.equal(p, before[n])]
    assert not still


@pytest.mark.parametrize("layers", [(1, 1), (2, 2, 2)])
def test_a_unet_does_not_shrink(layers: tuple[int, ...]) -> None:
    unet = build(UNetSize((32, 64), (2, 1)), 4, 8, 24)
    with pytest.raises(InvalidRequest, match=r"layers \(2, 1\) cannot be deepened to"):
        deepen(unet, layers)
