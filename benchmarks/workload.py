"""Many requests, and three ways to serve them: our engine, diffusers in turn and in threads."""

import copy
import random
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import torch
from diffusers import (
    DDIMScheduler,
    DPMSolverMultistepScheduler,
    EulerAncestralDiscreteScheduler,
    StableDiffusionPipeline,
)

from maquette.core.machine import look_at_machine
from maquette.core.requests import GenerationRequest, SamplingParams
from maquette.diffusion.engine import DenoisingEngine
from maquette.diffusion.step_times import StepTimes
from maquette.engines.image import ImageEngine

SCHEDULERS = {
    "ddim": DDIMScheduler,
    "dpm++2m": DPMSolverMultistepScheduler,
    "euler-a": EulerAncestralDiscreteScheduler,
}
THINGS = ("a red boat", "two yellow ducks", "a blue cat", "三棵绿色的树", "a purple castle")
PLACES = ("on a calm sea", "in a field", "in a town", "在海边", "on a stage")
TIMES = ("at night", "at noon", "at sunset", "早晨", "in the rain")


@dataclass(frozen=True, slots=True)
class Arrival:
    """A request and when it comes, in seconds after the first."""

    at_s: float
    params: SamplingParams


Serve = Callable[[Sequence[Arrival]], list[float]]  # seconds from each arrival to its picture


def mixed_requests(count: int, mean_gap_s: float, seed: int = 0) -> list[Arrival]:
    """Requests of all kinds, no two with the same words, as a Poisson process; all at once where
    the gap is 0.
    """
    rng = random.Random(seed)
    arrivals: list[Arrival] = []
    at_s = 0.0
    for number in range(count):
        params = SamplingParams(
            " ".join(map(rng.choice, (THINGS, PLACES, TIMES))) + f", {seed}.{number}",
            seed=number,
            num_inference_steps=rng.randint(4, 50),
            guidance_scale=rng.choice([1.0, 3.0, 4.0, 6.0, 9.0]),
            width=rng.randrange(64, 257, 64),
            height=rng.randrange(64, 257, 64),
            sampler=rng.choice(sorted(SCHEDULERS)),
        )
        arrivals.append(Arrival(at_s, params))
        at_s += rng.expovariate(1 / mean_gap_s) if mean_gap_s else 0.0
    return arrivals


def ours(engine: ImageEngine) -> Serve:
    """One engine that all requests share; what it learned of its speed stays between calls."""
    step_times = StepTimes()

    def serve(arrivals: Sequence[Arrival]) -> list[float]:
        denoising = DenoisingEngine(engine.device, step_times)
        waiting = list(enumerate(arrivals))
        latencies = [0.0] * len(arrivals)
        started = time.perf_counter()
        while waiting or len(denoising):
            while waiting and waiting[0][1].at_s <= time.perf_counter() - started:
                number, arrival = waiting.pop(0)
                (request,) = engine.prepare(GenerationRequest(arrival.params), str(number))
                denoising.add(request)
            for output in denoising.step():
                if output.finished:
                    engine.codec.decode(output.latents[None])
                    number = int(output.request.request_id.partition("/")[0])
                    latencies[number] = time.perf_counter() - started - arrivals[number].at_s
            if waiting and not len(denoising):
                _sleep_until(started + waiting[0][1].at_s)
        return latencies

    return serve


def in_turn(pipeline: Any) -> Serve:
    """One diffusers pipeline, one request after another."""

    def serve(arrivals: Sequence[Arrival]) -> list[float]:
        started = time.perf_counter()
        latencies: list[float] = []
        for arrival in arrivals:
            _sleep_until(started + arrival.at_s)
            _draw(pipeline, arrival.params)
            latencies.append(time.perf_counter() - started - arrival.at_s)
        return latencies

    return serve


def in_threads(pipeline: Any) -> Serve:
    """A pipeline for each request on the same models, as in diffusers' example of a server, which
    runs them in asyncio's default pool.
    """

    def serve(arrivals: Sequence[Arrival]) -> list[float]:
        started = time.perf_counter()

        def one(arrival: Arrival) -> float:
            _sleep_until(started + arrival.at_s)
            # A tokenizer of its own, for one that threads share mixes their paddings up.
            own = {**pipeline.components, "tokenizer": copy.deepcopy(pipeline.tokenizer)}
            view = StableDiffusionPipeline(**own, requires_safety_checker=False)
            view.set_progress_bar_config(disable=True)
            _draw(view, arrival.params)
            return time.perf_counter() - started - arrival.at_s

        with ThreadPoolExecutor(min(32, look_at_machine().cores + 4)) as pool:
            return list(pool.map(one, arrivals))

    return serve


def load_pipeline(engine: ImageEngine) -> Any:
    """Diffusers' pipeline on the weights, the device and the precision of an engine of ours."""
    pipeline = StableDiffusionPipeline.from_pretrained(engine.spec.folder, dtype=engine.dtype)
    pipeline.set_progress_bar_config(disable=True)
    pipeline.unet.to(memory_format=torch.channels_last)
    pipeline.vae.to(memory_format=torch.channels_last)
    return pipeline.to(engine.device)


def makespan_s(arrivals: Sequence[Arrival], latencies: Sequence[float]) -> float:
    """Seconds from the first arrival to the last picture."""
    return max(a.at_s + latency for a, latency in zip(arrivals, latencies, strict=True))


def _draw(pipeline: Any, params: SamplingParams) -> None:
    pipeline.scheduler = SCHEDULERS[params.sampler].from_config(pipeline.scheduler.config)
    pipeline(
        params.prompt,
        width=params.width,
        height=params.height,
        num_inference_steps=params.num_inference_steps,
        guidance_scale=params.guidance_scale,
    )


def _sleep_until(at: float) -> None:
    time.sleep(max(0.0, at - time.perf_counter()))
