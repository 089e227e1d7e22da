"""Whether an SVG drawing is whole, and is nothing but a drawing: no script, no other file."""

import re
from collections.abc import Iterator
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from maquette.engines.comments import without_comments
from maquette.engines.svg_weight import weight_fault

SVG, XLINK, XML = (
    "http://www.w3.org/2000/svg",
    "http://www.w3.org/1999/xlink",
    "http://www.w3.org/XML/1998/namespace",
)
MOST_SVG_BYTES = 2_000_000
MOST_ELEMENTS, MOST_DEPTH = 20_000, 60
LEAST_SIDE, MOST_SIDE = 1, 16_384
# What draws; whatever else SVG has is refused: script, foreignObject, links, sound.
ELEMENTS = frozenset(
    (
        *("svg", "g", "defs", "symbol", "use", "title", "desc", "metadata", "style", "switch"),
        *("path", "rect", "circle", "ellipse", "line", "polyline", "polygon", "image"),
        *("text", "tspan", "textPath", "marker", "pattern", "clipPath", "mask", "filter"),
        *("linearGradient", "radialGradient", "stop", "view"),
        *("animate", "animateTransform", "animateMotion", "mpath", "set"),
        *("feBlend", "feColorMatrix", "feComponentTransfer", "feComposite", "feConvolveMatrix"),
        *("feDiffuseLighting", "feDisplacementMap", "feDistantLight", "feDropShadow", "feFlood"),
        *("feFuncA", "feFuncB", "feFuncG", "feFuncR", "feGaussianBlur", "feImage", "feMerge"),
        *("feMergeNode", "feMorphology", "feOffset", "fePointLight", "feSpecularLighting"),
        *("feSpotLight", "feTile", "feTurbulence"),
    )
)
SHAPES = frozenset(
    ("path", "rect", "circle", "ellipse", "line", "polyline", "polygon", "image", "text", "use")
)
TEXTS = frozenset(("text", "tspan", "textPath"))
ANIMATIONS = frozenset(("animate", "set"))
_PICTURE = re.compile(r"data:image/(png|jpeg|gif|webp);base64,", re.IGNORECASE)
_URL = re.compile(r"url\(\s*['\"]?\s*([^)'\"]*)", re.IGNORECASE)
_LOADS = re.compile(
    r"@import|@font-face|javascript:|expression\(|\b(?:image-set|image|src)\(", re.IGNORECASE
)
_NUMBER = re.compile(
    r"([0-9]{0,20}\.?[0-9]{1,20}(?:e[+-]?[0-9]{1,3})?)\s{0,9}(?:px)?", re.IGNORECASE
)


def check_svg(text: str) -> tuple[Element | None, str]:
    """The drawing, and what is wrong with it: "" where nothing is."""
    if len(text.encode(errors="replace")) > MOST_SVG_BYTES:
        return None, f"the drawing is larger than {MOST_SVG_BYTES} bytes; draw it with less"
    if re.search(r"<\?(?!xml[\s?])", text) or text.rfind("<?xml") > 0:
        return None, "the drawing has a processing instruction; leave it out"
    try:
        root: Element = fromstring(text, forbid_dtd=True)
    except ParseError as error:
        return None, f"the drawing is no well-formed XML: {error}"
    except DefusedXmlException:
        return None, "the drawing has a DOCTYPE or entities; leave them out"
    except (ValueError, RecursionError) as error:
        return None, f"the drawing cannot be read: {error}"
    return root, next(_faults(root), "")


def _faults(root: Element) -> Iterator[str]:
    if root.tag != f"{{{SVG}}}svg":
        yield f'the outermost element must be <svg xmlns="{SVG}">'
        return
    yield from _extent(root)
    named: dict[str, Element] = {}
    count = shapes = 0
    waiting = [(root, 1)]
    while waiting:
        element, depth = waiting.pop()
        count += 1
        if count > MOST_ELEMENTS:
            yield f"the drawing has more than {MOST_ELEMENTS} elements; draw it with fewer"
            return
        if depth > MOST_DEPTH:
            yield f"elements lie in one another more than {MOST_DEPTH} deep; draw it flatter"
            return
        yield from _element(element)
        shapes += _local(element.tag) in SHAPES
        if name := element.get("id"):
            named.setdefault(name, element)
        waiting += ((child, depth + 1) for child in element)
    if not shapes:
        yield "the drawing shows nothing; draw at least one shape"
    yield from _uses(root, named)
    if fault := weight_fault(root):
        yield fault


