"""Meadow, forest, desert and mountains."""

import skia

from maquette.world.pen import mix
from maquette.world.settings.sky import paint_sky
from maquette.world.settings.stage import SNOW, Stage, box, polygon
from maquette.world.vocabulary import RGB


def meadow(stage: Stage) -> None:
    """Rolling green hills, a few round trees far off, flowers in front."""
    y = stage.horizon
    paint_sky(stage, y + 0.05)
    stage.hills(y - 0.05, 0.08, stage.far((136, 178, 132), 0.45), 3)
    stage.hills(y, 0.06, stage.far((128, 184, 100), 0.18), 3)
    for _ in range(3):
        x = stage.random.choice((stage.random.uniform(0, 0.25), stage.random.uniform(0.75, 1)))
        _round_tree(stage, x, y + 0.01, stage.random.uniform(0.035, 0.05))
    stage.hills(y + 0.09, 0.05, stage.ground((138, 192, 96)), 2)
    stage.hills(0.86, 0.03, stage.ground((122, 178, 84)), 3)
    if not stage.snowy:
        for colour in ((250, 240, 180), (244, 190, 204), (250, 250, 250)):
            stage.marks(9, 0.90, 0.995, 0.0075, stage.lit(colour), 255)
        stage.marks(14, 0.70, 0.78, 0.004, stage.lit((250, 246, 210)), 200)


def _round_tree(stage: Stage, x: float, y: float, size: float) -> None:
    trunk = box(x - size * 0.14, y - size * 0.9, x + size * 0.14, y + 0.01)
    stage.fill(trunk, stage.lit((124, 94, 70)))
    stage.oval(x, y - size * 1.7, size, size * 1.15, stage.far((98, 154, 88), 0.15), edge=True)


def forest(stage: Stage) -> None:
    """Trees behind trees, tall trunks at both sides, a clearing between."""
    y = stage.horizon
    paint_sky(stage, y)
    _tree_row(stage, y - 0.02, 0.26, stage.far((112, 150, 128), 0.42), 8)
    _tree_row(stage, y + 0.03, 0.34, stage.far((76, 126, 96), 0.18), 6)
    stage.band(y, 1.0, stage.ground((104, 142, 88)), stage.ground((82, 116, 66)))
    stage.fill(_clearing(stage), stage.ground((136, 168, 102)))
    for side in (-1, 1):
        for distance, width in ((0.47, 0.075), (0.36, 0.045)):
            x = 0.5 + side * (distance + stage.random.uniform(-0.015, 0.015))
            foot = 0.74 if distance < 0.4 else 0.86
            _trunk(stage, x, foot, width)
    canopy = stage.ground((58, 104, 70), 0.45)
    for x, r in ((0.0, 0.20), (0.16, 0.13), (0.86, 0.14), (1.0, 0.20)):
        stage.oval(x, 0.0, r, r * 0.9, canopy, edge=True)


def _tree_row(stage: Stage, y: float, height: float, colour: RGB, count: int) -> None:
    path = skia.Path()
    for i in range(count):
        x = (i + 0.5) / count + stage.random.uniform(-0.04, 0.04)
        tall = height * stage.random.uniform(0.75, 1.1)
        half = tall * 0.26
        for tier in (0.0, 0.3, 0.55):
            wide = half * (1 - tier * 0.8)
            base = y + 0.02 - tall * tier * 0.8
            path.addPath(polygon((x - wide, base), (x, base - tall * 0.5), (x + wide, base)))
    stage.fill(path, colour)


def _trunk(stage: Stage, x: float, foot: float, width: float) -> None:
    path = skia.Path()
    path.moveTo(x - width * 0.8, foot)
    path.quadTo(x - width * 0.4, foot - 0.08, x - width * 0.4, -0.02)
    path.lineTo(x + width * 0.4, -0.02)
    path.quadTo(x + width * 0.4, foot - 0.08, x + width * 0.8, foot)
    path.close()
    stage.fill(path, stage.lit((104, 80, 64)), edge=True)


