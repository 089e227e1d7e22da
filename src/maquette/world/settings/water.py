"""Sea, lake and beach."""

import skia

from maquette.world.pen import mix
from maquette.world.settings.sky import paint_sky
from maquette.world.settings.stage import Stage, box, oval, polygon, spikes
from maquette.world.vocabulary import RGB


def sea(stage: Stage) -> None:
    """Open water to a far, straight horizon, in rows of waves."""
    paint_sky(stage, stage.horizon)
    _water(stage, stage.horizon, (66, 142, 190), (28, 88, 150))
    for row in range(6):
        y = stage.horizon + 0.035 + row * 0.082
        _waves(stage, y, 0.010 + row * 0.0035, 0.10 + row * 0.02)
    if stage.random.random() < 0.5:
        x = stage.random.uniform(0.05, 0.2)
        island = oval(x, stage.horizon + 0.01, 0.10, 0.035)
        above = box(0.0, 0.0, 1.0, stage.horizon + 0.003)
        shape = skia.Op(island, above, skia.PathOp.kIntersect_PathOp)
        stage.fill(shape, stage.far((92, 130, 116), 0.45))


def lake(stage: Stage) -> None:
    """Still water ringed by hills and trees, with reeds at the near edge."""
    y = stage.horizon
    paint_sky(stage, y)
    stage.hills(y - 0.06, 0.10, stage.far((112, 148, 140), 0.5), 3)
    stage.hills(y - 0.005, 0.06, stage.far((92, 146, 98), 0.15), 4)
    _shore_trees(stage, y + 0.015)
    _water(stage, y + 0.025, (126, 182, 200), (70, 134, 168))
    # The far bank mirrored.
    stage.oval(0.5, y + 0.03, 0.56, 0.025, stage.ground((84, 130, 110), 0.4), 90)
    for i in range(6):
        x, depth = stage.random.uniform(0.1, 0.9), y + 0.09 + i * 0.055
        stage.oval(x, depth, 0.07 + i * 0.012, 0.004, stage.lit((214, 238, 244)), 120)
    _bank(stage)


def beach(stage: Stage) -> None:
    """Sand in front, a strip of sea behind, a palm and shells at the edge."""
    y = stage.horizon
    paint_sky(stage, y)
    _water(stage, y, (72, 164, 196), (60, 160, 190))
    _waves(stage, y + 0.035, 0.008, 0.11)
    line = y + 0.10
    foam = _wavy_edge(stage, line - 0.012, 0.012)
    stage.fill(foam, stage.lit((250, 252, 252)))
    sand = _wavy_edge(stage, line + 0.008, 0.012)
    stage.fill(sand, stage.ground((238, 214, 160)), edge=False)
    stage.band(0.74, 1.0, stage.ground((236, 208, 152)), stage.ground((222, 188, 128)))
    stage.fill(_wavy_edge(stage, 0.735, 0.01, 0.76), stage.ground((238, 214, 160)))
    stage.marks(26, line + 0.05, 0.98, 0.004, stage.ground((204, 170, 116)), 160, 0.6)
    _palm(stage, stage.random.choice((0.05, 0.95)), line + 0.07)
    for _ in range(3):
        x = stage.random.choice((stage.random.uniform(0.04, 0.2), stage.random.uniform(0.8, 0.96)))
        star = spikes(x, stage.random.uniform(0.90, 0.97), 0.020)
        stage.fill(star, stage.lit((236, 142, 122)), edge=False)


def _water(stage: Stage, top: float, far: RGB, near: RGB) -> None:
    """Water takes some of the sky's colour, more of it far away."""
    sky = stage.light.sky
    first = mix(stage.lit(far), sky[2], 0.38)
    last = mix(stage.lit(near), sky[1], 0.16)
    stage.band(top, 1.0, first, last)
    if stage.scene.time == "sunset" and stage.scene.weather == "clear":
        for i in range(5):
            y = top + 0.03 + i * 0.05
            stage.oval(stage.glint, y, 0.10 - i * 0.012, 0.006, (255, 206, 130), 150)
    elif stage.scene.time == "night" and stage.scene.weather == "clear":
        for i in range(5):
            y = top + 0.03 + i * 0.05
            stage.oval(stage.glint, y, 0.05 + i * 0.008, 0.005, (222, 228, 250), 120)


