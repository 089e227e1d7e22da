"""What the settings paint with: gradients, hills, clusters, on the unit square, y down."""

import math
from functools import lru_cache
from random import Random

import skia

from maquette.world.light import Light
from maquette.world.pen import Pen, mix
from maquette.world.scene import Scene
from maquette.world.vocabulary import RGB, SETTINGS

SNOW: RGB = (228, 237, 251)  # bluer than a white subject


class Stage:
    """One backdrop being painted. `random` gives the details, the same for the same scene."""

    def __init__(self, pen: Pen, scene: Scene, light: Light) -> None:
        self.pen, self.scene, self.light = pen, scene, light
        self.random = Random(scene.backdrop)
        self.horizon = SETTINGS[scene.setting].horizon
        self.snowy = scene.weather == "snow"
        self.glint = 0.5  # where water mirrors the sun or the moon; set by the sky

    def under(self, light: Light) -> "Stage":
        """The same stage in another light, its random details going on from here."""
        other = Stage(self.pen, self.scene, light)
        other.random = self.random
        return other

    def lit(self, colour: RGB) -> RGB:
        """A colour in the light of the scene."""
        return self.light.on(colour)

    def ground(self, colour: RGB, snow: float = 0.88) -> RGB:
        """A ground colour in the light, under snow where it snows."""
        return self.lit(mix(colour, SNOW, snow) if self.snowy else colour)

    def far(self, colour: RGB, share: float = 0.4) -> RGB:
        """A colour made paler by the air between, as distant things are."""
        return mix(self.ground(colour, 0.6), self.light.sky[2], share)

    def band(self, top: float, bottom: float, *colours: RGB) -> None:
        """A vertical gradient across the whole width, colours already lit."""
        self.pen.band(top, bottom, colours)

    def fill(self, outline: skia.Path, colour: RGB, alpha: int = 255, edge: bool = False) -> None:
        """A shape of a colour already lit; far and soft things have no edge."""
        self.pen.fill(outline, colour, alpha, edge)

    def oval(
        self, x: float, y: float, rx: float, ry: float, colour: RGB, alpha: int = 255,
        edge: bool = False,
    ) -> None:  # fmt: skip
        """An ellipse of a colour already lit."""
        self.fill(oval(x, y, rx, ry), colour, alpha, edge)

    def hills(
        self, y: float, height: float, colour: RGB, waves: int = 3, edge: bool = False
    ) -> None:
        """A rolling line of hills down to the bottom of the picture."""
        path = skia.Path()
        path.moveTo(-0.05, 1.02)
        step = 1.1 / waves
        last = (-0.05, y + height * self.random.uniform(-0.4, 0.4))
        path.lineTo(*last)
        for i in range(waves):
            x = -0.05 + (i + 1) * step
            lift = -height if i % 2 == 0 else height * 0.5
            end = y + height * self.random.uniform(-0.3, 0.3)
            path.quadTo(x - step / 2, y + lift * self.random.uniform(0.7, 1.1), x, end)
        path.lineTo(1.05, 1.02)
        path.close()
        self.fill(path, colour, edge=edge)

    def marks(
        self, count: int, top: float, bottom: float, radius: float, colour: RGB, alpha: int = 255,
        flat: float = 1.0,
    ) -> None:  # fmt: skip
        """Many small dots strewn over a band, drawn at once."""
        path = skia.Path()
        for _ in range(count):
            x, y = self.random.random(), self.random.uniform(top, bottom)
            r = radius * self.random.uniform(0.6, 1.3)
            path.addOval(skia.Rect.MakeLTRB(x - r, y - r * flat, x + r, y + r * flat))
        self.fill(path, colour, alpha)


def oval(x: float, y: float, rx: float, ry: float) -> skia.Path:
    """An ellipse."""
    path = skia.Path()
    path.addOval(skia.Rect.MakeLTRB(x - rx, y - ry, x + rx, y + ry))
    return path


def box(left: float, top: float, right: float, bottom: float, radius: float = 0.0) -> skia.Path:
    """A rectangle, its corners rounded by `radius`."""
    path = skia.Path()
    path.addRoundRect(skia.Rect.MakeLTRB(left, top, right, bottom), radius, radius)
    return path


def polygon(*points: tuple[float, float]) -> skia.Path:
    """A closed polygon."""
    path = skia.Path()
    path.moveTo(*points[0])
    for point in points[1:]:
        path.lineTo(*point)
    path.close()
    return path


@lru_cache(maxsize=8)
def _cloud_shape(kind: int) -> skia.Path:
    lobes = (
        ((-0.8, 0.1, 0.34), (-0.35, -0.1, 0.46), (0.2, -0.16, 0.52), (0.75, 0.08, 0.36)),
        ((-0.7, 0.08, 0.36), (-0.1, -0.2, 0.55), (0.5, 0.0, 0.44), (0.95, 0.14, 0.24)),
        ((-0.9, 0.14, 0.26), (-0.4, 0.0, 0.42), (0.25, -0.12, 0.5), (0.7, 0.1, 0.34)),
    )[kind % 3]
    path = box(-1.05, 0.02, 1.05, 0.36, 0.17)
    for x, y, r in lobes:
        path = skia.Op(path, oval(x, y, r, r * 0.8), skia.PathOp.kUnion_PathOp)
    return path


def cloud(x: float, y: float, half: float, kind: int) -> skia.Path:
    """A cloud `2 * half` wide around (x, y)."""
    matrix = skia.Matrix.Translate(x, y)
    matrix.preScale(half, half)
    path = skia.Path(_cloud_shape(kind))
    path.transform(matrix)
    return path


def spikes(x: float, y: float, radius: float, points: int = 5, inner: float = 0.45) -> skia.Path:
    """A star of so many points."""
    corners = []
    for i in range(points * 2):
        r = radius if i % 2 == 0 else radius * inner
        angle = math.pi * i / points - math.pi / 2
        corners.append((x + r * math.cos(angle), y + r * math.sin(angle)))
    return polygon(*corners)
