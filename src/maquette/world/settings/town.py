"""City street, room and space."""

import skia

from maquette.world.pen import mix
from maquette.world.settings.sky import paint_sky, window_view
from maquette.world.settings.stage import SNOW, Stage, box, oval, polygon
from maquette.world.vocabulary import RGB

_FACADES: tuple[RGB, ...] = (
    (214, 176, 156), (196, 190, 176), (172, 186, 194), (222, 200, 168), (186, 164, 158),
)  # fmt: skip


def street(stage: Stage) -> None:
    """A row of town houses, a pavement, the road with its line, a lamp."""
    y = stage.horizon
    paint_sky(stage, y + 0.06)  # to the foot of the houses, which watercolour lets through
    x = -0.03
    while x < 1.0:
        width = stage.random.uniform(0.17, 0.24)
        _facade(stage, x, x + width, y - stage.random.uniform(0.22, 0.36), y + 0.06)
        x += width
    stage.band(y + 0.05, 0.70, stage.ground((190, 186, 182)), stage.ground((176, 172, 170)))
    stage.band(0.70, 1.0, stage.ground((92, 90, 122)), stage.ground((80, 78, 110)))
    stage.fill(box(0, 0.695, 1, 0.71), stage.ground((214, 212, 206)))
    dashes = skia.Path()
    for i in range(4):
        left = 0.04 + i * 0.27
        dashes.addPath(
            polygon((left, 0.965), (left + 0.13, 0.965), (left + 0.12, 0.985), (left - 0.01, 0.985))
        )
    stage.fill(dashes, stage.lit((236, 230, 208)), 220)
    _lamp(stage, stage.random.choice((0.045, 0.955)))


def _facade(stage: Stage, left: float, right: float, top: float, bottom: float) -> None:
    wall = mix(stage.lit(stage.random.choice(_FACADES)), stage.light.sky[2], 0.16)
    stage.fill(box(left, top, right, bottom), wall, edge=True)
    roof = stage.ground((124, 96, 100), 0.85)
    slope = polygon((left - 0.008, top), ((left + right) / 2, top - 0.07), (right + 0.008, top))
    stage.fill(slope, mix(roof, stage.light.sky[2], 0.16), edge=True)
    panes = skia.Path()
    width = right - left
    row = top + 0.045
    while row < bottom - 0.10:
        for share in (0.18, 0.60):
            x = left + width * share
            panes.addRect(skia.Rect.MakeXYWH(x, row, width * 0.22, 0.05))
        row += 0.095
    lit = stage.light.windows if stage.light.dark else mix(stage.lit((120, 150, 176)), wall, 0.15)
    stage.fill(panes, lit)


def _lamp(stage: Stage, x: float) -> None:
    inward = 0.03 if x < 0.5 else -0.03
    stage.fill(box(x - 0.006, 0.36, x + 0.006, 0.70), stage.lit((70, 74, 86)))
    arm = box(min(x, x + inward) - 0.004, 0.355, max(x, x + inward) + 0.004, 0.367)
    stage.fill(arm, stage.lit((70, 74, 86)))
    bulb = x + inward
    if stage.light.dark:
        stage.oval(bulb, 0.385, 0.075, 0.075, (255, 222, 140), 60)
    glow: RGB = (255, 230, 160) if stage.light.dark else stage.lit((236, 232, 214))
    stage.oval(bulb, 0.383, 0.019, 0.023, glow, edge=True)


def room(stage: Stage) -> None:
    """A papered wall with a window on the weather, a picture, a wooden floor and a rug."""
    y = stage.horizon
    wall = stage.random.choice(((236, 214, 190), (206, 214, 196), (222, 206, 214), (204, 214, 222)))
    warm = mix(stage.lit(wall), (255, 214, 150), 0.22) if stage.light.dark else stage.lit(wall)
    stage.band(0.0, y, mix(warm, (255, 255, 255), 0.08), warm)
    stripes = skia.Path()
    for i in range(10):
        stripes.addRect(skia.Rect.MakeXYWH(0.03 + i * 0.1, 0, 0.035, y))
    stage.fill(stripes, mix(warm, (255, 255, 255), 0.2), 110)
    floor = mix(stage.lit((184, 138, 96)), (255, 200, 130), 0.1 if stage.light.dark else 0.0)
    stage.band(y, 1.0, mix(floor, (60, 40, 30), 0.12), floor)
    boards = skia.Path()
    for i in range(5):
        boards.addRect(skia.Rect.MakeXYWH(0, y + 0.05 + i * 0.075, 1, 0.004))
    stage.fill(boards, mix(floor, (60, 40, 30), 0.3), 150)
    stage.fill(box(0, y - 0.022, 1, y + 0.004), mix(warm, (255, 255, 255), 0.45))
    rug = mix(stage.lit((178, 158, 168)), (255, 220, 170), 0.1)
    stage.oval(0.5, 0.86, 0.44, 0.105, mix(rug, (255, 255, 255), 0.35), edge=True)
    stage.oval(0.5, 0.86, 0.38, 0.085, rug)
    left = stage.random.choice((0.08, 0.58))
    _window(stage, left, 0.09, left + 0.34, 0.43, warm)
    _framed_picture(stage, 0.75 if left < 0.3 else 0.25)
    _standard_lamp(stage, 0.935 if left < 0.3 else 0.065)


