"""Scenes: one seed one picture, held-out combinations kept apart, relations that hold."""

import subprocess
import sys
from dataclasses import replace
from hashlib import sha256
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from maquette.world.compose import compose
from maquette.world.draw import draw
from maquette.world.holdout import is_held_out, scene_is_held_out
from maquette.world.scene import Scene
from maquette.world.vocabulary import COLOURS, SETTINGS, STYLES, SUBJECTS

# If one of these changes, so do all pictures, and every model must be trained anew.
HELD_OUT = "7bba38cc4f41950a"
SCENES = "c1677fed9700cb33"


def test_a_tenth_of_the_combinations_is_held_out_for_good() -> None:
    combinations = list(product(SUBJECTS, COLOURS, SETTINGS))
    held = [c for c in combinations if is_held_out(*c)]
    assert 0.08 < len(held) / len(combinations) < 0.12
    names = sha256("\n".join("/".join(c) for c in held).encode()).hexdigest()
    assert names[:16] == HELD_OUT


@given(st.integers(0, 2**40))
def test_training_never_sees_a_held_out_combination(seed: int) -> None:
    assert not scene_is_held_out(compose(seed))
    scene = compose(seed, "held_out")
    first = scene.figures[0]
    assert is_held_out(first.subject, first.colour, scene.setting)


@given(st.integers(0, 2**40))
def test_a_scene_is_well_formed(seed: int) -> None:
    scene = compose(seed)
    assert scene == compose(seed)
    assert (scene.time is None) == (scene.weather is None) == (scene.setting == "space")
    assert 1 <= len(scene.figures) <= 4
    if scene.relation:
        first, second = scene.figures
        assert first.subject != second.subject
        assert _holds(scene)
    else:
        assert len({(f.subject, f.colour, f.variant) for f in scene.figures}) == 1
    for figure in scene.figures:
        assert 0.0 < figure.height <= 0.76
        assert figure.y - figure.height >= 0.0
        assert figure.y <= 0.97
        assert 0.02 < figure.x < 0.98


def _holds(scene: Scene) -> bool:
    first, second = scene.figures
    return {
        "left of": first.x < second.x - 0.3,
        "right of": first.x > second.x + 0.3,
        "above": first.y < second.y - 0.3,
        "below": first.y > second.y + 0.3,
        "in front of": first.y > second.y + 0.1,
        "behind": first.y < second.y - 0.1,
    }[scene.relation or ""]


def test_one_seed_is_one_scene_for_good() -> None:
    scenes = "\n".join(repr(compose(seed)) for seed in range(200))
    assert sha256(scenes.encode()).hexdigest()[:16] == SCENES


def test_one_seed_is_one_picture_byte_for_byte_in_every_process() -> None:
    code = (
        "from hashlib import sha256; from maquette.world.compose import compose;"
        "from maquette.world.draw import draw;"
        "print(sha256(b''.join(draw(compose(s)).tobytes() for s in {})).hexdigest())"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", code.format(order)], capture_output=True, text=True, check=True
        ).stdout
        for order in ("range(24)", "(*range(24),)")
    }
    pictures = [draw(compose(seed)) for seed in reversed(range(24))]
    assert {p.shape for p in pictures} == {(256, 256, 3)}
    assert {p.dtype for p in pictures} == {np.dtype(np.uint8)}
    mine = sha256(b"".join(p.tobytes() for p in reversed(pictures))).hexdigest()
    assert digests == {mine + "\n"}


@pytest.mark.parametrize("size", [(64, 64), (320, 192), (512, 512)])
def test_other_sizes_show_the_same_scene(size: tuple[int, int]) -> None:
    width, height = size
    for seed in range(4):
        assert draw(compose(seed), width, height).shape == (height, width, 3)


def test_every_style_looks_different() -> None:
    scene = compose(0)
    pictures = [draw(replace(scene, style=style)) for style in STYLES]
    for i, first in enumerate(pictures):
        for second in pictures[:i]:
            assert np.abs(first.astype(int) - second.astype(int)).mean() > 1.5
