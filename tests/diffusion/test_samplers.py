"""Each table against the diffusers scheduler of that name, step for step."""

from typing import Any

import pytest
import torch
from diffusers import (
    DDIMScheduler,
    DPMSolverMultistepScheduler,
    EulerAncestralDiscreteScheduler,
    EulerDiscreteScheduler,
    FlowMatchEulerDiscreteScheduler,
)
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from maquette.core.errors import InvalidRequest
from maquette.diffusion.noise_schedule import NoiseSchedule
from maquette.diffusion.samplers import SAMPLERS, compile_table, update

ZERO_SNR = {
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "prediction_type": "v_prediction",
    "rescale_betas_zero_snr": True,
    "timestep_spacing": "trailing",
}
PLAIN = {
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "prediction_type": "epsilon",
    "timestep_spacing": "leading",
    "steps_offset": 1,
}
EVEN = {**PLAIN, "prediction_type": "v_prediction", "timestep_spacing": "linspace"}
RIVALS = {
    "euler": EulerDiscreteScheduler,
    "euler-a": EulerAncestralDiscreteScheduler,
    "ddim": DDIMScheduler,
    "dpm++2m": DPMSolverMultistepScheduler,
}
SHAPE = (2, 4, 8, 8)


def _rival(sampler: str, config: dict[str, Any]) -> Any:
    given = dict(config)
    if sampler == "ddim":
        given |= {"clip_sample": False, "set_alpha_to_one": False}
    if sampler == "dpm++2m":
        given.pop("steps_offset", None)
    return RIVALS[sampler](**given)


def _network(x: Tensor, timestep: float) -> Tensor:
    """Some bounded function of what a network sees."""
    return torch.tanh(x.flip(-1) * 0.7 + x.square() * 0.05 - timestep / 1000) + 0.3 * x


@pytest.mark.parametrize("steps", [1, 4, 25])
@pytest.mark.parametrize("config", [ZERO_SNR, PLAIN, EVEN], ids=["zero-snr", "plain", "even"])
@pytest.mark.parametrize("sampler", sorted(RIVALS))
def test_a_table_is_its_diffusers_scheduler(
    sampler: str, config: dict[str, Any], steps: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    if sampler == "dpm++2m":
        config = {**config, "steps_offset": 0}
    rival: Any = _rival(sampler, config)
    rival.set_timesteps(steps)
    ours = compile_table(
        sampler, NoiseSchedule.from_config({**config, "set_alpha_to_one": False}), steps
    )
    assert [row.timestep for row in ours.rows] == pytest.approx(rival.timesteps.tolist(), abs=1e-3)
    assert ours.init_scale == pytest.approx(float(rival.init_noise_sigma), rel=1e-4)
    generator = torch.Generator().manual_seed(0)
    x = theirs = torch.randn(SHAPE, generator=generator) * ours.init_scale
    prev = torch.zeros(SHAPE)
    module = "diffusers.schedulers.scheduling_euler_ancestral_discrete.randn_tensor"
    for index, timestep in enumerate(rival.timesteps):
        row, noise = ours.row(index), torch.randn(SHAPE, generator=generator)
        monkeypatch.setattr(module, lambda *_, noise=noise, **__: noise)
        seen = rival.scale_model_input(theirs, timestep)
        torch.testing.assert_close(row.input_scale * x, seen, rtol=1e-3, atol=1e-3)
        theirs = rival.step(_network(seen, float(timestep)), timestep, theirs).prev_sample
        x, prev = update(row, x, _network(row.input_scale * x, row.timestep), prev, noise)
        size = float(theirs.abs().max())
        torch.testing.assert_close(x, theirs, rtol=1e-3, atol=3e-4 * max(1.0, size))


@pytest.mark.parametrize("steps", [1, 4, 25])
def test_flow_euler_is_flow_matching_on_the_same_times(steps: int) -> None:
    table = compile_table("flow-euler", NoiseSchedule.from_config(ZERO_SNR), steps)
    rival: Any = FlowMatchEulerDiscreteScheduler()
    rival.set_timesteps(sigmas=[row.noise_level for row in table.rows])
    x = theirs = torch.randn(SHAPE, generator=torch.Generator().manual_seed(1))
    for index, timestep in enumerate(rival.timesteps):
        row = table.row(index)
        out = _network(row.input_scale * x, row.timestep)
        clean = row.e * x + row.f * out
        noise = (x - row.signal * clean) / row.noise_level
        theirs = rival.step(noise - clean, timestep, theirs).prev_sample
        x, _ = update(row, x, out, torch.zeros(SHAPE), torch.zeros(SHAPE))
        torch.testing.assert_close(x, theirs, rtol=1e-3, atol=1e-3)


@given(
    sampler=st.sampled_from(sorted(set(SAMPLERS) - {"euler-a"})),
    config=st.sampled_from([ZERO_SNR, PLAIN, EVEN]),
    steps=st.integers(2, 40),
    seed=st.integers(0, 2**31),
)
def test_a_network_that_knows_the_picture_reaches_it(
    sampler: str, config: dict[str, Any], steps: int, seed: int
) -> None:
    schedule = NoiseSchedule.from_config(config)
    table = compile_table(sampler, schedule, steps)
    generator = torch.Generator().manual_seed(seed)
    clean = torch.randn(SHAPE, generator=generator, dtype=torch.float64)
    noise = torch.randn(SHAPE, generator=generator, dtype=torch.float64)
    first = table.row(0)
    x, prev = first.signal * clean + first.noise_level * noise, torch.zeros_like(clean)
    for row in table.rows:
        seen = row.input_scale * x
        spread = row.input_scale * row.noise_level
        level = row.input_scale * row.signal
        eps = (seen - level * clean) / spread
        out = eps if schedule.prediction_type == "epsilon" else level * eps - spread * clean
        x, prev = update(row, x, out, prev, torch.zeros_like(clean))
    torch.testing.assert_close(prev, clean, rtol=1e-4, atol=1e-4)
    if sampler != "ddim":  # diffusers' DDIM stops a little short of no noise at all
        torch.testing.assert_close(x, clean, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(("strength", "run"), [(1.0, 20), (0.5, 10), (0.26, 5), (0.01, 1)])
def test_strength_runs_the_last_share_of_the_steps(strength: float, run: int) -> None:
    schedule = NoiseSchedule.from_config(ZERO_SNR)
    for sampler in SAMPLERS:
        whole = compile_table(sampler, schedule, 20)
        part = compile_table(sampler, schedule, 20, strength)
        times = [row.timestep for row in whole.rows]
        assert [row.timestep for row in part.rows] == times[20 - run :]
        assert part.row(0).c == 0.0


def test_what_does_not_exist_is_named() -> None:
    schedule = NoiseSchedule.from_config(ZERO_SNR)
    with pytest.raises(InvalidRequest, match=r"sampler 'plms' is not one of euler, euler-a, ddim"):
        compile_table("plms", schedule, 20)
    with pytest.raises(InvalidRequest, match="steps 0 must be between 1 and 1000"):
        compile_table("euler", schedule, 0)
