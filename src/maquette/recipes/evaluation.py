"""`maquette evaluate`: what the starter models can do, on scenes that no training has seen."""

import json
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from maquette.core.errors import InvalidRequest
from maquette.core.requests import GenerationRequest, SamplingParams
from maquette.engines.clip import ClipEngine
from maquette.engines.image import ImageEngine
from maquette.recipes.probe import Probe
from maquette.recipes.retrieval import distinct_scenes, retrieval, zero_shot
from maquette.recipes.scoring import Expectation, accuracy, ask, frechet_distance, score
from maquette.world.captions import LANGUAGES, caption
from maquette.world.compose import compose
from maquette.world.draw import draw
from maquette.world.preview import sheet

# Far from the seeds that retrieval uses; all in the held-out split.
_PROMPT_SEEDS = 500_000
_GRID_SIDE = 6


@dataclass(frozen=True, slots=True)
class Asked:
    """A prompt and what its picture should show."""

    prompt: str
    language: str
    expected: Expectation
    scene_seed: int | None = None


@dataclass(slots=True)
class Scored:
    """Pictures of some prompts, and how right they are."""

    asked: list[Asked]
    pictures: list[Image.Image] = field(default_factory=list)
    results: list[dict[str, bool]] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    def of(self, language: str) -> dict[str, float]:
        """Accuracy by category of the prompts in one language."""
        pairs = zip(self.asked, self.results, strict=True)
        return accuracy(r for a, r in pairs if a.language == language)


def held_out_prompts(per_language: int) -> list[Asked]:
    """Full captions of held-out scenes, the same scenes in each language."""
    scenes = distinct_scenes(per_language, _PROMPT_SEEDS)
    asked: list[Asked] = []
    for scene in scenes:
        for language in LANGUAGES:
            text = caption(scene, language, random.Random(scene.seed), full=True)
            expected = Expectation.of(scene, text.mentions)
            asked.append(Asked(text.text, language, expected, scene.seed))
    return asked


def read_prompts(path: Path) -> list[Asked]:
    """Prompts of a JSONL file. Raises InvalidRequest naming the line that does not fit."""
    asked: list[Asked] = []
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidRequest(f"{path} cannot be read: {error}") from None
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            entry = json.loads(line)
            expected = Expectation.parse(entry["expect"])
            asked.append(Asked(str(entry["prompt"]), str(entry["language"]), expected))
        except (json.JSONDecodeError, TypeError, AttributeError) as error:
            raise InvalidRequest(f"{path} line {number} is not a JSON object: {error}") from None
        except KeyError as error:
            raise InvalidRequest(f"{path} line {number} lacks {error.args[0]!r}; add it") from None
        except InvalidRequest as error:
            raise InvalidRequest(f"{path} line {number}: {error.message}") from None
    if not asked:
        raise InvalidRequest(f"{path} holds no prompts; write one JSON object a line")
    return asked


def draw_and_score(
    asked: list[Asked],
    engine: ImageEngine,
    probe: Probe,
    steps: int,
    guidance: float,
    on_picture: Callable[[int, int], None] = lambda done, total: None,
) -> Scored:
    """One picture a prompt, each sampled alone and timed, then asked about by the probe."""
    scored = Scored(asked)
    for number, one in enumerate(asked):
        params = SamplingParams(
            one.prompt, seed=number, num_inference_steps=steps, guidance_scale=guidance
        )
        started = time.perf_counter()
        scored.pictures += engine.generate(GenerationRequest(params))
        scored.seconds.append(time.perf_counter() - started)
        on_picture(number + 1, len(asked))
    answers, _ = ask(probe, scored.pictures)
    scored.results = [score(answers, i, one.expected) for i, one in enumerate(asked)]
    return scored


def probe_on_drawings(probe: Probe, drawings: int) -> dict[str, float]:
    """The probe's own accuracy on held-out drawings: the ceiling of every figure it gives."""
    scenes = distinct_scenes(drawings, _PROMPT_SEEDS * 2)
    answers, _ = ask(probe, [Image.fromarray(draw(s)) for s in scenes])
    texts = [caption(s, "en", random.Random(s.seed), full=True) for s in scenes]
    return accuracy(
        score(
            answers, i, Expectation.of(s, t.mentions | {"count"} if not s.relation else t.mentions)
        )
        for i, (s, t) in enumerate(zip(scenes, texts, strict=True))
    )


def distance_to_drawings(probe: Probe, scored: Scored) -> float:
    """Fréchet distance between generated pictures and drawings of the very same scenes."""
    seeds = [a.scene_seed for a in scored.asked if a.scene_seed is not None]
    drawings = [Image.fromarray(draw(compose(s, "held_out"))) for s in seeds]
    return frechet_distance(ask(probe, scored.pictures)[1], ask(probe, drawings)[1])


def sample_grid(scored: Scored) -> Image.Image:
    """The first 36 pictures, six a row."""
    return sheet([np.asarray(p) for p in scored.pictures[: _GRID_SIDE**2]], _GRID_SIDE)


def clip_figures(clip: ClipEngine, pairs: int) -> dict[str, Any]:
    """Retrieval and zero-shot accuracy by language."""
    return {
        language: {
            "retrieval": retrieval(clip, language, pairs),
            "zero_shot": zero_shot(clip, language, max(20, pairs // 2)),
        }
        for language in LANGUAGES
    }
