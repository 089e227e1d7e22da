"""The light of a scene: what time and weather do to sky, colour and shadow."""

from dataclasses import dataclass, replace
from functools import cache

from maquette.world.pen import mix
from maquette.world.scene import Scene
from maquette.world.vocabulary import RGB


@dataclass(frozen=True, slots=True)
class Light:
    """Colours of the sky from top to horizon, and how the light falls on things."""

    sky: tuple[RGB, RGB, RGB]
    ambient: RGB  # multiplies every colour, 255 leaves it as it is
    shadow: RGB
    shadow_alpha: int
    shadow_lean: float  # -1 falls to the left, 1 to the right
    windows: RGB  # what a pane of glass shows
    dark: bool  # lamps are lit

    def on(self, colour: RGB) -> RGB:
        """`colour` as it looks in this light."""
        return tuple(c * a // 255 for c, a in zip(colour, self.ambient, strict=True))  # type: ignore[return-value]


_PANE: RGB = (170, 214, 236)
_LAMPLIT: RGB = (255, 214, 110)
_DAWN = Light(
    ((150, 178, 222), (248, 196, 206), (255, 240, 202)),
    (246, 232, 240), (96, 84, 120), 60, 0.9, (232, 214, 206), False,
)  # fmt: skip
_DAY = Light(
    ((86, 164, 230), (142, 202, 244), (216, 240, 250)),
    (255, 255, 255), (40, 60, 80), 72, -0.5, _PANE, False,
)  # fmt: skip
_SUNSET = Light(
    ((88, 58, 132), (224, 92, 86), (255, 176, 76)),
    (255, 206, 172), (70, 36, 72), 84, -1.0, _LAMPLIT, False,
)  # fmt: skip
_NIGHT = Light(
    ((12, 18, 52), (26, 38, 90), (62, 82, 142)),
    (120, 134, 196), (6, 8, 30), 96, 0.3, _LAMPLIT, True,
)  # fmt: skip
_SPACE = Light(
    ((14, 10, 34), (30, 20, 64), (58, 34, 96)),
    (226, 222, 250), (10, 8, 30), 110, 0.6, _PANE, True,
)  # fmt: skip
_LAMP: RGB = (192, 154, 122)  # what a lamp leaves of the colours in a room after dark
_TIMES = {"dawn": _DAWN, "day": _DAY, "sunset": _SUNSET, "night": _NIGHT}
# How far each weather pulls the sky towards a grey, that grey, and what it leaves of the light.
_WEATHERS: dict[str, tuple[float, RGB, float]] = {
    "clear": (0.0, (0, 0, 0), 1.0),
    "cloudy": (0.45, (176, 184, 194), 0.94),
    "rain": (0.55, (104, 116, 134), 0.86),
    "snow": (0.45, (222, 228, 238), 0.97),
}


def light_for(scene: Scene) -> Light:
    """The light that falls on the figures: a lamp's in a room after dark, else the outdoors'."""
    light = outdoor_light(scene)
    if scene.setting == "room" and light.dark:
        return replace(light, ambient=_LAMP)
    return light


def outdoor_light(scene: Scene) -> Light:
    """The light of a scene's time and weather; in space, where there is neither, starlight."""
    if scene.time is None or scene.weather is None:
        return _SPACE
    return _light(scene.time, scene.weather)


@cache
def _light(time: str, weather: str) -> Light:
    clear = _TIMES[time]
    share, grey, left = _WEATHERS[weather]
    if clear.dark:
        share *= 0.45  # else a snowy night's sky would be as pale as the snow
    overcast = clear.on(grey)
    top, middle, horizon = clear.sky
    sky = (mix(top, overcast, share), mix(middle, overcast, share), mix(horizon, overcast, share))
    ambient: RGB = tuple(round(a * left) for a in clear.ambient)  # type: ignore[assignment]
    alpha = clear.shadow_alpha if weather == "clear" else clear.shadow_alpha // 2
    return Light(sky, ambient, clear.shadow, alpha, clear.shadow_lean, clear.windows, clear.dark)
