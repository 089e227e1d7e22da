"""Every subject has its variants, fills its box, stands on the ground and shows its colour."""

import numpy as np
import pytest
import skia

from maquette.world import subjects
from maquette.world.drawing import BOX, Drawing, Tint, parse_outline
from maquette.world.vocabulary import SUBJECTS

CASES = [
    pytest.param(drawing, id=f"{name}-{variant}")
    for name in SUBJECTS
    for variant, drawing in enumerate(subjects.DRAWINGS.get(name, ()))
]
OWN_COLOUR = {Tint.MAIN, Tint.LIGHT, Tint.DARK}
EDGE = 3  # how far a shape may reach outside the box
SCALE = 2  # pixels per box unit


def extent(drawing: Drawing) -> skia.Rect:
    """The box round every painted part of a drawing, strokes with their width."""
    whole = skia.Rect.MakeEmpty()
    for shape in drawing:
        bounds = parse_outline(shape.outline).computeTightBounds()
        whole.join(bounds.makeOutset(shape.width / 2, shape.width / 2))
    return whole


def painted(drawing: Drawing) -> np.ndarray:
    """Picture of a drawing: own colour red, materials blue, nothing transparent."""
    side = round((BOX + 2 * EDGE) * SCALE)
    pixels = np.zeros((side, side, 4), np.uint8)
    with skia.Surface(pixels) as canvas:
        canvas.scale(SCALE, SCALE)
        canvas.translate(EDGE, EDGE)
        for shape in drawing:
            colour = skia.ColorRED if shape.tint in OWN_COLOUR else skia.ColorBLUE
            paint = skia.Paint(Color=colour, AntiAlias=False)
            if shape.width:
                paint.setStyle(skia.Paint.kStroke_Style)
                paint.setStrokeWidth(shape.width)
                paint.setStrokeCap(skia.Paint.kRound_Cap)
            canvas.drawPath(parse_outline(shape.outline), paint)
    return pixels


def own_share(drawing: Drawing) -> float:
    """Share of the opaque area that has the subject's own colour."""
    pixels = painted(drawing)
    red = painted_red()
    opaque = pixels[..., 3] > 0
    own = (pixels == red).all(axis=-1)
    return float(own.sum() / opaque.sum())


def painted_red() -> np.ndarray:
    """How this platform stores red."""
    pixel = np.zeros((1, 1, 4), np.uint8)
    with skia.Surface(pixel) as canvas:
        canvas.clear(skia.ColorRED)
    return pixel[0, 0]


@pytest.mark.parametrize("name", SUBJECTS)
def test_has_three_variants(name: str) -> None:
    assert subjects.variants(name) >= 3
    drawings = [subjects.drawing(name, v) for v in range(subjects.variants(name))]
    assert len(set(drawings)) == len(drawings)


def test_draws_only_what_the_vocabulary_knows() -> None:
    assert set(subjects.DRAWINGS) == set(SUBJECTS)


@pytest.mark.parametrize("variant", [-1, 99])
def test_unknown_variant_is_named_with_the_range(variant: int) -> None:
    last = subjects.variants("tree") - 1
    with pytest.raises(ValueError, match=rf"{variant}\b.*\b0\b.*\b{last}\b"):
        subjects.drawing("tree", variant)


@pytest.mark.parametrize("drawing", CASES)
def test_stays_within_the_box(drawing: Drawing) -> None:
    for shape in drawing:
        bounds = parse_outline(shape.outline).computeTightBounds()
        assert not bounds.isEmpty() or shape.width, shape
        assert min(bounds.left(), bounds.top()) >= -EDGE, shape
        assert max(bounds.right(), bounds.bottom()) <= BOX + EDGE, shape


@pytest.mark.parametrize("drawing", CASES)
def test_stands_on_the_ground(drawing: Drawing) -> None:
    assert 97 <= extent(drawing).bottom() <= 103


@pytest.mark.parametrize("drawing", CASES)
def test_fills_the_box(drawing: Drawing) -> None:
    whole = extent(drawing)
    assert whole.height() >= 55 or whole.width() >= 80


@pytest.mark.parametrize("drawing", CASES)
def test_shows_its_own_colour(drawing: Drawing) -> None:
    assert own_share(drawing) >= 0.5
