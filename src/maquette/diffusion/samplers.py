"""Samplers as tables of coefficients: a schedule compiled on the host, one row a step.

Every sampler here is linear in the state, the model's output, the previous prediction and fresh
noise, so a step is x' = a x + b out + c prev + d noise, whatever the sampler; the predicted clean
latents are e x + f out. Rows of different samplers can therefore share one fused update.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from operator import attrgetter
from typing import Any, Generic, TypeVar

import numpy as np
import torch
from torch import Tensor

from maquette.core.errors import InvalidRequest
from maquette.core.requests import steps_run
from maquette.diffusion.device import to_device
from maquette.diffusion.noise_schedule import NoiseSchedule

LCM_TIMESTEPS = 50  # that a latent consistency model is asked at
LCM_SCALING, LCM_SIGMA_DATA = 10.0, 0.5  # of its boundary condition

# At zero terminal SNR sigma is infinite; diffusers takes this alpha² in its place.
LEAST_ALPHA_SQUARED = 2.0**-24

Number = TypeVar("Number", float, Tensor)


@dataclass(frozen=True, slots=True)
class StepRow(Generic[Number]):
    """One step of a request, or of several with a tensor (B, 1, ...) for each coefficient.

    The model sees `input_scale * x` at `timestep`. A clean latent noised to the start of this row
    is `signal * x0 + noise_level * noise`.
    """

    timestep: Number
    input_scale: Number
    signal: Number
    noise_level: Number
    a: Number
    b: Number
    c: Number
    d: Number
    e: Number
    f: Number


@dataclass(frozen=True, slots=True)
class SamplerTable:
    """The rows of a run, and the scale of the unit noise that it starts from."""

    rows: tuple[StepRow[float], ...]
    init_scale: float

    def __len__(self) -> int:
        return len(self.rows)

    def row(self, step_index: int) -> StepRow[float]:
        """The row of a step."""
        return self.rows[step_index]


_values = attrgetter(*(field.name for field in fields(StepRow)))


def stack_rows(rows: Sequence[StepRow[float]], like: Tensor) -> StepRow[Tensor]:
    """The steps of several requests as one, to meet their stacked latents `like` (B, C, *grid)."""
    columns = torch.tensor([_values(row) for row in rows], dtype=torch.float32)
    columns = to_device(columns.T.contiguous(), like.device)
    return StepRow(*columns.reshape(len(columns), -1, *(1,) * (like.ndim - 1)))


def update(
    row: StepRow[Number], x: Tensor, out: Tensor, prev: Tensor, noise: Tensor
) -> tuple[Tensor, Tensor]:
    """The state after the step, and the clean latents predicted in it (both (B, C, *grid)).

    `out` is the model's output after guidance; `prev` the clean latents predicted in the step
    before, zeros in the first; `noise` fresh unit noise, or zeros where `d` is 0. No `if` looks at
    a coefficient, so rows of all samplers take one path and the host need not wait.
    """
    stepped = row.a * x + row.b * out + row.c * prev + row.d * noise
    return stepped, row.e * x + row.f * out


def compile_table(
    sampler: str, schedule: NoiseSchedule, num_inference_steps: int, strength: float = 1.0
) -> SamplerTable:
    """The table of a run; `strength` below 1 runs only that last share of the steps, at least one.

    Raises InvalidRequest where the schedule has not so many steps.
    """
    if not 1 <= num_inference_steps <= schedule.num_train_timesteps:
        raise InvalidRequest(
            f"steps {num_inference_steps} must be between 1 and {schedule.num_train_timesteps}"
        )
    run = steps_run(num_inference_steps, strength)
    return SAMPLERS[sampler](schedule, num_inference_steps, num_inference_steps - run)


def _timesteps(
    schedule: NoiseSchedule, steps: int, extra: int = 0, whole: bool = False
) -> np.ndarray:
    """Training timesteps of the steps, falling; `extra` is DPM++'s own reading of the spacings.

    Raises InvalidRequest where so many steps would repeat a timestep or leave the schedule.
    """
    count, spacing = schedule.num_train_timesteps, schedule.timestep_spacing
    if spacing == "trailing":
        timesteps = np.arange(count, 0, -count / steps).round()[:steps] - 1
    elif spacing == "linspace":
        timesteps = np.linspace(0, count - 1, steps + extra)[::-1][:steps]
    else:
        ratio = count // (steps + extra)
        timesteps = (np.arange(steps + extra) * ratio)[::-1][:steps] + float(schedule.steps_offset)
    if whole:
        timesteps = timesteps.round()
    if timesteps[0] > count - 1 or (np.diff(timesteps) >= 0).any():
        raise InvalidRequest(
            f"steps {steps} are too many for this sampler with {spacing} spacing, "
            f"steps_offset {schedule.steps_offset}; ask for a few less"
        )
    return timesteps


def _sigmas(schedule: NoiseSchedule, timesteps: np.ndarray) -> np.ndarray:
    """noise / signal at the timesteps and, last, zero: (steps + 1,)."""
    squared = schedule.alphas_cumprod.copy()
    if schedule.rescale_betas_zero_snr:
        squared[-1] = LEAST_ALPHA_SQUARED
    table = np.sqrt((1 - squared) / squared)
    return np.append(np.interp(timesteps, np.arange(len(table)), table), 0.0)


def _clean(schedule: NoiseSchedule, alpha: float, sigma: float) -> tuple[float, float]:
    """x0 = e x + f out, for x = alpha x0 + sigma noise."""
    if schedule.prediction_type == "v_prediction":
        return alpha, -sigma
    if schedule.prediction_type == "epsilon":
        return 1 / alpha, -sigma / alpha
    return 0.0, 1.0


def _noise(schedule: NoiseSchedule, alpha: float, sigma: float) -> tuple[float, float]:
    """noise = g x + h out, for x = alpha x0 + sigma noise."""
    if schedule.prediction_type == "v_prediction":
        return sigma, alpha
    if schedule.prediction_type == "epsilon":
        return 0.0, 1.0
    return 1 / sigma, -alpha / sigma


def ddim(schedule: NoiseSchedule, steps: int, start: int, eta: float = 0.0) -> SamplerTable:
    """Denoising diffusion implicit models (Song et al. 2020, 2010.02502, formulas 12 and 16).

    `eta` is the share of fresh noise: 0 adds none, 1 is the ancestral sampler of DDPM.
    """
    timesteps = _timesteps(schedule, steps, whole=True)
    squared = schedule.alphas_cumprod
    last = 1.0 if schedule.set_alpha_to_one else squared[0]
    rows: list[StepRow[float]] = []
    for timestep in timesteps[start:].astype(int).tolist():
        before = timestep - schedule.num_train_timesteps // steps
        here, there = squared[timestep], squared[before] if before >= 0 else last
        alpha, sigma = float(np.sqrt(here)), float(np.sqrt(1 - here))
        (e, f), (g, h) = _clean(schedule, alpha, sigma), _noise(schedule, alpha, sigma)
        fresh = eta * np.sqrt((1 - there) / (1 - here) * (1 - here / there))
        # Rounding may take eta = 1 at zero terminal SNR a little below zero.
        to_clean, to_noise = np.sqrt(there), np.sqrt(max(1 - there - fresh**2, 0.0))
        a, b = to_clean * e + to_noise * g, to_clean * f + to_noise * h
        rows.append(_row(timestep, 1.0, alpha, sigma, a, b, 0.0, fresh, e, f))
    return SamplerTable(tuple(rows), 1.0)


def dpmpp_2m(schedule: NoiseSchedule, steps: int, start: int) -> SamplerTable:
    """DPM-Solver++(2M): second order from the step before (Lu et al. 2022, 2211.01095).

    The first and the last step are of first order, as in diffusers.
    """
    return dpmpp_2m_at(schedule, _timesteps(schedule, steps, extra=1, whole=True), start)


def dpmpp_2m_at(schedule: NoiseSchedule, timesteps: np.ndarray, start: int = 0) -> SamplerTable:
    """The same at any falling timesteps, from the one numbered `start` on."""
    steps, sigmas = len(timesteps), _sigmas(schedule, timesteps)
    alphas = 1 / np.sqrt(sigmas**2 + 1)
    noises = sigmas * alphas
    with np.errstate(divide="ignore"):
        logs = -np.log(sigmas)  # log SNR / 2, infinite at the end
    rows: list[StepRow[float]] = []
    for i in range(start, steps):
        alpha, sigma = alphas[i], noises[i]
        e, f = _clean(schedule, alpha, sigma)
        length = logs[i + 1] - logs[i]
        gain = -alphas[i + 1] * np.expm1(-length)
        keep, to_clean, to_prev = noises[i + 1] / sigma, gain, 0.0
        if start < i < steps - 1:
            lean = 0.5 * gain * length / (logs[i] - logs[i - 1])
            to_clean, to_prev = gain + lean, -lean
        a, b = keep + to_clean * e, to_clean * f
        rows.append(_row(timesteps[i], 1.0, alpha, sigma, a, b, to_prev, 0.0, e, f))
    return SamplerTable(tuple(rows), 1.0)


def euler(schedule: NoiseSchedule, steps: int, start: int) -> SamplerTable:
    """Euler's method along the probability flow (Karras et al. 2022, 2206.00364, algorithm 2)."""
    return _euler(schedule, steps, start, ancestral=False)


