"""Backdrops: each setting, time and weather shows, the same for the same number."""

from itertools import combinations, product

import numpy as np
import pytest
import skia

from maquette.world.light import light_for, outdoor_light
from maquette.world.pen import Pen
from maquette.world.scene import Scene
from maquette.world.settings import paint_backdrop
from maquette.world.vocabulary import SETTINGS, STYLES, TIMES, WEATHERS
from maquette.world.weather import paint_weather

SKIES = [name for name, setting in SETTINGS.items() if setting.has_sky]
LAND = ("beach", "meadow", "forest", "desert", "street")  # mountains are white in any weather


def scene_of(
    setting: str,
    time: str | None = "day",
    weather: str | None = "clear",
    style: str = "flat",
    backdrop: int = 7,
) -> Scene:
    """A scene without figures; space is given neither time nor weather."""
    if not SETTINGS[setting].has_sky:
        time = weather = None
    return Scene(0, setting, time, weather, style, "medium", (), None, backdrop)


def paint(scene: Scene, side_px: int = 64) -> np.ndarray:
    """Backdrop and weather alone: (side_px, side_px, 4) uint8, colour and coverage."""
    pixels = np.zeros((side_px, side_px, 4), np.uint8)
    canvas = skia.Surface(pixels).getCanvas()
    canvas.scale(side_px, side_px)
    pen = Pen(canvas, scene.style)
    pen.unit_px = side_px
    light = light_for(scene)
    paint_backdrop(pen, scene, light)
    paint_weather(pen, scene, light)
    return pixels


def difference(first: Scene, second: Scene) -> float:
    """Mean distance of two backdrops in levels of 0–255."""
    a, b = (paint(scene)[:, :, :3].astype(float) for scene in (first, second))
    return float(np.abs(a - b).mean())


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("setting", SETTINGS)
def test_the_same_number_gives_the_same_backdrop(setting: str, style: str) -> None:
    scene = scene_of(setting, style=style)
    assert np.array_equal(paint(scene), paint(scene))
    other = scene_of(setting, style=style, backdrop=8)
    assert not np.array_equal(paint(scene), paint(other))


@pytest.mark.parametrize(("time", "weather"), tuple(product(TIMES, WEATHERS)))
def test_every_setting_is_a_place_of_its_own(time: str, weather: str) -> None:
    for first, second in combinations(SETTINGS, 2):
        distance = difference(scene_of(first, time, weather), scene_of(second, time, weather))
        assert distance > 5, (first, second, distance)


@pytest.mark.parametrize("setting", SKIES)
def test_every_time_shows_in_every_weather(setting: str) -> None:
    for weather, (first, second) in product(WEATHERS, combinations(TIMES, 2)):
        distance = difference(scene_of(setting, first, weather), scene_of(setting, second, weather))
        assert distance > 4, (weather, first, second, distance)


@pytest.mark.parametrize("setting", SKIES)
def test_every_weather_shows_at_every_time(setting: str) -> None:
    least = 0.5 if setting == "room" else 1.5  # by lamplight only a window of it changes
    for time, (first, second) in product(TIMES, combinations(WEATHERS, 2)):
        distance = difference(scene_of(setting, time, first), scene_of(setting, time, second))
        assert distance > least, (time, first, second, distance)


@pytest.mark.parametrize("weather", WEATHERS)
def test_times_have_their_tints(weather: str) -> None:
    """Dawn is paler than sunset and sunset redder; night is the darkest and blue."""
    sky = {
        time: np.mean(light_for(scene_of("meadow", time, weather)).sky, axis=0) for time in TIMES
    }
    warmth = {time: colour[0] - colour[2] for time, colour in sky.items()}
    assert sky["dawn"].mean() > sky["sunset"].mean() + 30
    assert warmth["sunset"] > warmth["dawn"] + 25 > warmth["day"] + 25
    assert sky["night"].mean() < min(sky[t].mean() for t in TIMES if t != "night") - 40
    assert warmth["night"] < 0


@pytest.mark.parametrize("time", TIMES)
def test_rain_and_snow_are_gentle(time: str) -> None:
    """What falls covers little, so that a figure's colour stays to be seen."""
    for weather in ("rain", "snow"):
        scene = scene_of("meadow", time, weather)
        pixels = np.full((256, 256, 4), 128, np.uint8)
        before = pixels.copy()
        canvas = skia.Surface(pixels).getCanvas()
        canvas.scale(256, 256)
        pen = Pen(canvas, scene.style)
        pen.unit_px = 256
        paint_weather(pen, scene, light_for(scene))
        changed = (pixels != before).any(axis=2).mean()
        assert 0.005 < changed < 0.06


def test_it_does_not_rain_in_a_room() -> None:
    scene = scene_of("room", weather="rain")
    pixels = np.zeros((64, 64, 4), np.uint8)
    paint_weather(Pen(skia.Surface(pixels).getCanvas(), "flat"), scene, light_for(scene))
    assert not pixels.any()


@pytest.mark.parametrize("setting", LAND)
def test_snow_lies_on_the_land(setting: str) -> None:
    clear, snow = (paint(scene_of(setting, weather=w))[45:60, :, :3] for w in ("clear", "snow"))
    assert snow.mean() > clear.mean() + 20


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("setting", SETTINGS)
def test_nothing_is_left_unpainted(setting: str, style: str) -> None:
    for backdrop, (time, weather) in enumerate(product(TIMES, WEATHERS)):
        pixels = paint(scene_of(setting, time, weather, style, backdrop * 7919), 128)
        assert (pixels[:, :, 3] == 255).all(), (time, weather, backdrop)


@pytest.mark.parametrize("weather", WEATHERS)
def test_a_room_is_lit_by_a_lamp_at_night(weather: str) -> None:
    scene = scene_of("room", "night", weather)
    red, _, blue = light_for(scene).ambient
    assert red > blue
    assert light_for(scene).sky == outdoor_light(scene).sky
    wall = paint(scene)[2:4, :, :3].reshape(-1, 3).mean(axis=0)
    assert wall[0] > wall[2] + 15


@pytest.mark.parametrize("time", ["sunset", "night"])
def test_the_sea_mirrors_sun_and_moon_below_them(time: str) -> None:
    for backdrop in range(6):
        luma = paint(scene_of("sea", time, backdrop=backdrop), 256)[:, :, :3].mean(axis=2)
        horizon = SETTINGS["sea"].horizon
        sky, between_waves = luma[: int(horizon * 256)], luma[round((horizon + 0.08) * 256)]
        body = np.nonzero(sky >= sky.max() - 8)[1]
        glint = np.nonzero(between_waves > np.median(between_waves) + 8)[0]
        assert abs(np.median(body) - np.median(glint)) < 12, backdrop
