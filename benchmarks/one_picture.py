"""Seconds for one picture from the starter, beside diffusers' own pipeline on the same weights."""

from diffusers import DPMSolverMultistepScheduler, StableDiffusionPipeline

from benchmarks.report import Timing, compare_times, interleave, print_outcome
from maquette.core.requests import GenerationRequest, SamplingParams
from maquette.core.settings import Settings
from maquette.engines.catalog import STARTERS
from maquette.service.wiring import image_engine

PROMPT = "a red boat on a calm sea at night"
STEPS = 24
GUIDANCE = 4.0


def measure() -> tuple[Timing, Timing, str]:
    """Ours and theirs in turn, both in the precision that ours chooses on this machine."""
    engine = image_engine(Settings(), "starter")
    request = GenerationRequest(
        SamplingParams(PROMPT, seed=7, num_inference_steps=STEPS, guidance_scale=GUIDANCE)
    )
    pipeline = StableDiffusionPipeline.from_pretrained(STARTERS["image"].folder, dtype=engine.dtype)
    pipeline.scheduler = DPMSolverMultistepScheduler.from_config(pipeline.scheduler.config)
    pipeline.set_progress_bar_config(disable=True)
    pipeline.to(engine.device)
    ours, rival = interleave(
        lambda: engine.generate(request),
        lambda: pipeline(PROMPT, num_inference_steps=STEPS, guidance_scale=GUIDANCE),
    )
    return ours, rival, str(engine.dtype).removeprefix("torch.")


if __name__ == "__main__":
    ours_s, rival_s, precision = measure()
    claim = f"seconds for one picture of {STEPS} steps, beside diffusers, both in {precision}"
    print_outcome(compare_times(claim, ours_s, rival_s, goal=1.0))
