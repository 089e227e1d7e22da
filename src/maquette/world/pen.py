"""Four drawing styles: how a shape of some colour is put on the canvas."""

from functools import lru_cache

import numpy as np
import skia

from maquette.world.vocabulary import RGB

INK_LINE: RGB = (38, 34, 40)


def argb(rgb: RGB, alpha: int = 255) -> int:
    """A skia colour."""
    return skia.ColorSetARGB(alpha, *rgb)


def mix(first: RGB, second: RGB, share: float) -> RGB:
    """`first` with `share` (0–1) of `second` mixed in."""
    return tuple(round(a + (b - a) * share) for a, b in zip(first, second, strict=True))  # type: ignore[return-value]


class Pen:
    """Draws outlines on a canvas in one style.

    `unit_px` is how many picture pixels one unit of the current coordinate system covers, so that
    ink lines keep their width whatever the size of the figure. Style changes only how a shape is
    laid down; colours come already lit by the time of day.
    """

    def __init__(self, canvas: skia.Canvas, style: str) -> None:
        self.canvas = canvas
        self.style = style
        self.unit_px = 1.0
        self._paint = skia.Paint(AntiAlias=style != "pixel")
        self._stroke = skia.Paint(
            AntiAlias=style != "pixel",
            Style=skia.Paint.kStroke_Style,
            StrokeCap=skia.Paint.kRound_Cap,
            StrokeJoin=skia.Paint.kRound_Join,
        )

    def fill(self, path: skia.Path, colour: RGB, alpha: int = 255, edge: bool = True) -> None:
        """A filled shape; `edge=False` leaves out the style's outline (light, shadow, haze)."""
        if self.style == "watercolour" and edge:
            self._paint.setColor(argb(colour, alpha * 225 // 255))
            self.canvas.drawPath(path, self._paint)
            self._stroke.setColor(argb(mix(colour, (40, 40, 70), 0.35), alpha * 110 // 255))
            self._stroke.setStrokeWidth(1.6 / self.unit_px)
            self.canvas.drawPath(path, self._stroke)
            return
        self._paint.setColor(argb(colour, alpha))
        self.canvas.drawPath(path, self._paint)
        if self.style == "ink" and edge:
            self._stroke.setColor(argb(INK_LINE, alpha))
            self._stroke.setStrokeWidth(1.7 / self.unit_px)
            self.canvas.drawPath(path, self._stroke)

    def line(self, path: skia.Path, colour: RGB, width: float, alpha: int = 255) -> None:
        """A stroked line, `width` in the current units, at least one picture pixel wide.

        A broad one is a form of its own, so in ink it has outlines too.
        """
        if self.style == "ink" and width * self.unit_px > 3.0:
            self._stroke.setColor(argb(INK_LINE, alpha))
            self._stroke.setStrokeWidth(width + 2.4 / self.unit_px)
            self.canvas.drawPath(path, self._stroke)
        self._stroke.setColor(argb(colour, alpha))
        self._stroke.setStrokeWidth(max(width, 1.0 / self.unit_px))
        self.canvas.drawPath(path, self._stroke)

    def band(self, top: float, bottom: float, colours: tuple[RGB, ...]) -> None:
        """A vertical gradient across the whole width of the picture."""
        target = skia.Rect.MakeLTRB(0, top, 1, bottom)
        self.canvas.drawImageRect(_strip(colours), target, _LINEAR)

    def rim(self, path: skia.Path, colour: RGB, width: float) -> None:
        """A thin margin around a shape (`width` 0) or line that is about to be drawn."""
        self._stroke.setColor(argb(colour))
        margin = 1.2 if self.style == "pixel" else 3.2  # a pixel of that style is four of others
        self._stroke.setStrokeWidth(width + margin / self.unit_px)
        self.canvas.drawPath(path, self._stroke)


_LINEAR = skia.SamplingOptions(skia.FilterMode.kLinear)


@lru_cache(maxsize=512)
def _strip(colours: tuple[RGB, ...]) -> skia.Image:
    at = np.linspace(0, len(colours) - 1, 64)
    stops = np.array(colours, float)
    channels = [np.interp(at, range(len(colours)), stops[:, c]) for c in range(3)]
    rgba = np.full((64, 1, 4), 255, np.uint8)
    rgba[:, 0, :3] = np.stack(channels, -1).round().astype(np.uint8)
    return skia.Image.fromarray(rgba)
