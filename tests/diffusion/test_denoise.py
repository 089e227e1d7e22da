"""A picture does not depend on its neighbours; what is kept stays; a start is where it should."""

import pytest
import torch
from torch import Tensor

from maquette.diffusion.denoise import DenoisedStep, Kept, Noise, denoise
from maquette.diffusion.noise_schedule import NoiseSchedule
from maquette.diffusion.samplers import SAMPLERS, compile_table

SHAPE = (4, 8, 8)
SCHEDULE = NoiseSchedule(
    beta_schedule="scaled_linear", prediction_type="v_prediction", rescale_betas_zero_snr=True
)


def _predict(latents: Tensor, timestep: float) -> Tensor:
    return torch.tanh(latents.flip(-1)) - timestep / 2000


def _last(sampler: str, seeds: list[int], **options: Tensor | Kept) -> DenoisedStep:
    table = compile_table(sampler, SCHEDULE, 6)
    return list(denoise(_predict, table, Noise(seeds, SHAPE), **options))[-1]  # type: ignore[arg-type]


@pytest.mark.parametrize("sampler", sorted(SAMPLERS))
def test_a_picture_is_the_same_alone_and_in_company(sampler: str) -> None:
    together = _last(sampler, [5, 9, 7]).latents
    for place, seed in enumerate([5, 9, 7]):
        torch.testing.assert_close(_last(sampler, [seed]).latents[0], together[place])


@pytest.mark.parametrize("sampler", sorted(SAMPLERS))
def test_what_is_kept_is_kept_and_the_rest_is_not(sampler: str) -> None:
    source = torch.randn(1, *SHAPE, generator=torch.Generator().manual_seed(1))
    mask = torch.zeros(1, 1, 8, 8)
    mask[..., 4:] = 1.0
    latents = _last(sampler, [3], source=source, kept=Kept(source, mask)).latents
    assert torch.equal(latents[..., :4], source[..., :4])
    assert float((latents[..., 4:] - source[..., 4:]).abs().mean()) > 0.1


@pytest.mark.parametrize("sampler", ["euler", "ddim", "flow-euler"])
def test_a_weak_run_stays_near_its_source(sampler: str) -> None:
    source = torch.randn(1, *SHAPE, generator=torch.Generator().manual_seed(2))

    def knows(latents: Tensor, timestep: float) -> Tensor:
        # The velocity that leads back to the source.
        squared = torch.tensor(SCHEDULE.alphas_cumprod[round(timestep)]).float()
        alpha, sigma = squared.sqrt(), (1 - squared).sqrt()
        return alpha * (latents - alpha * source) / sigma - sigma * source

    table = compile_table(sampler, SCHEDULE, 20, 0.3)
    assert len(table) == 6
    *_, last = denoise(knows, table, Noise([4], SHAPE), source)
    torch.testing.assert_close(last.predicted, source, rtol=1e-3, atol=1e-3)
