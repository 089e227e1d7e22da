"""What CLIP says pictures of the world show, and that it says so where it knows nothing of one."""

from functools import cache

import numpy as np
import pytest
import torch
from PIL import Image

from maquette.engines.captioning import Captioner
from maquette.engines.catalog import STARTERS
from maquette.engines.clip import ClipEngine
from maquette.world.compose import Wish, arrange
from maquette.world.draw import draw


@cache
def _captioner() -> Captioner:
    return Captioner(ClipEngine(STARTERS["clip"], torch.device("cpu")))


def _drawn(wish: Wish) -> Image.Image:
    return Image.fromarray(draw(arrange(wish, 3)))


def test_it_says_who_is_where_and_when_in_both_languages() -> None:
    wish = Wish([("duck", "yellow")] * 3, "lake", "dawn", "clear", "ink")
    seen = _captioner().look(_drawn(wish))
    assert seen.is_known
    assert seen.caption("en").startswith("three yellow ducks on a lake")
    assert "at dawn under a clear sky" in seen.caption("en")
    assert "三只黄色的鸭子" in seen.caption("zh")
    assert _captioner().look(_drawn(wish)) == seen
    assert Captioner(ClipEngine(STARTERS["clip"], torch.device("cpu"))).look(_drawn(wish)) == seen


@pytest.mark.parametrize(("relation", "other"), [("left of", "right of"), ("right of", "left of")])
def test_it_tells_left_from_right_and_whose_colour_is_whose(relation: str, other: str) -> None:
    cast = [("castle", "purple"), ("car", "yellow")]
    wish = Wish(cast, "meadow", "day", "clear", "flat", relation=relation)
    said = _captioner().look(_drawn(wish)).caption("en")
    assert said.startswith(
        (
            f"a purple castle {relation} a yellow car",
            f"a yellow car {other} a purple castle",
        )
    )


@pytest.mark.parametrize("kind", ["noise", "white", "gradient"])
def test_what_is_none_of_the_world_is_not_known(kind: str) -> None:
    pixels = {
        "noise": np.random.default_rng(1).integers(0, 256, (256, 256, 3)),
        "white": np.full((256, 256, 3), 255),
        "gradient": np.linspace(0, 255, 256)[:, None, None].repeat(256, 1).repeat(3, 2),
    }[kind]
    picture = Image.fromarray(pixels.astype(np.uint8))
    assert not _captioner().look(picture).is_known
