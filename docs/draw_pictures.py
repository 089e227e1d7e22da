"""Draws the pictures of how.md with the starter models: python docs/draw_pictures.py [NAME]"""

import sys
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from maquette.core.requests import GenerationRequest, SamplingParams
from maquette.core.settings import Settings
from maquette.engines.clip import ClipEngine
from maquette.engines.image import ImageEngine, Progress
from maquette.service.generate import generate, trajectory_strip
from maquette.service.wiring import clip_engine, image_engine
from maquette.world.captions import caption
from maquette.world.compose import compose
from maquette.world.draw import draw

OUT = Path(__file__).parent / "pictures"
PROMPT = SamplingParams("a red boat on a calm sea at night", seed=1)


def stack(rows: list[Image.Image], gap_px: int = 4) -> Image.Image:
    """Pictures of one width, one below the other."""
    height = sum(r.height for r in rows) + gap_px * (len(rows) - 1)
    whole = Image.new("RGB", (rows[0].width, height), "white")
    y = 0
    for row in rows:
        whole.paste(row, (0, y))
        y += row.height + gap_px
    return whole


def first(engine: ImageEngine, clip: ClipEngine) -> Image.Image:
    """The picture of the README: the best of eight by CLIP."""
    return generate(GenerationRequest(PROMPT, count=8, keep=1), engine, clip)[0].image


def noising(engine: ImageEngine) -> Image.Image:
    """A drawing whose latents get more and more noise, decoded again."""
    latents = engine.codec.encode(Image.fromarray(draw(compose(12))))
    noise = torch.randn(latents.shape, generator=torch.Generator().manual_seed(0))
    steps = [torch.tensor([t]) for t in (0, 100, 250, 450, 700, 999)]
    noisy = [engine.schedule.add_noise(latents, noise, t) for t in steps]
    return trajectory_strip(engine.codec.decode(torch.cat(noisy)))


def latents(engine: ImageEngine) -> Image.Image:
    """A drawing, five of its latent channels enlarged, and what they decode to."""
    drawing = Image.fromarray(draw(compose(12)))
    grid = engine.codec.encode(drawing)
    shown = [drawing]
    for channel in grid[0, :5]:
        low, high = float(channel.min()), float(channel.max())
        levels = ((channel - low) / (high - low) * 255).byte().numpy()
        shown.append(Image.fromarray(levels).resize(drawing.size, Image.Resampling.NEAREST))
    return trajectory_strip([p.convert("RGB") for p in [*shown, engine.codec.decode(grid)[0]]])


def reversal(engine: ImageEngine) -> Image.Image:
    """From noise to picture: above what is there, below what the model believes in."""
    seen: list[Progress] = []
    engine.generate(GenerationRequest(PROMPT), seen.append)
    chosen = [seen[i].outputs[0] for i in (0, 4, 8, 12, 17, 23)]
    there = trajectory_strip([engine.codec.decode(s.seen[None])[0] for s in chosen])
    believed = trajectory_strip([engine.codec.decode(s.predicted[None])[0] for s in chosen])
    return stack([there, believed])


def guidance(engine: ImageEngine) -> Image.Image:
    """The same noise, led more and more strictly by the words."""
    scales = (1.0, 2.0, 4.0, 6.0, 9.0, 14.0)
    requests = [GenerationRequest(replace(PROMPT, guidance_scale=s)) for s in scales]
    return trajectory_strip([engine.generate(r)[0] for r in requests])


def few_steps(engine: ImageEngine, turbo: ImageEngine) -> Image.Image:
    """The starter in 24 guided steps, the few-step model in one, two and four; a prompt a row."""
    prompts = (
        PROMPT.prompt,
        "a pink mushroom in a forest in the rain",
        "三朵蓝色的花，白天，水彩画",
    )
    rows: list[Image.Image] = []
    for prompt in prompts:
        shown = engine.generate(GenerationRequest(SamplingParams(prompt, seed=1)))
        for steps in (1, 2, 4):
            usual = asdict(turbo.spec.usual) | {"num_inference_steps": steps}
            shown += turbo.generate(GenerationRequest(SamplingParams(prompt, seed=1, **usual)))
        rows.append(trajectory_strip(shown))
    return stack(rows)


def agreement(clip: ClipEngine) -> Image.Image:
    """How well CLIP finds each of eight captions to fit each of eight pictures: rows are texts."""
    import random

    scenes = [compose(seed, "held_out") for seed in range(8)]
    pictures = [Image.fromarray(draw(s)) for s in scenes]
    texts = [caption(s, "en", random.Random(s.seed), full=True).text for s in scenes]
    scores = (clip.embed_texts(texts) @ clip.embed_pictures(pictures).T).numpy()
    levels = (scores - scores.min()) / (scores.max() - scores.min())
    side = 96
    cells = np.kron((levels * 255).astype(np.uint8), np.ones((side, side), np.uint8))
    head = trajectory_strip([p.resize((side, side)) for p in pictures], gap_px=0)
    return stack([head, Image.fromarray(cells).convert("RGB")], gap_px=0)


def main(names: list[str]) -> None:
    """Writes all pictures, or those named."""
    OUT.mkdir(exist_ok=True)
    engine, clip = image_engine(Settings(), "starter"), clip_engine(Settings())
    drawn = {
        "first": lambda: first(engine, clip),
        "noising": lambda: noising(engine),
        "latents": lambda: latents(engine),
        "reversal": lambda: reversal(engine),
        "guidance": lambda: guidance(engine),
        "agreement": lambda: agreement(clip),
        "few_steps": lambda: few_steps(engine, image_engine(Settings(), "starter-turbo")),
    }
    for name in names or drawn:
        drawn[name]().save(OUT / f"{name}.webp", quality=90)


if __name__ == "__main__":
    main(sys.argv[1:])