def _waves(stage: Stage, y: float, height: float, length: float) -> None:
    """A row of crests, drawn at once."""
    path = skia.Path()
    x = -length * stage.random.random()
    while x < 1.0:
        path.moveTo(x, y)
        path.quadTo(x + length * 0.28, y - height, x + length * 0.56, y)
        path.quadTo(x + length * 0.28, y - height * 0.45, x, y)
        x += length * stage.random.uniform(1.0, 1.5)
    stage.fill(path, stage.lit((222, 240, 250)), 150)


def _wavy_edge(stage: Stage, y: float, depth: float, bottom: float = 1.02) -> skia.Path:
    path = skia.Path()
    path.moveTo(-0.02, bottom)
    path.lineTo(-0.02, y)
    for i in range(4):
        x = (i + 1) * 0.26
        dip = depth if i % 2 == 0 else -depth
        path.quadTo(x - 0.13, y + dip, x, y)
    path.lineTo(1.04, bottom)
    path.close()
    return path


def _shore_trees(stage: Stage, y: float) -> None:
    colour = stage.far((64, 118, 84), 0.2)
    for _ in range(9):
        x, size = stage.random.random(), stage.random.uniform(0.022, 0.042)
        tree = polygon((x - size * 0.6, y), (x, y - size * 2.2), (x + size * 0.6, y))
        stage.fill(tree, colour)


def _bank(stage: Stage) -> None:
    """Grass and reeds in the two near corners."""
    green = stage.ground((104, 154, 84), 0.6)
    stage.fill(oval(0.0, 1.02, 0.20, 0.10), green, edge=True)
    stage.fill(oval(1.0, 1.02, 0.17, 0.08), green, edge=True)
    reeds = skia.Path()
    heads = skia.Path()
    for side in (0.0, 1.0):
        for i in range(5):
            x = abs(side - (0.015 + i * 0.024))
            top = 0.80 + stage.random.uniform(0.0, 0.07) + i * 0.015
            reeds.addPath(polygon((x - 0.004, 0.97), (x + 0.006, top), (x + 0.005, 0.97)))
            if i % 2 == 0:
                heads.addRoundRect(skia.Rect.MakeXYWH(x, top - 0.02, 0.012, 0.04), 0.006, 0.006)
    stage.fill(reeds, stage.ground((86, 132, 70), 0.4))
    stage.fill(heads, stage.lit((128, 86, 56)))


def _palm(stage: Stage, x: float, y: float) -> None:
    lean = 0.05 if x < 0.5 else -0.05
    top_x, top_y = x + lean, y - 0.26
    trunk = skia.Path()
    trunk.moveTo(x - 0.014, y + 0.02)
    trunk.quadTo(x, y - 0.12, top_x - 0.008, top_y)
    trunk.lineTo(top_x + 0.008, top_y)
    trunk.quadTo(x + 0.022, y - 0.12, x + 0.016, y + 0.02)
    trunk.close()
    stage.fill(trunk, stage.lit((164, 124, 82)), edge=True)
    leaves = skia.Path()
    for dx, dy in ((-0.13, 0.03), (-0.10, -0.05), (0.10, -0.05), (0.13, 0.03), (0.02, -0.09)):
        leaves.moveTo(top_x, top_y)
        leaves.quadTo(top_x + dx * 0.5, top_y + dy - 0.05, top_x + dx, top_y + dy)
        leaves.quadTo(top_x + dx * 0.5, top_y + dy * 0.5, top_x, top_y)
    stage.fill(leaves, stage.ground((92, 156, 92), 0.4), edge=True)
