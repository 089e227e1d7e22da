"""The sky: its gradient, sun, moon and stars, and the clouds of each weather."""

import skia

from maquette.world.light import Light, outdoor_light
from maquette.world.pen import mix
from maquette.world.settings.stage import Stage, cloud, oval
from maquette.world.vocabulary import RGB


def paint_sky(stage: Stage, bottom: float) -> None:
    """Everything above `bottom`; the heavenly bodies only show in clear weather."""
    stage.band(0.0, bottom + 0.01, *stage.light.sky)
    scene = stage.scene
    if scene.weather == "clear":
        _BODIES[scene.time or "night"](stage, bottom)
        if scene.time in ("dawn", "day"):
            _fair_clouds(stage)
    else:
        _cloud_bank(stage, scene.weather or "cloudy")


def _glow(stage: Stage, x: float, y: float, radius: float, colour: RGB) -> None:
    _halo(stage, x, y, radius, colour)
    stage.oval(x, y, radius, radius, colour)


def _halo(stage: Stage, x: float, y: float, radius: float, colour: RGB) -> None:
    for share, alpha in ((2.4, 26), (1.7, 40), (1.3, 60)):
        stage.oval(x, y, radius * share, radius * share, colour, alpha)


def _dawn(stage: Stage, bottom: float) -> None:
    x = stage.random.uniform(0.14, 0.26)
    _glow(stage, x, bottom - 0.10, 0.055, (255, 248, 224))
    for i in range(3):
        y = bottom - 0.05 - 0.045 * i
        stage.oval(stage.random.random(), y, 0.42, 0.012, (255, 236, 232), 110)


def _day(stage: Stage, bottom: float) -> None:
    _glow(stage, stage.random.uniform(0.80, 0.90), 0.12, 0.06, (255, 246, 190))


def _sunset(stage: Stage, bottom: float) -> None:
    stage.glint = x = stage.random.uniform(0.62, 0.84)
    _glow(stage, x, bottom - 0.02, 0.115, (255, 214, 112))
    for i in range(4):
        y = bottom - 0.09 - 0.06 * i
        width = stage.random.uniform(0.18, 0.34)
        stage.oval(stage.random.random(), y, width, 0.010, (255, 150, 100), 130)


def _night(stage: Stage, bottom: float) -> None:
    _stars(stage, bottom)
    stage.glint = x = stage.random.uniform(0.74, 0.88)
    _halo(stage, x, 0.15, 0.062, (176, 190, 240))
    # A crescent of its own, not a disc with a dark one on it, which would show on the halo.
    disc, bite = oval(x, 0.15, 0.062, 0.062), oval(x + 0.028, 0.138, 0.052, 0.052)
    stage.fill(skia.Op(disc, bite, skia.PathOp.kDifference_PathOp), (250, 244, 214))


def _stars(stage: Stage, bottom: float) -> None:
    stage.marks(46, 0.01, bottom - 0.06, 0.0035, (250, 248, 226), 230)
    stage.marks(9, 0.02, bottom - 0.12, 0.0075, (255, 250, 220), 235)


_BODIES = {"dawn": _dawn, "day": _day, "sunset": _sunset, "night": _night}


def _fair_clouds(stage: Stage) -> None:
    for kind in range(stage.random.randint(1, 2)):
        x, y = stage.random.uniform(0.1, 0.62), stage.random.uniform(0.10, 0.24)
        tint = (255, 255, 255) if stage.scene.time == "day" else (255, 238, 234)
        stage.fill(cloud(x, y, stage.random.uniform(0.09, 0.13), kind), tint, 225)


def _cloud_bank(stage: Stage, weather: str) -> None:
    """Clouds across the upper sky: pale for snow, grey when overcast, dark with rain."""
    body = _cloud_colour(stage.light, weather)
    under = mix(body, (40, 44, 66), 0.22)
    if weather == "rain":
        stage.band(0.0, 0.10, under, under)
    rows = ((0.05, 0.24), (0.14, 0.19)) if weather == "rain" else ((0.07, 0.20), (0.19, 0.14))
    for row, (y, half) in enumerate(rows):
        for i in range(4):
            x = -0.02 + i * 0.34 + stage.random.uniform(-0.08, 0.08) + row * 0.17
            size = half * stage.random.uniform(0.85, 1.15)
            tint = under if row == 0 else body
            stage.fill(cloud(x, y, size, i + row), tint, 240)


def _cloud_colour(light: Light, weather: str) -> RGB:
    grey = {"cloudy": (226, 230, 236), "rain": (128, 138, 156), "snow": (236, 240, 246)}[weather]
    return mix(light.on(grey), light.sky[1], 0.18)


def window_view(stage: Stage, left: float, top: float, right: float, bottom: float) -> None:
    """The same sky seen through a pane, with a hill below it, lit from outdoors."""
    stage = stage.under(outdoor_light(stage.scene))
    canvas = stage.pen.canvas
    canvas.save()
    canvas.clipRect(skia.Rect.MakeLTRB(left, top, right, bottom))
    canvas.translate(left, top)
    canvas.scale(right - left, (bottom - top) * 1.12)
    paint_sky(stage, 0.86)
    stage.fill(oval(0.3, 1.0, 0.7, 0.22), stage.ground((110, 156, 96)))
    _window_weather(stage)
    canvas.restore()


def _window_weather(stage: Stage) -> None:
    if stage.scene.weather == "snow":
        stage.marks(34, 0.0, 0.95, 0.020, (255, 255, 255), 235)
    elif stage.scene.weather == "rain":
        for _ in range(16):
            x, y = stage.random.random(), stage.random.uniform(0.1, 0.8)
            stage.fill(oval(x, y, 0.009, 0.075), (214, 228, 246), 220)
