"""Rain and snow, falling in front of everything."""

from random import Random

import skia

from maquette.world.light import Light
from maquette.world.pen import Pen, mix
from maquette.world.scene import Scene


def paint_weather(pen: Pen, scene: Scene, light: Light) -> None:
    """Streaks or flakes over the whole picture; indoors they stay behind the window."""
    if scene.setting == "room":
        return
    random = Random(scene.backdrop ^ 0x5EED)
    if scene.weather == "rain":
        _rain(pen, random, light)
    elif scene.weather == "snow":
        _snow(pen, random, light)


def _rain(pen: Pen, random: Random, light: Light) -> None:
    path = skia.Path()
    for _ in range(26 if pen.style == "pixel" else 58):  # a streak is a whole block there
        x, y = random.uniform(-0.02, 1.08), random.uniform(-0.05, 0.98)
        length = random.uniform(0.035, 0.065)
        path.moveTo(x, y)
        path.lineTo(x - length * 0.28, y + length)
    pen.line(path, mix(light.on((226, 236, 250)), (226, 236, 250), 0.4), 0.0052, 185)
    rings = skia.Path()
    for _ in range(8):
        x, y = random.random(), random.uniform(0.72, 0.98)
        rings.addOval(skia.Rect.MakeLTRB(x - 0.022, y - 0.007, x + 0.022, y + 0.007))
    pen.line(rings, light.on((222, 232, 246)), 0.004, 130)


def _snow(pen: Pen, random: Random, light: Light) -> None:
    path = skia.Path()
    for _ in range(64):
        x, y, r = random.random(), random.random(), random.uniform(0.0045, 0.0105)
        path.addOval(skia.Rect.MakeLTRB(x - r, y - r, x + r, y + r))
    pen.fill(path, mix(light.on((255, 255, 255)), (255, 255, 255), 0.5), 235, edge=False)
