"""Draws a scene as SVG: plain paths and gradients, nothing but what the scene is made of."""

import math
from collections.abc import Iterator

import skia

from maquette.world.draw import PIXEL_PX, draw, paint
from maquette.world.pen import Pen
from maquette.world.scene import Scene
from maquette.world.vocabulary import RGB

SIDE = 512  # of the drawing, in its own units; coordinates have one decimal
_ENTITIES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
# What a verb of Skia's paths is in SVG, and from which of its points on it is written.
_VERBS = {
    skia.Path.kMove_Verb: ("M", 0),
    skia.Path.kLine_Verb: ("L", 1),
    skia.Path.kQuad_Verb: ("Q", 1),
    skia.Path.kCubic_Verb: ("C", 1),
}


def draw_svg(scene: Scene, title: str = "") -> str:
    """The picture of a scene as an SVG document, the same text every time.

    It is what `draw` paints, but for the grain of watercolour's paper. In the pixel style each
    block is a square. `title` is what a reader of screens is told.
    """
    body = _blocks(scene) if scene.style == "pixel" else _painted(scene)
    crisp = ' shape-rendering="crispEdges"' if scene.style == "pixel" else ""
    told = f"<title>{title.translate(_ENTITIES)}</title>" if title else ""
    side = SIDE if scene.style != "pixel" else SIDE // 2 // PIXEL_PX
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}" '
    head += f'width="{SIDE}" height="{SIDE}"{crisp}>'
    return "\n".join([head, *([told] if told else []), body, "</svg>\n"])


def _painted(scene: Scene) -> str:
    canvas = _VectorCanvas()
    canvas.scale(SIDE, SIDE)
    paint(_VectorPen(canvas, scene.style), scene, SIDE)
    whole = f'<clipPath id="whole"><path d="M0 0H{SIDE}V{SIDE}H0Z"/></clipPath>'
    parts = ["<defs>", whole, *canvas.defs, "</defs>"]
    return "\n".join([*parts, '<g clip-path="url(#whole)">', *filter(None, canvas.parts), "</g>"])


def _blocks(scene: Scene) -> str:
    """Runs of blocks of one colour, a path for each colour."""
    picture = draw(scene)[::PIXEL_PX, ::PIXEL_PX]
    paths: dict[tuple[int, ...], list[str]] = {}
    for y, row in enumerate(picture.tolist()):
        start = 0
        for x in range(1, len(row) + 1):
            if x == len(row) or row[x] != row[start]:
                run = f"M{start} {y}h{x - start}v1h{start - x}z"
                paths.setdefault(tuple(row[start]), []).append(run)
                start = x
    return "\n".join(
        f'<path fill="{_hex(colour)}" d="{"".join(runs)}"/>' for colour, runs in paths.items()
    )


class _VectorCanvas:
    """As much of Skia's canvas as pens paint with. Paths are written where they come to lie, so no
    part has a transform of its own.
    """

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.defs: list[str] = []
        self._matrix = skia.Matrix()
        self._saved: list[tuple[skia.Matrix, int]] = []
        self._groups = 0

    def save(self) -> None:
        self._saved.append((self._matrix, self._groups))

    def restore(self) -> None:
        self._matrix, groups = self._saved.pop()
        self.parts.append("</g>" * (self._groups - groups))
        self._groups = groups

    def scale(self, sx: float, sy: float) -> None:
        self._matrix = skia.Matrix.Concat(self._matrix, skia.Matrix.Scale(sx, sy))

    def translate(self, dx: float, dy: float) -> None:
        self._matrix = skia.Matrix.Concat(self._matrix, skia.Matrix.Translate(dx, dy))

    def clipRect(self, rect: skia.Rect) -> None:
        outline = skia.Path()
        outline.addRect(rect)
        name = f"d{len(self.defs)}"
        self.defs.append(f'<clipPath id="{name}"><path d="{self._written(outline)}"/></clipPath>')
        self.parts.append(f'<g clip-path="url(#{name})">')
        self._groups += 1

    def drawColor(self, colour: int) -> None:
        whole = skia.Path()
        whole.addRect(skia.Rect.MakeWH(1, 1))
        self.drawPath(whole, skia.Paint(Color=colour))

    def drawPath(self, path: skia.Path, paint: skia.Paint) -> None:
        outline = self._written(path)
        if not outline:
            return
        colour = paint.getColor()
        rgb = _hex((skia.ColorGetR(colour), skia.ColorGetG(colour), skia.ColorGetB(colour)))
        alpha = skia.ColorGetA(colour) / 255
        if paint.getStyle() == skia.Paint.kStroke_Style:
            width = _short(paint.getStrokeWidth() * self._stretch(), 2)
            look = f'fill="none" stroke="{rgb}" stroke-width="{width}" '
            look += 'stroke-linecap="round" stroke-linejoin="round"'
            look += f' stroke-opacity="{_short(alpha, 2)}"' if alpha < 1 else ""
        else:
            look = f'fill="{rgb}"'
            look += f' fill-opacity="{_short(alpha, 2)}"' if alpha < 1 else ""
            if path.getFillType() == skia.PathFillType.kEvenOdd:
                look += ' fill-rule="evenodd"'
        self.parts.append(f'<path {look} d="{outline}"/>')

    def drawBand(self, top: float, bottom: float, colours: tuple[RGB, ...]) -> None:
        name = f"d{len(self.defs)}"
        last = max(1, len(colours) - 1)
        stops = "".join(
            f'<stop offset="{_short(at / last, 2)}" stop-color="{_hex(colour)}"/>'
            for at, colour in enumerate(colours)
        )
        gradient = f'<linearGradient id="{name}" x2="0" y2="1">{stops}</linearGradient>'
        self.defs.append(gradient)
        outline = skia.Path()
        outline.addRect(skia.Rect.MakeLTRB(0, top, 1, bottom))
        self.parts.append(f'<path fill="url(#{name})" d="{self._written(outline)}"/>')

    def _stretch(self) -> float:
        """How much longer a length becomes, where width and height differ in the mean."""
        return math.sqrt(abs(self._matrix.getScaleX() * self._matrix.getScaleY()))

    def _written(self, path: skia.Path) -> str:
        placed = skia.Path(path)
        placed.transform(self._matrix)
        return "".join(_commands(placed))


class _VectorPen(Pen):
    """Paints as SVG."""

    def band(self, top: float, bottom: float, colours: tuple[RGB, ...]) -> None:
        self.canvas.drawBand(top, bottom, colours)


def _commands(path: skia.Path) -> Iterator[str]:
    steps = skia.Path.Iter(path, False)
    while True:
        verb, points = steps.next()
        if verb == skia.Path.kDone_Verb:
            return
        if verb == skia.Path.kClose_Verb:
            yield "Z"
        elif verb == skia.Path.kConic_Verb:  # an arc, which two parabolas follow to a hair's width
            curve = skia.Path.ConvertConicToQuads(*points, steps.conicWeight(), 1)
            yield "Q" + _points(curve[1:3]) + "Q" + _points(curve[3:5])
        else:
            letter, first = _VERBS[verb]
            yield letter + _points(points[first:])


def _points(points: list[skia.Point]) -> str:
    return " ".join(f"{_short(point.x())} {_short(point.y())}" for point in points)


def _short(number: float, digits: int = 1) -> str:
    text = f"{number:.{digits}f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in ("-0", "") else text


def _hex(colour: tuple[int, ...]) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)
