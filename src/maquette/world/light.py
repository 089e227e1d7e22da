"""The light of a scene: what time and weather do to sky, colour and shadow."""

from dataclasses import dataclass

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
