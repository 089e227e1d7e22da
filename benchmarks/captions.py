"""What the captioner says of held-out scenes of the world, attribute by attribute, and how fast.

Run as `python -m benchmarks.captions`; the last line but one has all shares. A picture of the world
is to be known as such, and one that is none is not.
"""

import json
import statistics
import time
from collections.abc import Mapping, Sequence

import numpy as np
import torch
from PIL import Image

from benchmarks.report import compare, print_outcome
from maquette.core.settings import Settings
from maquette.engines.captioning import Captioner, Seen
from maquette.recipes.labels import canonical_relation
from maquette.recipes.retrieval import distinct_scenes
from maquette.service.wiring import captioner
from maquette.world.captions import LANGUAGES
from maquette.world.draw import draw
from maquette.world.prompt import read_prompt
from maquette.world.scene import Scene

SCENES, FIRST_SEED, NOISES = 200, 900_000, 20
SUBJECTS = 0.9


def right(scene: Scene, seen: Seen) -> Mapping[str, bool]:
    """Whether each attribute that the scene has was seen; a style only where it is said."""
    true, told = _cast(scene), _cast(seen.scene)
    kind = "pair" if scene.relation else "alone"
    found = {
        f"subjects, {kind}": true.keys() == told.keys(),
        f"colours, {kind}": true == told,
        "setting": scene.setting == seen.scene.setting,
    }
    if scene.relation is None:
        found["count"] = seen.scene.relation is None and scene.count == seen.scene.count
    elif true.keys() == told.keys():
        found["relation, of the right two"] = _stance(scene) == _stance(seen.scene)
    if scene.time is not None:
        found["time"] = scene.time == seen.scene.time
        found["weather"] = scene.weather == seen.scene.weather
    if "style" in seen.said:
        found["style, where it is said"] = scene.style == seen.scene.style
    return found


def read_back(seen: Seen, language: str) -> bool:
    """Whether a caption, read as a prompt, says what was seen."""
    read = read_prompt(seen.caption(language))
    if read is None:
        return False
    figures = seen.scene.figures
    return (
        list(read.wish.cast) == [(one.subject, one.colour) for one in figures]
        and read.wish.setting == seen.scene.setting
        and read.wish.time == seen.scene.time
        and read.wish.weather == seen.scene.weather
    )


def measure(eyes: Captioner, scenes: Sequence[Scene]) -> dict[str, object]:
    """Shares that are right, and processor seconds a caption."""
    found, seconds = list[Seen](), list[float]()
    for scene in scenes:
        picture = Image.fromarray(draw(scene))
        started = time.process_time()
        found.append(eyes.look(picture))
        seconds.append(time.process_time() - started)
    results = [right(scene, seen) for scene, seen in zip(scenes, found, strict=True)]
    names = sorted({name for one in results for name in one})
    shares = {name: _share([one[name] for one in results if name in one]) for name in names}
    return {
        "right": shares,
        "style_said": _share(["style" in one.said for one in found]),
        "known": _share([one.is_known for one in found]),
        "read_back": {one: _share([read_back(s, one) for s in found]) for one in LANGUAGES},
        "first_s": round(seconds[0], 3),
        "median_s": round(statistics.median(seconds[1:]), 3),
    }


def noises(count: int) -> list[Image.Image]:
    """Pictures of nothing: noise, plain colours, gradients."""
    rng = np.random.default_rng(0)
    found = []
    for number in range(count):
        one, other = rng.integers(0, 256, (2, 3))
        steps = np.linspace(0, 1, 256)[:, None, None]
        pixels = [
            rng.integers(0, 256, (256, 256, 3)),
            np.full((256, 256, 3), one),
            ((1 - steps) * one + steps * other).repeat(256, 1),
        ][number % 3]
        found.append(Image.fromarray(pixels.astype(np.uint8)))
    return found


def _cast(scene: Scene) -> dict[str, str]:
    return {figure.subject: figure.colour for figure in scene.figures}


def _stance(scene: Scene) -> str:
    first, second = (figure.subject for figure in scene.figures)
    return canonical_relation(first, second, str(scene.relation))


def _share(found: Sequence[bool]) -> float:
    return round(sum(found) / max(1, len(found)), 3)


def main() -> None:
    """Prints the shares, and the outcome of one of them; of pictures that show nothing, too."""
    torch.set_num_threads(1)
    eyes = captioner(Settings())
    table = {"scenes": SCENES, **measure(eyes, distinct_scenes(SCENES, FIRST_SEED))}
    table["nothing_known"] = _share([eyes.look(one).is_known for one in noises(NOISES)])
    print(json.dumps(table))
    claim = (
        "captions: the share of subjects that are right, but for pairs, beside what is asked for"
    )
    seen = float(table["right"]["subjects, alone"])
    print_outcome(compare(claim, seen, SUBJECTS, goal=1.0, less_is_better=False))


if __name__ == "__main__":
    main()