def _window(stage: Stage, left: float, top: float, right: float, bottom: float, wall: RGB) -> None:
    frame = mix(stage.lit((250, 246, 238)), wall, 0.15)
    stage.fill(box(left - 0.016, top - 0.016, right + 0.016, bottom + 0.016), frame, edge=True)
    window_view(stage, left, top, right, bottom)
    middle, across = (left + right) / 2, (top + bottom) / 2
    stage.fill(box(middle - 0.006, top, middle + 0.006, bottom), frame)
    stage.fill(box(left, across - 0.006, right, across + 0.006), frame)
    sill = box(left - 0.03, bottom + 0.012, right + 0.03, bottom + 0.032, 0.006)
    stage.fill(sill, frame, edge=True)
    curtain = stage.lit((212, 150, 132))
    for near, far in ((left - 0.03, left + 0.045), (right + 0.03, right - 0.045)):
        path = skia.Path()
        path.moveTo(near, top - 0.03)
        path.lineTo(far, top - 0.03)
        path.quadTo(far, (top + bottom) / 2, near, bottom - 0.02)
        path.close()
        stage.fill(path, curtain, edge=True)


def _framed_picture(stage: Stage, x: float) -> None:
    stage.fill(box(x - 0.075, 0.17, x + 0.075, 0.34), stage.lit((150, 112, 76)), edge=True)
    stage.fill(box(x - 0.06, 0.185, x + 0.06, 0.325), stage.lit((244, 236, 216)))
    stage.fill(oval(x, 0.285, 0.045, 0.03), stage.lit((150, 180, 150)))
    stage.oval(x + 0.025, 0.22, 0.014, 0.014, stage.lit((240, 200, 120)))


def _standard_lamp(stage: Stage, x: float) -> None:
    """A lamp on a stand against the wall, alight after dark."""
    foot, shade_top, shade_bottom = stage.horizon + 0.015, 0.36, 0.43
    stage.fill(box(x - 0.005, shade_bottom, x + 0.005, foot), stage.lit((122, 92, 70)))
    stage.oval(x, foot, 0.028, 0.008, stage.lit((122, 92, 70)))
    shade = polygon(
        (x - 0.026, shade_top), (x + 0.026, shade_top), (x + 0.045, shade_bottom),
        (x - 0.045, shade_bottom),
    )  # fmt: skip
    if stage.light.dark:
        for radius, alpha in ((0.22, 26), (0.155, 36), (0.095, 50)):
            stage.oval(x, 0.41, radius, radius, (255, 226, 150), alpha)
    colour = (255, 228, 158) if stage.light.dark else stage.lit((226, 204, 168))
    stage.fill(shade, colour, edge=True)


def space(stage: Stage) -> None:
    """Stars, a ringed planet, the Earth, and the cratered ground of a moon."""
    y = stage.horizon
    stage.band(0.0, y + 0.05, *stage.light.sky)
    stage.marks(70, 0.0, y, 0.0035, (248, 246, 255), 235)
    stage.marks(10, 0.0, y, 0.008, (255, 250, 226), 240)
    for x, colour in ((0.2, (120, 70, 150)), (0.75, (60, 80, 170))):
        stage.oval(x, stage.random.uniform(0.2, 0.5), 0.24, 0.10, colour, 36)
    side = stage.random.random() < 0.5
    _ringed_planet(stage, 0.15 if side else 0.85, stage.random.uniform(0.12, 0.2))
    _earth(stage, 0.88 if side else 0.12, stage.random.uniform(0.14, 0.24))
    ground: RGB = stage.lit((168, 164, 178))
    stage.hills(y + 0.03, 0.05, mix(ground, stage.light.sky[1], 0.35), 3)
    stage.hills(y + 0.07, 0.03, ground, 2, edge=True)
    for _ in range(7):
        cx, cy = stage.random.random(), stage.random.uniform(y + 0.10, 0.98)
        r = stage.random.uniform(0.02, 0.055) * (0.6 + cy - y)
        stage.oval(cx, cy, r * 1.1, r * 0.42, mix(ground, (40, 36, 70), 0.30))
        stage.oval(cx, cy + r * 0.10, r, r * 0.32, mix(ground, (40, 36, 70), 0.12))


def _ringed_planet(stage: Stage, x: float, y: float) -> None:
    stage.oval(x, y, 0.062, 0.062, (226, 176, 120), edge=True)
    stage.oval(x - 0.012, y - 0.016, 0.040, 0.030, (240, 202, 150), 150)
    ring = oval(x, y, 0.115, 0.030)
    ring.addPath(oval(x, y, 0.088, 0.018))
    ring.setFillType(skia.PathFillType.kEvenOdd)
    stage.fill(ring, (244, 222, 180), 225)


def _earth(stage: Stage, x: float, y: float) -> None:
    stage.oval(x, y, 0.05, 0.05, (92, 160, 224), edge=True)
    stage.oval(x - 0.012, y - 0.012, 0.022, 0.014, (120, 190, 120))
    stage.oval(x + 0.016, y + 0.016, 0.018, 0.012, (120, 190, 120))
    stage.oval(x - 0.006, y + 0.03, 0.022, 0.008, SNOW, 220)