def euler_ancestral(schedule: NoiseSchedule, steps: int, start: int) -> SamplerTable:
    """Euler steps that overshoot and put fresh noise back, ancestral sampling (Ho et al. 2020)."""
    return _euler(schedule, steps, start, ancestral=True)


def _euler(schedule: NoiseSchedule, steps: int, start: int, ancestral: bool) -> SamplerTable:
    timesteps = _timesteps(schedule, steps)
    sigmas = _sigmas(schedule, timesteps)
    rows: list[StepRow[float]] = []
    for i in range(start, steps):
        sigma, target = sigmas[i], sigmas[i + 1]
        up = np.sqrt(target**2 * (sigma**2 - target**2) / sigma**2) if ancestral else 0.0
        down = target**2 / sigma if ancestral else target  # sqrt(target² - up²), but exact
        scale = 1 / np.sqrt(sigma**2 + 1)
        e, f = _clean(schedule, scale, sigma * scale)
        e *= scale  # the state is the variance-preserving one over alpha
        share = down / sigma  # x' = x0 + share (x - x0)
        a, b = share + (1 - share) * e, (1 - share) * f
        rows.append(_row(timesteps[i], scale, 1.0, sigma, a, b, 0.0, up, e, f))
    most = sigmas[0]
    spread = schedule.timestep_spacing in ("linspace", "trailing")
    return SamplerTable(tuple(rows), float(most if spread else np.sqrt(most**2 + 1)))


