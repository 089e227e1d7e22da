"""Seconds for one request, starter and Stable Diffusion 1.5's size, beside tuned diffusers."""

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import torch

from benchmarks.report import Outcome, compare_rounds, print_outcome, rounds_of, shortest_of
from benchmarks.rivals import by_openvino, compiled, fastest_engine, pipeline, sd15_folder
from maquette.core.requests import GenerationRequest, SamplingParams
from maquette.engines.catalog import STARTERS

PROMPT = "a red boat on a calm sea at night"
GUIDANCE = 4.0
# A default is beaten fourfold; the better of two tuned ones is matched.
GOALS = {"in fp32": 4.0, "in bf16, compiled": 1.0, "in bf16 by OpenVINO": 1.0}


def measure(name: str, folder: Path, side_px: int, steps: int, rounds: int) -> list[Outcome]:
    """The claims of one model."""
    engine = fastest_engine(str(folder))
    params = SamplingParams(
        PROMPT,
        width=side_px,
        height=side_px,
        num_inference_steps=steps,
        guidance_scale=GUIDANCE,
    )
    rivals = {
        "in fp32": pipeline(folder, torch.float32),
        "in bf16, compiled": compiled(folder),
        "in bf16 by OpenVINO": by_openvino(folder, side_px // engine.factor_px),
    }

    more = {"num_inference_steps": steps, "guidance_scale": GUIDANCE}
    sides: dict[str, Callable[[], object]] = {
        "ours": partial(engine.generate, GenerationRequest(params)),
        **{
            rival: partial(loaded, PROMPT, width=side_px, height=side_px, **more)
            for rival, loaded in rivals.items()
        },
    }
    seconds = rounds_of({side: _timed(act) for side, act in sides.items()}, rounds)
    return [
        compare_rounds(
            f"seconds for one request of {steps} steps at {side_px} px, {name}, beside diffusers "
            f"{rival}",
            seconds["ours"],
            seconds[rival],
            goal,
            less_is_better=True,
        )
        for rival, goal in GOALS.items()
    ]


def _timed(act: Callable[[], object]) -> Callable[[int], float]:
    def timed(_: int) -> float:
        started = time.perf_counter()
        act()
        return time.perf_counter() - started

    return timed


if __name__ == "__main__":
    starter = measure("starter", STARTERS["image"].folder, 256, 24, rounds=7)
    large = measure("a model of SD 1.5's size", sd15_folder(), 512, 4, rounds=3)
    print_outcome(shortest_of([*starter, *large]))
