"""Peak memory of a process that draws one picture, beside one that does it with diffusers."""

import statistics
import subprocess
import sys

from benchmarks.report import compare, print_outcome

OURS = """
from benchmarks.one_picture import GUIDANCE, PROMPT, STEPS
from maquette.core.requests import GenerationRequest, SamplingParams
from maquette.core.settings import Settings
from maquette.service.wiring import image_engine

params = SamplingParams(PROMPT, num_inference_steps=STEPS, guidance_scale=GUIDANCE)
image_engine(Settings(), "starter").generate(GenerationRequest(params))
"""
RIVAL = """
import torch
from diffusers import DPMSolverMultistepScheduler, StableDiffusionPipeline
from benchmarks.one_picture import GUIDANCE, PROMPT, STEPS
from maquette.core.settings import Settings
from maquette.diffusion.device import choose_device, choose_dtype
from maquette.engines.catalog import STARTERS

device = choose_device(Settings())
dtype = choose_dtype(Settings(), device)
pipeline = StableDiffusionPipeline.from_pretrained(STARTERS["image"].folder, dtype=dtype)
pipeline.scheduler = DPMSolverMultistepScheduler.from_config(pipeline.scheduler.config)
pipeline.to(device)(PROMPT, num_inference_steps=STEPS, guidance_scale=GUIDANCE)
"""
TELL = "\nimport resource; print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
ROUNDS = 3
RSS_UNIT = 1 if sys.platform == "darwin" else 1024  # what ru_maxrss counts in, in bytes


def peak_mib(script: str) -> float:
    """The most memory that a fresh process holds while it runs the script."""
    done = subprocess.run(
        [sys.executable, "-c", script + TELL], capture_output=True, text=True, check=True
    )
    return int(done.stdout.split()[-1]) * RSS_UNIT / 2**20


if __name__ == "__main__":
    ours, rival = [], []
    for _ in range(ROUNDS):
        ours.append(peak_mib(OURS))
        rival.append(peak_mib(RIVAL))
    print(f"ours   {ours}\nrival  {rival}")
    ours_mib, rival_mib = statistics.median(ours), statistics.median(rival)
    claim = "peak MiB of a process that draws one picture, beside diffusers in the same precision"
    print_outcome(compare(claim, ours_mib, rival_mib, goal=1.0, less_is_better=True))
