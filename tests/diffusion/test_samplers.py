"""Each table against the diffusers scheduler of that name, step for step."""

from dataclasses import astuple
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import (
    DDIMScheduler,
    DPMSolverMultistepScheduler,
    EulerAncestralDiscreteScheduler,
    EulerDiscreteScheduler,
    FlowMatchEulerDiscreteScheduler,
    LCMScheduler,
    StableDiffusionImg2ImgPipeline,
)
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from maquette.core.errors import InvalidRequest
from maquette.core.requests import SAMPLER_NAMES
from maquette.diffusion.noise_schedule import NoiseSchedule
from maquette.diffusion.samplers import SAMPLERS, SamplerTable, compile_table, ddim, update

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
PLAIN_V = {**PLAIN, "prediction_type": "v_prediction"}
EVEN = {**PLAIN_V, "timestep_spacing": "linspace"}
# Its last alpha² is below the one that stands for zero terminal SNR.
COSINE = {
    "beta_schedule": "squaredcos_cap_v2",
    "prediction_type": "v_prediction",
    "timestep_spacing": "trailing",
}
CONFIGS = {"zero-snr": ZERO_SNR, "plain": PLAIN, "plain-v": PLAIN_V, "even": EVEN, "cosine": COSINE}
RIVALS = {
    "euler": EulerDiscreteScheduler,
    "euler-a": EulerAncestralDiscreteScheduler,
    "ddim": DDIMScheduler,
    "dpm++2m": DPMSolverMultistepScheduler,
    "lcm": LCMScheduler,
}
SHAPE = (2, 4, 8, 8)

each_config = pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS)
each_rival = pytest.mark.parametrize("sampler", sorted(RIVALS))


def _rival(sampler: str, config: dict[str, Any]) -> Any:
    only_ddim = {"clip_sample": False, "set_alpha_to_one": False} if sampler == "ddim" else {}
    return RIVALS[sampler](**only_ddim | config)


def _schedule(config: dict[str, Any], rival: Any = None) -> NoiseSchedule:
    """Ours; with a rival's alphas, rounded to fp32 on the way, where one is given."""
    schedule = NoiseSchedule.from_config({"set_alpha_to_one": False, **config})
    if rival is not None:
        vars(schedule)["alphas_cumprod"] = rival.alphas_cumprod.double().numpy()
    return schedule


def _network(x: Tensor, timestep: float) -> Tensor:
    """Some bounded function of what a network sees."""
    return torch.tanh(x.flip(-1) * 0.7 + x.square() * 0.05 - timestep / 1000) + 0.3 * x


def _run_both(
    table: SamplerTable, rival: Any, timesteps: Tensor, x: Tensor, tolerance: float, **options: Any
) -> None:
    """Compares what the network sees and the state, at every step from x on.

    Each step starts both from the state of diffusers: at a state of thousands its fp32 is off by
    some 1e-3 (ours by 1e-6), which would otherwise be carried along and hide what a step does.
    """
    assert [row.timestep for row in table.rows] == pytest.approx(timesteps.tolist(), abs=1e-3)
    generator = torch.Generator().manual_seed(7)
    prev = torch.zeros(SHAPE)
    for row, timestep in zip(table.rows, timesteps, strict=True):
        noise = torch.randn(SHAPE, generator=generator)
        if "eta" in options:
            options["variance_noise"] = noise
        seen = rival.scale_model_input(x, timestep)
        torch.testing.assert_close(row.input_scale * x, seen, rtol=tolerance, atol=tolerance)
        rounding = 2**-23 * float(x.abs().max())
        with pytest.MonkeyPatch.context() as patch:
            for module in ("euler_ancestral_discrete", "lcm"):
                drawn = f"diffusers.schedulers.scheduling_{module}.randn_tensor"
                patch.setattr(drawn, lambda *_, noise=noise, **__: noise)
            out = _network(seen, float(timestep))
            theirs = rival.step(out, timestep, x, **options).prev_sample
        ours, prev = update(row, x, _network(row.input_scale * x, row.timestep), prev, noise)
        size = max(1.0, float(theirs.abs().max()))
        torch.testing.assert_close(ours, theirs, rtol=tolerance, atol=tolerance * size + rounding)
        x = theirs


@pytest.mark.parametrize("same_alphas", [True, False])
@pytest.mark.parametrize("steps", [1, 4, 25])
@each_config
@each_rival
def test_a_table_is_its_diffusers_scheduler(
    sampler: str, config: dict[str, Any], steps: int, same_alphas: bool
) -> None:
    # The alphas of diffusers are rounded to fp32, ours are not: with its own, a table is as exact
    # as fp32; with ours, as near as that rounding lets it be.
    tolerance = 1e-4 if same_alphas else 1e-3
    rival = _rival(sampler, config)
    rival.set_timesteps(steps)
    table = compile_table(sampler, _schedule(config, rival if same_alphas else None), steps)
    assert table.init_scale == pytest.approx(float(rival.init_noise_sigma), rel=tolerance)
    x = torch.randn(SHAPE, generator=torch.Generator().manual_seed(0)) * table.init_scale
    _run_both(table, rival, rival.timesteps, x, tolerance)


