"""One picture from the starter, beside diffusers' own pipeline on the same weights and machine."""

import os
import threading
import time
from collections.abc import Callable

import psutil
import torch
from diffusers import DPMSolverMultistepScheduler, StableDiffusionPipeline

from benchmarks.report import compare_times, interleave, print_outcome
from maquette.core.requests import GenerationRequest, SamplingParams
from maquette.core.settings import Settings
from maquette.engines.catalog import STARTERS
from maquette.service.wiring import image_engine

PROMPT = "a red boat on a calm sea at night"
STEPS = 24
GUIDANCE = 4.0


def peak_mib(work: Callable[[], object]) -> float:
    """How many MiB the process grows at most while `work` runs."""
    process = psutil.Process(os.getpid())
    before = most = process.memory_info().rss
    done = threading.Event()

    def watch() -> None:
        nonlocal most
        while not done.is_set():
            most = max(most, process.memory_info().rss)
            time.sleep(0.002)

    watcher = threading.Thread(target=watch)
    watcher.start()
    work()
    done.set()
    watcher.join()
    return (most - before) / 2**20


if __name__ == "__main__":
    engine = image_engine(Settings(), "starter")
    request = GenerationRequest(
        SamplingParams(PROMPT, seed=7, num_inference_steps=STEPS, guidance_scale=GUIDANCE)
    )
    pipeline = StableDiffusionPipeline.from_pretrained(
        STARTERS["image"].folder, dtype=torch.float32
    )
    pipeline.scheduler = DPMSolverMultistepScheduler.from_config(pipeline.scheduler.config)
    pipeline.set_progress_bar_config(disable=True)

    def rival() -> object:
        return pipeline(PROMPT, num_inference_steps=STEPS, guidance_scale=GUIDANCE)

    ours_s, rival_s = interleave(lambda: engine.generate(request), rival)
    print(
        f"memory above the loaded model: ours {peak_mib(lambda: engine.generate(request)):.0f} MiB"
    )
    print(f"memory above the loaded model: rival {peak_mib(rival):.0f} MiB")
    claim = f"seconds for one picture of {STEPS} steps, beside diffusers as it comes (fp32)"
    print_outcome(compare_times(claim, ours_s, rival_s, goal=1.0))