def _extent(root: Element) -> Iterator[str]:
    box = re.split(r"[\s,]+", (root.get("viewBox") or "").strip())
    sides = box[2:] if len(box) == 4 else [root.get("width") or "", root.get("height") or ""]
    found = [_NUMBER.fullmatch(side.strip()) for side in sides]
    if not all(found):
        yield 'the <svg> must say its size, such as viewBox="0 0 400 300"'
    elif not all(one and LEAST_SIDE <= float(one[1]) <= MOST_SIDE for one in found):
        yield f"the sides of the drawing must be between {LEAST_SIDE} and {MOST_SIDE}"


def _element(element: Element) -> Iterator[str]:
    name = _local(element.tag)
    if not element.tag.startswith(f"{{{SVG}}}"):
        yield f"<{name}> is not of SVG; leave it out"
    elif name not in ELEMENTS:
        yield f"<{name}> may not be in a drawing; leave it out"
    if name == "style":
        if len(element):
            yield "<style> may hold nothing but text; take the elements out of it"
        yield from _style(element.text or "")
    for key, value in element.attrib.items():
        attribute = _local(key)
        if attribute.lower().startswith("on"):
            yield f"the event handler {attribute} may not be in a drawing; leave it out"
        elif attribute == "href" and key in ("href", f"{{{XLINK}}}href"):
            if not (value.strip().startswith("#") or _is_picture(name, value)):
                yield f"{value[:60]!r} is outside of the drawing; everything must be in it"
        elif key.startswith("{") and not key.startswith((f"{{{XLINK}}}", f"{{{XML}}}")):
            yield f"the attribute {attribute} is not of SVG; leave it out"
        elif attribute == "base":
            yield "xml:base may not be in a drawing; leave it out"
        elif name in ANIMATIONS and attribute == "attributeName":
            if value.lower().startswith("on") or value.lower().endswith("href"):
                yield f"{value} may not be animated"
        else:
            yield from _style(value)


def _is_picture(name: str, value: str) -> bool:
    return name in ("image", "feImage") and _PICTURE.match(value.strip()) is not None


def _style(value: str) -> Iterator[str]:
    """What CSS may not do, for any attribute can be one of its properties."""
    if "\\" in value:
        yield "backslashes, which are CSS escapes, may not be in a drawing; write the letters"
    # What looks like a comment may be in a string, and then is none.
    for text in dict.fromkeys((value, without_comments(value))):
        if _LOADS.search(text):
            yield "styles may load nothing and run nothing; leave @import and the like out"
        for url in _URL.findall(text):
            if not url.strip().startswith("#"):
                yield f"{url[:60]!r} is outside of the drawing; everything must be in it"


def _uses(root: Element, named: dict[str, Element]) -> Iterator[str]:
    """A copy of copies of copies is soon more than any reader can draw."""
    use, copies = f"{{{SVG}}}use", dict[str, bool]()
    for element in root.iter(use):
        target = (element.get("href") or element.get(f"{{{XLINK}}}href") or "").strip()
        source = named.get(target.removeprefix("#"))
        if source is None:
            yield f"<use> names {target[:60]!r}, which is not in the drawing"
        elif copies.setdefault(target, next(source.iter(use), None) is not None):
            yield "a <use> may not copy another <use>; draw it directly"


def _local(tag: str) -> str:
    return str(tag).rpartition("}")[2]


def svg_shows(root: Element, wanted: str) -> bool:
    """Whether a drawing, in which nothing is wrong, has an element, written as `<circle>`, or shows
    a text: neither its title nor its style is seen.
    """
    if wanted.startswith("<") and wanted.endswith(">"):
        return next(root.iter(f"{{{SVG}}}{wanted[1:-1].strip()}"), None) is not None
    return " ".join(wanted.split()) in " ".join("".join(_texts(root)).split())


def _texts(element: Element) -> Iterator[str]:
    is_shown = _local(element.tag) in TEXTS
    if is_shown:
        yield element.text or ""
    for child in element:
        yield from _texts(child)
        if is_shown:
            yield child.tail or ""
    if _local(element.tag) == "text":
        yield " "