def _clearing(stage: Stage) -> skia.Path:
    path = skia.Path()
    path.moveTo(0.36, stage.horizon + 0.02)
    path.quadTo(0.5, stage.horizon - 0.01, 0.64, stage.horizon + 0.02)
    path.quadTo(0.98, 0.8, 0.94, 1.02)
    path.lineTo(0.06, 1.02)
    path.quadTo(0.02, 0.8, 0.36, stage.horizon + 0.02)
    path.close()
    return path


def desert(stage: Stage) -> None:
    """Dunes with lit and shaded slopes, mesas far away, cacti at the edge."""
    y = stage.horizon
    paint_sky(stage, y + 0.09)
    for x in (stage.random.uniform(0.05, 0.3), stage.random.uniform(0.65, 0.95)):
        half, tall = stage.random.uniform(0.07, 0.13), stage.random.uniform(0.08, 0.14)
        mesa = polygon(
            (x - half, y + 0.01), (x - half * 0.7, y - tall), (x + half * 0.7, y - tall),
            (x + half, y + 0.01),
        )  # fmt: skip
        stage.fill(mesa, stage.far((206, 128, 92), 0.35), edge=True)
    stage.hills(y + 0.01, 0.05, stage.ground((240, 200, 134), 0.6), 2)
    stage.hills(y + 0.10, 0.07, stage.ground((230, 184, 116), 0.6), 2)
    stage.hills(0.84, 0.05, stage.ground((240, 202, 138), 0.6), 3)
    for side in (0.06, 0.93):
        if stage.random.random() < 0.75:
            _cactus(stage, side, stage.random.uniform(0.68, 0.74))


def _cactus(stage: Stage, x: float, y: float) -> None:
    path = box(x - 0.016, y - 0.17, x + 0.016, y + 0.01, 0.016)
    for dx, top in ((-0.045, 0.11), (0.045, 0.13)):
        arm = box(x + dx - 0.011, y - top, x + dx + 0.011, y - 0.05, 0.011)
        bar = box(min(x, x + dx) - 0.008, y - 0.068, max(x, x + dx) + 0.008, y - 0.046, 0.01)
        for part in (arm, bar):
            path = skia.Op(path, part, skia.PathOp.kUnion_PathOp)
    stage.fill(path, stage.ground((92, 142, 96), 0.3), edge=True)


def mountains(stage: Stage) -> None:
    """High peaks under snow, ridge behind ridge, and a white slope in front."""
    y = stage.horizon
    paint_sky(stage, y)
    _peaks(stage, y + 0.02, 0.30, (132, 150, 182), 0.45, 3)
    _peaks(stage, y + 0.05, 0.36, (98, 116, 150), 0.15, 2)
    stage.band(y, 1.0, stage.lit((226, 234, 244)), stage.lit((206, 218, 236)))
    stage.hills(y + 0.05, 0.04, stage.lit((236, 242, 249)), 3)
    _tree_row(stage, y + 0.07, 0.10, mix(stage.lit((78, 112, 104)), stage.light.sky[2], 0.25), 11)
    stage.hills(y + 0.11, 0.03, stage.lit((226, 235, 249)), 2)
    stage.hills(0.87, 0.03, stage.lit((212, 224, 243)), 3)


def _peaks(stage: Stage, y: float, height: float, rock: RGB, pale: float, count: int) -> None:
    colour = mix(stage.lit(rock), stage.light.sky[2], pale)
    white = mix(stage.lit(SNOW), stage.light.sky[2], pale * 0.5)
    for i in range(count):
        x = (i + 0.5) / count + stage.random.uniform(-0.10, 0.10)
        tall = height * stage.random.uniform(0.8, 1.15)
        half = tall * 0.85
        stage.fill(polygon((x - half, y), (x, y - tall), (x + half, y)), colour, edge=True)
        low, width = y - tall * 0.60, half * 0.40
        cap = polygon(
            (x - width, low), (x, y - tall), (x + width, low), (x + width * 0.45, low - 0.02),
            (x + width * 0.1, low + 0.02), (x - width * 0.35, low - 0.02),
        )  # fmt: skip
        stage.fill(cap, white)
