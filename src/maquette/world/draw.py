"""Draws a scene: backdrop, figures with their shadows, weather, and the finish of the style."""

from functools import lru_cache

import numpy as np
import skia

from maquette.world.drawing import BOX, Tint, parse_outline
from maquette.world.light import Light, light_for
from maquette.world.pen import Pen, mix
from maquette.world.scene import Figure, Scene
from maquette.world.settings import paint_backdrop
from maquette.world.settings.stage import cloud, oval
from maquette.world.subjects import drawing
from maquette.world.vocabulary import COLOURS, RGB, SETTINGS, SUBJECTS
from maquette.world.weather import paint_weather

PIXEL_PX = 4  # side of one block of the pixel style

_MATERIALS: dict[Tint, RGB] = {
    Tint.CREAM: (250, 240, 220),
    Tint.WOOD: (160, 110, 66),
    Tint.BARK: (110, 74, 50),
    Tint.STEEL: (110, 118, 132),
    Tint.LEAF: (88, 150, 72),
    Tint.ROSE: (232, 120, 120),
    Tint.GOLD: (244, 190, 70),
    Tint.INK: (44, 40, 48),
}
# How much of the light's tint figures take: less than the backdrop, so that they stand out.
_FIGURE_SHARE = 0.45


def draw(scene: Scene, width_px: int = 256, height_px: int = 256) -> np.ndarray:
    """The picture of a scene: (height_px, width_px, 3) uint8, the same bytes every time."""
    block = PIXEL_PX if scene.style == "pixel" else 1
    pixels = np.zeros((height_px // block, width_px // block, 4), np.uint8)
    surface = skia.Surface(pixels)
    canvas = surface.getCanvas()
    canvas.scale(pixels.shape[1], pixels.shape[0])
    paint(Pen(canvas, scene.style), scene, min(pixels.shape[:2]))
    _finish(canvas, scene.style)
    del canvas, surface
    picture = np.ascontiguousarray(pixels[:, :, :3])
    return picture if block == 1 else picture.repeat(block, 0).repeat(block, 1)


def paint(pen: Pen, scene: Scene, unit_px: float) -> None:
    """Paints a scene, but for the paper of its style, on the unit square, which is so many pixels
    wide.
    """
    light = light_for(scene)
    pen.unit_px = unit_px
    paint_backdrop(pen, scene, light)
    _wash(pen.canvas, scene.style)
    for figure in sorted(scene.figures, key=lambda f: f.y):
        _paint_support(pen, scene, figure, light)
        pen.unit_px = unit_px * figure.height / BOX
        _paint_figure(pen, figure, light)
        pen.unit_px = unit_px
    paint_weather(pen, scene, light)


def _paint_figure(pen: Pen, figure: Figure, light: Light) -> None:
    palette = _palette(figure.colour, light)
    canvas = pen.canvas
    canvas.save()
    canvas.translate(figure.x, figure.y - figure.height)
    scale = figure.height / BOX
    canvas.scale(-scale if figure.mirrored else scale, scale)
    canvas.translate(-BOX / 2, 0)
    for shape in drawing(figure.subject, figure.variant):
        path = parse_outline(shape.outline)
        if shape.tint is Tint.INK and figure.colour == "black":
            pen.rim(path, palette[Tint.CREAM], shape.width)  # eyes must not drown in the body
        if shape.width:
            pen.line(path, palette[shape.tint], shape.width)
        else:
            # A highlight is light on a form, not a form with an outline of its own.
            pen.fill(path, palette[shape.tint], edge=shape.tint not in (Tint.LIGHT, Tint.INK))
    canvas.restore()


@lru_cache(maxsize=1024)
def _palette(colour: str, light: Light) -> dict[Tint, RGB]:
    main = COLOURS[colour]
    plain = {
        Tint.MAIN: main,
        Tint.LIGHT: mix(main, (255, 255, 250), 0.28),
        Tint.DARK: mix(main, (30, 24, 60), 0.28),
        **_MATERIALS,
    }
    lit = {tint: mix(rgb, light.on(rgb), _FIGURE_SHARE) for tint, rgb in plain.items()}
    return {**lit, Tint.GLASS: light.windows}


def _paint_support(pen: Pen, scene: Scene, figure: Figure, light: Light) -> None:
    """What a figure rests on where its own element is missing, and its shadow."""
    habitat, floor = SUBJECTS[figure.subject].habitat, SETTINGS[scene.setting].floor
    x, y, half = figure.x, figure.y, figure.height * 0.5
    if figure.elevated:
        if habitat != "sky":
            pen.fill(cloud(x, y - half * 0.05, half * 1.05, 0), light.on((250, 250, 252)))
        return
    if habitat == "sky":
        ground = max(SETTINGS[scene.setting].stand + 0.08, y)
        _oval(pen, x, ground, half * 0.5, 0.012, light.shadow, light.shadow_alpha // 3)
    elif floor == "water" and habitat == "ground":
        _oval(pen, x, y + 0.018, half * 1.18, 0.055, light.on((70, 120, 150)), 120)
        _oval(pen, x, y + 0.006, half * 1.08, 0.046, light.on((196, 170, 118)))
        _oval(pen, x, y - 0.004, half * 0.98, 0.036, light.on((150, 176, 96)))
    elif floor == "ground" and habitat == "water":
        _oval(pen, x, y, half * 1.15, 0.050, light.on((86, 150, 190)))
        _oval(pen, x - half * 0.15, y - 0.006, half * 0.85, 0.030, light.on((136, 192, 220)))
    elif habitat == "water":
        _oval(pen, x, y + 0.004, half * 0.95, 0.022, light.shadow, light.shadow_alpha)
        _oval(pen, x, y + 0.016, half * 0.80, 0.008, light.on((235, 245, 250)), 110)
    else:
        lean = light.shadow_lean * half * 0.35
        _oval(pen, x + lean, y - 0.002, half * 0.95, 0.026, light.shadow, light.shadow_alpha)


def _oval(
    pen: Pen, x: float, y: float, rx: float, ry: float, colour: RGB, alpha: int = 255
) -> None:
    pen.fill(oval(x, y, rx, ry), colour, alpha, edge=alpha == 255)


def _wash(canvas: skia.Canvas, style: str) -> None:
    """Lets the paper through the backdrop, so that drawn figures stand before it."""
    if style in ("ink", "watercolour"):
        alpha = 66 if style == "ink" else 78
        canvas.drawColor(skia.ColorSetARGB(alpha, 252, 248, 238))


def _finish(canvas: skia.Canvas, style: str) -> None:
    if style == "watercolour":
        canvas.drawImageRect(_paper(), skia.Rect.MakeWH(1, 1), skia.SamplingOptions(), _MULTIPLY)
        canvas.drawImageRect(_deckle(), skia.Rect.MakeWH(1, 1), skia.SamplingOptions())


_MULTIPLY = skia.Paint(BlendMode=skia.BlendMode.kMultiply)
_PAPER_PX = 256


def _smooth_noise(rng: np.random.Generator, cells: int, px: int = _PAPER_PX) -> np.ndarray:
    """Bilinear value noise: (px, px) float in 0–1 with `cells` bumps a side."""
    grid = rng.random((cells + 1, cells + 1))
    at = np.linspace(0, cells, px, endpoint=False)
    low = at.astype(int)
    part = at - low
    part = part * part * (3 - 2 * part)
    rows = grid[low] * (1 - part)[:, None] + grid[low + 1] * part[:, None]
    return rows[:, low] * (1 - part) + rows[:, low + 1] * part


@lru_cache(maxsize=1)
def _paper() -> skia.Image:
    """Grain and pooled pigment of watercolour paper, to multiply with."""
    rng = np.random.default_rng(2022)
    grain = 0.55 * rng.random((_PAPER_PX, _PAPER_PX)) + 0.45 * _smooth_noise(rng, 96)
    pools = _smooth_noise(rng, 7) * 0.6 + _smooth_noise(rng, 19) * 0.4
    level = 255 - 18 * grain - 34 * pools
    rgba = np.full((_PAPER_PX, _PAPER_PX, 4), 255, np.uint8)
    rgba[:, :, :3] = level[:, :, None].clip(0, 255).astype(np.uint8)
    return skia.Image.fromarray(rgba)


@lru_cache(maxsize=1)
def _deckle() -> skia.Image:
    """The ragged white border where the brush stops short of the paper's edge."""
    rng = np.random.default_rng(2023)
    at = np.linspace(0, 1, _PAPER_PX)
    edge = np.minimum(at, 1 - at)
    distance = np.minimum(edge[:, None], edge[None, :])
    ragged = distance - 0.045 * _smooth_noise(rng, 11) - 0.02 * _smooth_noise(rng, 40)
    alpha = (1 - ((ragged + 0.012) / 0.016).clip(0, 1)) * 255
    rgba = np.empty((_PAPER_PX, _PAPER_PX, 4), np.uint8)
    rgba[:, :, :3] = (250, 247, 240)
    rgba[:, :, 3] = alpha.astype(np.uint8)
    return skia.Image.fromarray(rgba)
