"""Drawings as data: rows of a tint and an outline in a 100 × 100 box, and the outline language."""

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

import skia

BOX = 100.0


class Tint(StrEnum):
    """What a shape is painted with: a shade of the subject's own colour, or a fixed material."""

    MAIN = "main"
    LIGHT = "light"
    DARK = "dark"
    CREAM = "cream"
    WOOD = "wood"
    BARK = "bark"
    STEEL = "steel"
    LEAF = "leaf"
    ROSE = "rose"
    GOLD = "gold"
    INK = "ink"
    GLASS = "glass"  # a window: sky-blue by day, lit after dark


@dataclass(frozen=True, slots=True)
class Shape:
    """A filled outline, or a stroke of `width` box units where width is above zero."""

    tint: Tint
    outline: str
    width: float = 0.0


Drawing = tuple[Shape, ...]


def fill(tint: Tint, outline: str) -> Shape:
    """A filled shape."""
    return Shape(tint, outline)


def line(tint: Tint, outline: str, width: float = 2.0) -> Shape:
    """A stroked line with round ends."""
    return Shape(tint, outline, width)


@lru_cache(maxsize=4096)
def parse_outline(outline: str) -> skia.Path:
    """Path of an outline: SVG's absolute `M L Q C Z`, plus `E cx cy rx ry` and `R x y w h r`.

    A command letter may be followed by several groups of numbers, as in SVG.

    Raises ValueError naming the command that is unknown or has too few numbers.
    """
    path = skia.Path()
    sizes = {"M": 2, "L": 2, "Q": 4, "C": 6, "E": 4, "R": 5}
    tokens = outline.replace(",", " ").split()
    position = 0
    while position < len(tokens):
        command = tokens[position]
        position += 1
        if command == "Z":
            path.close()
            continue
        size = sizes.get(command)
        if size is None:
            raise ValueError(f"outline has unknown command {command!r}: {outline!r}")
        while True:
            numbers = [float(t) for t in tokens[position : position + size]]
            if len(numbers) < size:
                raise ValueError(f"outline command {command} needs {size} numbers: {outline!r}")
            position += size
            _append(path, command, numbers)
            if position >= len(tokens) or tokens[position].isalpha():
                break
    return path


def _append(path: skia.Path, command: str, n: list[float]) -> None:
    match command:
        case "M":
            path.moveTo(*n)
        case "L":
            path.lineTo(*n)
        case "Q":
            path.quadTo(*n)
        case "C":
            path.cubicTo(*n)
        case "E":
            path.addOval(skia.Rect.MakeLTRB(n[0] - n[2], n[1] - n[3], n[0] + n[2], n[1] + n[3]))
        case _:
            path.addRoundRect(skia.Rect.MakeXYWH(*n[:4]), n[4], n[4])
