"""How well CLIP ties pictures to words: retrieval both ways, and zero-shot classification."""

import random

import torch
from PIL import Image

from maquette.engines.clip import ClipEngine
from maquette.world.captions import attributes, caption, prompts
from maquette.world.compose import compose
from maquette.world.draw import draw
from maquette.world.scene import Scene

PROMPTED = ("subject", "colour", "count", "setting", "time", "weather", "style")


def distinct_scenes(count: int, first_seed: int = 0) -> list[Scene]:
    """Held-out scenes of which no two have the same attributes."""
    scenes: list[Scene] = []
    seen: set[str] = set()
    seed = first_seed
    while len(scenes) < count:
        scene = compose(seed, "held_out")
        seed += 1
        key = repr({n: v for n, v in attributes(scene).items() if n != "size"})
        if key not in seen:
            seen.add(key)
            scenes.append(scene)
    return scenes


def retrieval(clip: ClipEngine, language: str, pairs: int = 1000) -> dict[str, float]:
    """R@1 from text to image and from image to text among distinct held-out pairs."""
    scenes = distinct_scenes(pairs)
    texts = [caption(s, language, random.Random(s.seed), full=True).text for s in scenes]
    images = _embed_scenes(clip, scenes)
    words = torch.cat([clip.embed_texts(texts[i : i + 64]) for i in range(0, pairs, 64)])
    scores = words @ images.T  # (texts, pictures)
    truth = torch.arange(pairs)
    return {
        "text_to_image": float((scores.argmax(1) == truth).float().mean()),
        "image_to_text": float((scores.argmax(0) == truth).float().mean()),
    }


def zero_shot(clip: ClipEngine, language: str, pictures: int = 500) -> dict[str, float]:
    """Accuracy of naming each attribute of lone subjects from the prompts of its values."""
    scenes = [s for s in distinct_scenes(pictures * 2, 100_000) if not s.relation][:pictures]
    images = _embed_scenes(clip, scenes)
    table: dict[str, float] = {}
    for attribute in PROMPTED:
        choices = prompts(attribute, language)
        names = list(choices)
        scores = images @ clip.embed_texts(list(choices.values())).T
        guesses = [names[i] for i in scores.argmax(1).tolist()]
        truths = [_truth(scene, attribute) for scene in scenes]
        asked = [g == t for g, t in zip(guesses, truths, strict=True) if t is not None]
        table[attribute] = sum(asked) / len(asked)
    table["mean"] = sum(table.values()) / len(table)
    return table


def _truth(scene: Scene, attribute: str) -> str | None:
    value = attributes(scene)[attribute]
    if isinstance(value, tuple):
        return value[0]
    return None if value is None else str(value)


def _embed_scenes(clip: ClipEngine, scenes: list[Scene]) -> torch.Tensor:
    parts = [
        clip.embed_pictures([Image.fromarray(draw(s)) for s in scenes[i : i + 64]])
        for i in range(0, len(scenes), 64)
    ]
    return torch.cat(parts)
