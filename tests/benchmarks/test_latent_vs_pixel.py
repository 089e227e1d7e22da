"""The comparison of latents with pixels: what is compared, and how the saving is read off."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from benchmarks.curves import Saving, plot, saving
from benchmarks.latent_vs_pixel import DrawnCells, Learner, Side, follow, pixel_side
from maquette.core.errors import InvalidRequest
from maquette.recipes.image import UNetSize
from maquette.train.loop import Compute
from maquette.world.compose import compose
from maquette.world.draw import draw

COMPUTE = Compute(torch.device("cpu"), torch.float32)


def _curve(*points: tuple[float, float]) -> dict[str, Any]:
    return {
        "untrained": {"composition": 0.16, "error": 0.015},
        "points": [{"petaflop": f, "composition": c, "error": 0.02} for f, c in points],
    }


def test_the_saving_is_read_off_between_two_points() -> None:
    latent = _curve((0.01, 0.3), (0.02, 0.4), (0.04, 0.6))
    assert saving(latent, _curve((0.1, 0.1), (0.5, 0.4))) == Saving(0.4, 0.02, 0.5, True)
    best = saving(latent, _curve((0.1, 0.35), (0.5, 0.3)))  # whatever comes after
    assert (best.level, best.pixel) == (0.35, 0.1)
    assert best.latent == pytest.approx(0.01 * 2**0.5)
    assert saving(latent, _curve((0.1, 0.3), (0.5, 0.3))).pixel == 0.1  # the least that it takes
    bumpy = _curve((0.01, 0.3), (0.02, 0.2), (0.04, 0.4))
    assert saving(bumpy, _curve((0.5, 0.35))).latent == pytest.approx(0.02 * 2**0.5)
    assert saving(latent, _curve((0.1, 0.25))).latent == 0.01  # no less than was measured
    assert saving(latent, _curve((0.1, 0.7))).latent == float("inf")


def test_nothing_is_read_off_what_may_be_chance() -> None:
    """Where pixels never leave it, their whole compute stands against leaving it in latents."""
    found = saving(_curve((0.01, 0.15), (0.02, 0.3)), _curve((0.1, 0.2), (0.5, 0.17)))
    assert not found.left_chance
    assert found.level == pytest.approx(0.16 + 2 * 0.025)
    assert found.pixel == 0.5
    assert 0.01 < found.latent < 0.02


def test_the_twin_sees_the_very_drawings() -> None:
    side = pixel_side(COMPUTE, 8, workers=0)
    cells = DrawnCells()[torch.tensor([7])]
    assert cells.shape == (1, *side.shape) == (1, 12, 128, 128)
    pixels = side.to_pixels(cells.float())[0].permute(1, 2, 0).numpy()
    drawn = draw(compose(7)) / 127.5 - 1.0
    assert float(np.abs(pixels - drawn).max()) < 2e-3  # of fp16


@pytest.mark.slow
def test_a_side_learns_on_and_is_scored_once_at_each_compute(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("benchmarks.latent_vs_pixel.PROMPTS", 2)
    monkeypatch.setattr("benchmarks.latent_vs_pixel.STEPS", 2)
    monkeypatch.setattr("benchmarks.latent_vs_pixel.FEWER_STEPS", (1,))
    grids = torch.randn(4, 12, 16, 16, generator=torch.Generator().manual_seed(0))
    size = UNetSize((32, 64), head_channels=32)
    side = Side(
        "tiny", size, 2, grids, torch.eye(12), lambda x: torch.nn.functional.pixel_shuffle(x, 2)
    )
    learner = Learner(side, tmp_path, COMPUTE, workers=0)
    steps = [learner.flop_a_picture * 2 * n / 1e15 for n in (1, 3)]
    curve = follow(learner, steps[:1])
    assert [point["pictures"] for point in curve["points"]] == [2]
    with pytest.raises(InvalidRequest, match=r"curve.json is of another run"):
        follow(learner, steps)
    (tmp_path / "tiny" / "curve.json").unlink()
    curve = follow(Learner(side, tmp_path, COMPUTE, workers=0), steps)
    assert [point["pictures"] for point in curve["points"]] == [2, 6]
    for point in (curve["untrained"], *curve["points"], *curve["by_steps"]):
        assert 0.0 <= point["composition"] <= 1.0
        assert 0.0 <= point["error"] < 0.5
    assert [point["steps"] for point in curve["by_steps"]] == [1, 2]
    assert json.loads((tmp_path / "tiny" / "curve.json").read_text()) == curve
    picture = tmp_path / "plot.png"
    plot(curve, curve, 0.001, picture)
    assert picture.stat().st_size > 5_000