def flow_euler(schedule: NoiseSchedule, steps: int, start: int) -> SamplerTable:
    """Euler's method along straight paths x_t = (1 - t) x0 + t noise (Lipman et al. 2022).

    The same network serves: it is asked at the schedule's own timesteps, t follows from each one's
    noise ratio t / (1 - t), and its output gives the flow's velocity noise - x0.
    """
    timesteps = _timesteps(schedule, steps)
    sigmas = _sigmas(schedule, timesteps)
    times = sigmas / (1 + sigmas)
    rows: list[StepRow[float]] = []
    for i in range(start, steps):
        time, sigma = times[i], sigmas[i]
        alpha = 1 / np.sqrt(sigma**2 + 1)
        level = sigma * alpha
        scale = alpha / (1 - time)  # from the straight path to the variance-preserving one
        (e, f), (g, h) = _clean(schedule, alpha, level), _noise(schedule, alpha, level)
        length = times[i + 1] - time
        a, b = 1 + length * scale * (g - e), length * (h - f)
        rows.append(_row(timesteps[i], scale, 1 - time, time, a, b, 0.0, 0.0, e * scale, f))
    # The network is to see unit noise first, as with DDIM and DPM++.
    return SamplerTable(tuple(rows), 1 / rows[0].input_scale)


def lcm(schedule: NoiseSchedule, steps: int, start: int) -> SamplerTable:
    """Multistep sampling of latent consistency models (Luo et al. 2023, 2310.04378).

    Each step goes all the way to clean latents, c_skip x + c_out x0, and puts fresh noise back for
    the next one. The timesteps are evenly chosen from those that such a model was distilled at,
    whatever the schedule's spacing. Raises InvalidRequest for more steps than these.
    """
    known = min(LCM_TIMESTEPS, schedule.num_train_timesteps)
    if steps > known:
        raise InvalidRequest(
            f"steps {steps} are too many for this sampler, which knows {known} timesteps; "
            "4 to 8 steps are usual"
        )
    distilled = np.arange(known, 0, -1) * (schedule.num_train_timesteps // known) - 1
    timesteps = distilled[np.floor(np.linspace(0, known, steps, endpoint=False)).astype(int)]
    alphas, noises = schedule.alphas[timesteps], schedule.sigmas[timesteps]
    rows: list[StepRow[float]] = []
    for i in range(start, steps):
        scaled = timesteps[i] * LCM_SCALING
        c_skip = LCM_SIGMA_DATA**2 / (scaled**2 + LCM_SIGMA_DATA**2)
        c_out = scaled / np.sqrt(scaled**2 + LCM_SIGMA_DATA**2)
        e, f = _clean(schedule, alphas[i], noises[i])
        e, f = c_skip + c_out * e, c_out * f
        signal, fresh = (alphas[i + 1], noises[i + 1]) if i + 1 < steps else (1.0, 0.0)
        rows.append(
            _row(timesteps[i], 1.0, alphas[i], noises[i], signal * e, signal * f, 0.0, fresh, e, f)
        )
    return SamplerTable(tuple(rows), 1.0)


def _row(*values: Any) -> StepRow[float]:  # numbers of NumPy or Python
    return StepRow(*(float(v) for v in values))


SAMPLERS: dict[str, Callable[[NoiseSchedule, int, int], SamplerTable]] = {
    "euler": euler,
    "euler-a": euler_ancestral,
    "ddim": ddim,
    "dpm++2m": dpmpp_2m,
    "flow-euler": flow_euler,
    "lcm": lcm,
}
