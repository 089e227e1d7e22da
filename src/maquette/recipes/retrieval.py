"""How well CLIP ties pictures to words: retrieval both ways, and zero-shot classification."""

import random

import torch
import torch.nn.functional as F
from PIL import Image

from maquette.engines.clip import ClipEngine
from maquette.world.captions import VALUES, attributes, caption, prompts, relation_prompts
from maquette.world.compose import compose
from maquette.world.draw import draw
from maquette.world.scene import Scene


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


class Retrieval:
    """R@1 among distinct held-out pairs of a picture and its full caption."""

    def __init__(self, clip: ClipEngine, pairs: int = 1000) -> None:
        self._clip = clip
        self._scenes = distinct_scenes(pairs)
        self._images = _embed_scenes(clip, self._scenes)

    def of(self, language: str) -> dict[str, float]:
        """From text to image and from image to text."""
        texts = [caption(s, language, random.Random(s.seed), full=True).text for s in self._scenes]
        parts = [texts[i : i + 64] for i in range(0, len(texts), 64)]
        scores = torch.cat([self._clip.embed_texts(p) for p in parts]) @ self._images.T
        truth = torch.arange(len(texts))
        return {
            "text_to_image": float((scores.argmax(1) == truth).float().mean()),
            "image_to_text": float((scores.argmax(0) == truth).float().mean()),
        }


class ZeroShot:
    """Naming each attribute of held-out pictures from the mean of each value's prompts.

    Pictures show one subject, alone or several times; for the relation they show two, and its
    prompts name these two.
    """

    def __init__(self, clip: ClipEngine, pictures: int = 500) -> None:
        self._clip = clip
        scenes = distinct_scenes(pictures * 4, 100_000)
        self._lone = [s for s in scenes if not s.relation][:pictures]
        self._pairs = [s for s in scenes if s.relation][:pictures]
        self._lone_images = _embed_scenes(clip, self._lone)
        self._pair_images = _embed_scenes(clip, self._pairs)

    def of(self, language: str) -> dict[str, float]:
        """Accuracy by attribute, and their mean."""
        table = {
            attribute: self._relation(language)
            if attribute == "relation"
            else self._attribute(attribute, language)
            for attribute in VALUES
        }
        table["mean"] = sum(table.values()) / len(table)
        return table

    def _attribute(self, attribute: str, language: str) -> float:
        choices = prompts(attribute, language)
        names = list(choices)
        means = [self._clip.embed_texts(list(texts)).mean(0) for texts in choices.values()]
        scores = self._lone_images @ F.normalize(torch.stack(means), dim=-1).T
        guesses = [names[i] for i in scores.argmax(1).tolist()]
        truths = [_truth(scene, attribute) for scene in self._lone]
        asked = [g == t for g, t in zip(guesses, truths, strict=True) if t is not None]
        return sum(asked) / len(asked)

    def _relation(self, language: str) -> float:
        right = 0
        for scene, image in zip(self._pairs, self._pair_images, strict=True):
            first, second = (figure.subject for figure in scene.figures)
            choices = relation_prompts(first, second, language)
            scores = self._clip.embed_texts(list(choices.values())) @ image
            right += list(choices)[int(scores.argmax())] == scene.relation
        return right / len(self._pairs)


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
