"""`maquette evaluate`: what the starter models can do, on scenes that no training has seen."""

import json
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from PIL import Image

from maquette.core.errors import InvalidRequest
from maquette.core.requests import GenerationRequest, SamplingParams
from maquette.engines.clip import ClipEngine
from maquette.engines.image import ImageEngine
from maquette.recipes.autoencoder import psnr
from maquette.recipes.probe import Probe
from maquette.recipes.retrieval import Retrieval, ZeroShot, distinct_scenes
from maquette.recipes.scoring import Expectation, accuracy, ask, frechet_distance, score
from maquette.world.captions import LANGUAGES, caption
from maquette.world.compose import compose
from maquette.world.draw import draw
from maquette.world.preview import sheet

# Of the held-out split, far from each other and from those that retrieval uses.
_PROMPT_SEEDS = 500_000
_CEILING_SEEDS = 1_000_000
_REFERENCE_SEEDS = 1_500_000
PSNR_SEEDS = 2_000_000
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
    params: SamplingParams,
    on_picture: Callable[[int, int], None] = lambda done, total: None,
) -> Scored:
    """One picture a prompt, else by `params`, each sampled alone and timed, then asked about by the
    probe.
    """
    scored = Scored(asked)
    for number, one in enumerate(asked):
        request = GenerationRequest(replace(params, prompt=one.prompt, seed=number))
        started = time.perf_counter()
        scored.pictures += engine.generate(request)
        scored.seconds.append(time.perf_counter() - started)
        on_picture(number + 1, len(asked))
    answers, _ = ask(probe, scored.pictures)
    scored.results = [score(answers, i, one.expected) for i, one in enumerate(asked)]
    return scored


def probe_on_drawings(probe: Probe, drawings: int) -> dict[str, float]:
    """The probe's own accuracy on held-out drawings, asked just what it is asked of pictures."""
    scenes = distinct_scenes(drawings, _CEILING_SEEDS)
    answers, _ = ask(probe, [Image.fromarray(draw(s)) for s in scenes])
    texts = [caption(s, "en", random.Random(s.seed), full=True) for s in scenes]
    expected = [Expectation.of(s, t.mentions) for s, t in zip(scenes, texts, strict=True)]
    return accuracy(score(answers, i, e) for i, e in enumerate(expected))


def distances_to_drawings(probe: Probe, scored: Scored, drawings: int) -> dict[str, float]:
    """Fréchet distances in the probe's features to drawings of other held-out scenes.

    Of the pictures of one language, and for comparison of drawings of the very scenes that were
    asked for: a set this small has a distance of its own.
    """
    others = [compose(_REFERENCE_SEEDS + n, "held_out") for n in range(drawings)]
    reference = ask(probe, [Image.fromarray(draw(s)) for s in others])[1]
    language = scored.asked[0].language
    pairs = zip(scored.asked, scored.pictures, strict=True)
    asked = {
        a.scene_seed: picture
        for a, picture in pairs
        if a.language == language and a.scene_seed is not None
    }
    ideal = [Image.fromarray(draw(compose(s, "held_out"))) for s in asked]
    return {
        "pictures": frechet_distance(ask(probe, list(asked.values()))[1], reference),
        "drawings": frechet_distance(ask(probe, ideal)[1], reference),
    }


def figures(scored: Scored, probe: Probe, drawings: int) -> dict[str, Any]:
    """What any prompts give: composition by language, beside the probe on true drawings."""
    languages = sorted({one.language for one in scored.asked})
    return {
        "drawings": drawings,
        "composition": {language: scored.of(language) for language in languages},
        "probe_on_drawings": probe_on_drawings(probe, drawings),
        "seconds_per_picture": median(scored.seconds),
    }


def held_out_figures(
    scored: Scored, probe: Probe, engine: ImageEngine, clip: ClipEngine, pairs: int
) -> dict[str, Any]:
    """What only the held-out prompts give, and what the other models can do."""
    return {
        "frechet_distances": distances_to_drawings(probe, scored, pairs),
        "psnr_db": psnr(engine.codec.autoencoder, 64, PSNR_SEEDS),
        "pairs": pairs,
        "clip": clip_figures(clip, pairs),
    }


def sample_grid(scored: Scored) -> Image.Image:
    """The first 36 pictures, six a row."""
    return sheet([np.asarray(p) for p in scored.pictures[: _GRID_SIDE**2]], _GRID_SIDE)


def clip_figures(clip: ClipEngine, pairs: int) -> dict[str, Any]:
    """Retrieval and zero-shot accuracy by language."""
    retrieval, zero_shot = Retrieval(clip, pairs), ZeroShot(clip, max(20, pairs // 2))
    return {
        language: {"retrieval": retrieval.of(language), "zero_shot": zero_shot.of(language)}
        for language in LANGUAGES
    }