@pytest.mark.parametrize(("steps", "strength"), [(20, 0.5), (20, 0.26), (7, 0.9)])
@each_config
@each_rival
def test_a_run_from_a_picture_is_that_of_diffusers(
    sampler: str, config: dict[str, Any], steps: int, strength: float
) -> None:
    rival = _rival(sampler, config)
    rival.set_timesteps(steps)
    pipeline: Any = SimpleNamespace(scheduler=rival)
    timesteps, _ = StableDiffusionImg2ImgPipeline.get_timesteps(pipeline, steps, strength, "cpu")
    table = compile_table(sampler, _schedule(config, rival), steps, strength)
    generator = torch.Generator().manual_seed(2)
    clean, noise = (torch.randn(SHAPE, generator=generator) for _ in range(2))
    x = table.row(0).signal * clean + table.row(0).noise_level * noise
    torch.testing.assert_close(x, rival.add_noise(clean, noise, timesteps[:1].repeat(2)))
    _run_both(table, rival, timesteps, x, 1e-4)


@pytest.mark.parametrize("eta", [0.0, 0.5, 0.9])
@pytest.mark.parametrize("to_one", [True, False])
@each_config
def test_ddim_adds_the_noise_of_diffusers(config: dict[str, Any], to_one: bool, eta: float) -> None:
    config = {**config, "set_alpha_to_one": to_one}
    rival = _rival("ddim", config)
    rival.set_timesteps(7)
    x = torch.randn(SHAPE, generator=torch.Generator().manual_seed(3))
    table = ddim(_schedule(config, rival), 7, 0, eta)
    assert any(row.d for row in table.rows) == (eta > 0)
    _run_both(table, rival, rival.timesteps, x, 1e-4, eta=eta)


@each_config
def test_ddim_with_all_the_noise_is_finite(config: dict[str, Any]) -> None:
    # At zero terminal SNR diffusers takes the root of a rounding error below zero here: NaN.
    for steps in range(1, 12):
        table = ddim(_schedule(config), steps, 0, eta=1.0)
        assert np.isfinite([astuple(row) for row in table.rows]).all()


@pytest.mark.parametrize("steps", [1, 4, 25])
@each_config
def test_flow_euler_is_flow_matching_on_the_same_times(config: dict[str, Any], steps: int) -> None:
    table = compile_table("flow-euler", NoiseSchedule.from_config(config), steps)
    assert table.init_scale * table.row(0).input_scale == pytest.approx(1.0)
    rival: Any = FlowMatchEulerDiscreteScheduler()
    rival.set_timesteps(sigmas=[row.noise_level for row in table.rows])
    x = theirs = torch.randn(SHAPE, generator=torch.Generator().manual_seed(1)).double()
    for index, timestep in enumerate(rival.timesteps):
        row = table.row(index)
        out = _network(row.input_scale * x, row.timestep)
        clean = row.e * x + row.f * out
        noise = (x - row.signal * clean) / row.noise_level
        theirs = rival.step(noise - clean, timestep, theirs).prev_sample
        x, _ = update(row, x, out, torch.zeros(SHAPE), torch.zeros(SHAPE))
        torch.testing.assert_close(x, theirs, rtol=1e-4, atol=1e-4)


@given(
    sampler=st.sampled_from(sorted(set(SAMPLERS) - {"euler-a"})),
    config=st.sampled_from(list(CONFIGS.values())),
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


def test_the_names_that_requests_know_are_the_samplers_there_are() -> None:
    assert tuple(SAMPLERS) == SAMPLER_NAMES


def test_what_does_not_exist_is_named() -> None:
    schedule = NoiseSchedule.from_config(ZERO_SNR)
    with pytest.raises(InvalidRequest, match="steps 0 must be between 1 and 1000"):
        compile_table("euler", schedule, 0)
    with pytest.raises(InvalidRequest, match="steps 1001 must be between 1 and 1000"):
        compile_table("euler", schedule, 1001)


@pytest.mark.parametrize(
    ("sampler", "config", "most"),
    [
        ("ddim", PLAIN, 999),
        ("euler", PLAIN, 999),
        ("dpm++2m", PLAIN, 998),
        ("dpm++2m", EVEN, 999),
        ("lcm", PLAIN, 50),
    ],
)
def test_more_steps_than_timesteps_are_refused(
    sampler: str, config: dict[str, Any], most: int
) -> None:
    schedule = NoiseSchedule.from_config(config)
    assert len(compile_table(sampler, schedule, most)) == most
    with pytest.raises(InvalidRequest, match=f"steps {most + 1} are too many for this sampler"):
        compile_table(sampler, schedule, most + 1)
