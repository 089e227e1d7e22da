"""The schedule is diffusers' own, and refuses what it does not know."""

from typing import Any

import numpy as np
import pytest
import torch
from diffusers import DDIMScheduler

from maquette.core.errors import InvalidRequest
from maquette.diffusion.noise_schedule import SCHEDULES, NoiseSchedule


@pytest.mark.parametrize("zero", [False, True])
@pytest.mark.parametrize("betas", SCHEDULES)
def test_noising_and_velocity_are_those_of_diffusers(betas: str, zero: bool) -> None:
    config = {
        "beta_schedule": betas,
        "beta_start": 0.00085,
        "beta_end": 0.012,
        "prediction_type": "v_prediction",
        "rescale_betas_zero_snr": zero,
    }
    ours = NoiseSchedule.from_config(config)
    rival: Any = DDIMScheduler(**config)
    np.testing.assert_allclose(ours.alphas_cumprod, rival.alphas_cumprod, rtol=2e-3, atol=1e-6)
    generator = torch.Generator().manual_seed(3)
    x0, noise = (torch.randn(5, 3, 4, 4, generator=generator) for _ in range(2))
    timesteps = torch.tensor([0, 10, 500, 990, 999])
    torch.testing.assert_close(
        ours.add_noise(x0, noise, timesteps),
        rival.add_noise(x0, noise, timesteps),
        rtol=1e-3,
        atol=1e-3,
    )
    torch.testing.assert_close(
        ours.velocity(x0, noise, timesteps),
        rival.get_velocity(x0, noise, timesteps),
        rtol=1e-3,
        atol=1e-3,
    )


def test_the_shares_add_up_and_the_picture_fades() -> None:
    schedule = NoiseSchedule(prediction_type="v_prediction", rescale_betas_zero_snr=True)
    np.testing.assert_allclose(schedule.alphas**2 + schedule.sigmas**2, 1.0)
    assert schedule.alphas[-1] == 0.0
    assert (np.diff(schedule.alphas) < 0).all()


def test_zero_terminal_snr_leaves_nothing_of_the_picture() -> None:
    schedule = NoiseSchedule(prediction_type="v_prediction", rescale_betas_zero_snr=True)
    noise = torch.randn(1, 1, 4, 4)
    noisy = schedule.add_noise(torch.full_like(noise, 5.0), noise, torch.tensor([999]))
    torch.testing.assert_close(noisy, noise)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"beta_schedule": "sigmoid"}, "beta_schedule 'sigmoid' is not one of linear"),
        ({"prediction_type": "flow"}, "prediction_type 'flow' is not one of epsilon"),
        ({"timestep_spacing": "odd"}, "timestep_spacing 'odd' is not one of leading"),
        ({"trained_betas": [0.1, 0.2]}, "trained_betas cannot be read"),
        ({"rescale_betas_zero_snr": True}, "cannot begin from pure noise"),
    ],
)
def test_what_is_unknown_or_impossible_is_named(config: dict[str, object], message: str) -> None:
    with pytest.raises(InvalidRequest, match=message):
        NoiseSchedule.from_config(config)
