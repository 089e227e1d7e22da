"""How much a drawing makes its readers draw: what is named again and again counts as often."""

import re
from collections.abc import Iterator
from urllib.parse import unquote
from xml.etree.ElementTree import Element

MOST_DRAWN = 500_000
FILTER_WEIGHT = 100  # of a step of a filter, which goes over all pixels
MOST_NESTED = 6  # of things that are named by one another: copies, patterns, markers, masks
MOST_NUMBERS = {
    ("feTurbulence", "numOctaves"): 10,
    ("feMorphology", "radius"): 50,
    ("feConvolveMatrix", "order"): 9,
    ("feGaussianBlur", "stdDeviation"): 500,
    ("feDropShadow", "stdDeviation"): 500,
}
INHERITED = frozenset(("pattern", "marker"))  # drawn for each shape within what names them
LIGHT = frozenset(("linearGradient", "radialGradient"))
OF_STYLES = LIGHT | {"filter"}
COPIES = frozenset(("use", "pattern", "feImage"))  # whose href is drawn
CHARACTERS_A_POINT = 4  # at the least, of a path
_URL = re.compile(r"url\(\s*['\"]?\s*#([^)'\"]*)", re.IGNORECASE)


class _TooMuch(Exception):
    """What is wrong is its text."""


class _Weight:
    """Of an element and all in it: what is drawn for it, its shapes, the points of its paths at
    most, and whether anything in it is named for its look.
    """

    __slots__ = ("drawn", "holds", "points", "shapes")

    def __init__(self, element: Element) -> None:
        name = _local(element)
        path = len(element.get("d") or "") + len(element.get("points") or "")
        self.drawn = FILTER_WEIGHT if name.startswith("fe") else 1
        self.shapes, self.points = 1, 1 + path // CHARACTERS_A_POINT
        self.holds = name in INHERITED

    def add(self, other: "_Weight") -> None:
        self.drawn += other.drawn
        self.shapes += other.shapes
        self.points += other.points
        self.holds |= other.holds


def weight_fault(root: Element) -> str:
    """Why a drawing is too much to be drawn: "" where it is not. Its elements may not lie in one
    another by thousands, for this goes into them.
    """
    try:
        for element in root.iter():
            _look_at_numbers(element)
        _Weights(root).look()
    except _TooMuch as error:
        return str(error)
    return ""


def _look_at_numbers(element: Element) -> None:
    name = _local(element)
    animated = element.get("attributeName", "")
    if name in ("animate", "set") and any(animated == key for _, key in MOST_NUMBERS):
        raise _TooMuch(f"{animated} may not be animated")
    for (of, key), most in MOST_NUMBERS.items():
        if of != name or key not in element.attrib:
            continue
        value = element.attrib[key][:60]
        try:
            fits = all(0 <= float(one) <= most for one in re.split(r"[\s,]+", value.strip()))
        except ValueError:
            fits = False
        if not fits:
            raise _TooMuch(f"{key}={value!r} of <{name}> must be between 0 and {most}")


class _Weights:
    def __init__(self, root: Element) -> None:
        self._root = root
        self._known: dict[Element, _Weight] = {}
        self._named: dict[str, Element] = {}
        for element in root.iter():
            if name := element.get("id"):
                self._named.setdefault(name, element)

    def look(self) -> None:
        whole = self._of(self._root, 0)
        drawn = whole.drawn
        for element in self._root.iter():
            if _local(element) == "style":
                drawn += sum(self._of_style(name, whole) for name in _names(element.text or ""))
        if drawn > MOST_DRAWN:
            raise _TooMuch("copies, patterns and filters are too much to draw; use fewer of them")

    def _of_style(self, name: str, whole: _Weight) -> int:
        """A style may be that of all elements."""
        named = self._named.get(name)
        if named is None or _local(named) in LIGHT:
            return 0
        if _local(named) not in OF_STYLES:
            raise _TooMuch(
                f"<style> may name gradients and filters alone; name #{name[:60]} in an attribute"
            )
        return whole.shapes * self._of(named, 0).drawn

    def _of(self, element: Element, nested: int) -> _Weight:
        if (known := self._known.get(element)) is not None:
            return known
        if nested > MOST_NESTED:
            raise _TooMuch(f"things name one another more than {MOST_NESTED} deep; name fewer")
        weight = _Weight(element)
        for child in element:
            weight.add(self._of(child, nested))
        named = [self._named[name] for name in _named_by(element) if name in self._named]
        for other in named:
            if _local(element) == "use" and not _is_look(other):
                weight.add(self._of(other, nested + 1))
        for other in named:
            name = _local(other)
            if name in LIGHT or (_local(element) == "use" and not _is_look(other)):
                continue
            if name in INHERITED and name != _local(element) and weight.holds:
                raise _TooMuch(f"what is drawn with a <{name}> may not hold one; put it elsewhere")
            times = {"pattern": weight.shapes, "marker": weight.points}.get(name, 1)
            weight.drawn += times * self._of(other, nested + 1).drawn
        self._known[element] = weight
        return weight


def _is_look(element: Element) -> bool:
    return _local(element) in ("pattern", "marker", "mask", "clipPath", "filter", *LIGHT)


def _named_by(element: Element) -> Iterator[str]:
    """The ids whose elements are drawn for this one."""
    for key, value in element.attrib.items():
        if key.rpartition("}")[2] == "href":
            if _local(element) in COPIES and value.strip().startswith("#"):
                yield unquote(value.strip()[1:])
        else:
            yield from _names(value)


def _names(style: str) -> Iterator[str]:
    return (unquote(name.strip()) for name in _URL.findall(style))


def _local(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]
