"""What a request for pictures costs, from what passes were measured to take; needs no PyTorch."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from maquette.core.requests import SamplingParams, steps_run
from maquette.diffusion.guidance import guidance_scales
from maquette.jobs.workers import StepTime


@dataclass(frozen=True, slots=True)
class Cost:
    """Milliseconds of the machine while it shares its passes well, and until the end of a request
    that has the machine to itself: its steps come one after another, however few its rows.
    """

    work_ms: float
    alone_ms: float


def cost_of(params: SamplingParams, count: int, measured: Sequence[StepTime]) -> Cost | None:
    """The denoising of a request; None where nothing was measured.

    Grows with steps, pictures and size, and is linear in the first two. To read the prompt and to
    decode the pictures is not counted.
    """
    if not measured:
        return None
    pixels = params.width * params.height
    work_ms = rows_of(params, count) * _at(pixels, {one.pixels: one.row_ms for one in measured})
    pass_ms = _at(pixels, {one.pixels: one.pass_ms for one in measured})
    steps = steps_run(params.num_inference_steps, params.strength)
    return Cost(work_ms, max(work_ms, steps * pass_ms))


def rows_of(params: SamplingParams, count: int) -> int:
    """How many rows of passes a request is: a guided step of a picture has two, any other one."""
    steps = params.num_inference_steps
    guidance = guidance_scales(
        params.guidance_scale, params.guidance_interval, steps, steps_run(steps, params.strength)
    )
    return count * sum(1 if scale == 1.0 else 2 for scale in guidance)


def _at(pixels: int, known: dict[int, float]) -> float:
    """Milliseconds at a size: on straight lines between those that were measured, from nothing at
    none on, and in proportion beyond the largest. A larger size is never taken for the faster one:
    where it was, the smaller one had a bad moment.
    """
    sizes = sorted(known)
    times = np.minimum.accumulate([known[size] for size in reversed(sizes)])[::-1]
    beyond = max(1.0, pixels / sizes[-1])
    return float(np.interp(pixels, [0, *sizes], [0.0, *times])) * beyond
