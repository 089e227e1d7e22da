"""Whether a web page is one whole file that works by itself, in a frame without a network."""

import re
from collections.abc import Iterator

from selectolax.lexbor import LexborHTMLParser, LexborNode

from maquette.engines.comments import without_comments

MOST_PAGE_BYTES = 2_000_000
MOST_ELEMENTS = 20_000
DOCTYPE = "<!doctype html>"
# What loads or leaves, and what a sandboxed frame of no origin has not.
ELEMENTS = {
    "iframe": "shows another page",
    "frame": "shows another page",
    "frameset": "shows other pages",
    "object": "loads another file",
    "embed": "loads another file",
    "applet": "loads another file",
    "portal": "shows another page",
    "base": "changes where links lead",
}
LOADS = frozenset(
    (
        *("src", "srcset", "poster", "data", "background"),
        *("action", "formaction", "manifest", "ping"),
    )
)
WITHIN = ("data:image/", "data:audio/", "data:video/", "#")
LINKS = ("https://", "http://", "mailto:", "tel:", "#")
_SCRIPT = {
    r"\bfetch\s*\(": "fetch",
    r"\bXMLHttpRequest\b": "XMLHttpRequest",
    r"\bWebSocket\b": "WebSocket",
    r"\bEventSource\b": "EventSource",
    r"\bRTCPeerConnection\b": "RTCPeerConnection",
    r"\bsendBeacon\b": "sendBeacon",
    r"\bimportScripts\b": "importScripts",
    r"\bimport\s*\(": "import()",
    r"(?:^|[;\n])[^\S\n]*import\s+[\w{*\"']": "import",
    r"\b(?:local|session)Storage\b": "localStorage",
    r"\bindexedDB\b": "indexedDB",
    r"\bdocument\s*\.\s*cookie\b": "document.cookie",
    r"\bserviceWorker\b": "serviceWorker",
}
# What leads the frame to another address, which no policy of the frame's own forbids. A variable
# of a page may be called so, too: `const location = "Oslo"` leads nowhere.
_LEAVES = re.compile(
    r"(?:^|[;{}\n]|\b(?:window|document|self|top|parent|globalThis)\s*\.)[^\S\n]*location\s*"
    r"(?:=(?!=)|\.\s*(?:href\s*=(?!=)|(?:assign|replace)\s*\())"
)
_BLANKS = re.compile(r"\s*")
_URL = re.compile(r"url\(\s*['\"]?\s*([^)'\"]*)", re.IGNORECASE)


def check_page(text: str) -> tuple[LexborHTMLParser | None, str]:
    """The page as browsers read it, and what is wrong with it: "" where nothing is."""
    if len(text.encode(errors="replace")) > MOST_PAGE_BYTES:
        return None, f"the page is larger than {MOST_PAGE_BYTES} bytes; write less"
    if not _begins_as_html(text):
        return None, "the page must begin with <!doctype html>"
    page = LexborHTMLParser(text)
    return page, next(_faults(text, page), "")


def _begins_as_html(text: str) -> bool:
    """Whether nothing but blanks and comments comes before the doctype."""
    place = _past_blanks(text, 0)
    while text.startswith("<!--", place):
        end = text.find("-->", place + 2)
        if end < 0:
            return False
        place = _past_blanks(text, end + 3)
    return text[place : place + len(DOCTYPE)].lower() == DOCTYPE


def _past_blanks(text: str, place: int) -> int:
    found = _BLANKS.match(text, place)
    return found.end() if found else place


def _faults(text: str, page: LexborHTMLParser) -> Iterator[str]:
    # A reader of HTML puts in what is missing, so this is asked of the text itself.
    if "</html>" not in text.lower():
        yield "the page breaks off: it has no </html>"
    title = page.css_first("head > title")
    if title is None or not title.text().strip():
        yield "the page has no <title>"
    body = page.body
    if body is None or not (body.text().strip() or body.css_first("svg, img, canvas, input")):
        yield "the page shows nothing"
    if page.root is None:
        return
    for count, node in enumerate(page.root.traverse()):
        if count > MOST_ELEMENTS:
            yield f"the page has more than {MOST_ELEMENTS} elements; write fewer"
            return
        yield from _element(node)


def _element(node: LexborNode) -> Iterator[str]:
    name = (node.tag or "").lower()
    if name in ELEMENTS:
        yield f"<{name}> {ELEMENTS[name]}, which cannot work here; leave it out"
    if name == "meta" and (node.attributes.get("http-equiv") or "").lower() == "refresh":
        yield "the page leads on to another by itself; leave the refresh out"
    if name == "link":
        yield "<link> loads another file; put the style into <style>"
    if name == "style":
        yield from _style(node.text())
    if name == "script":
        yield from _script(node)
    for key, value in node.attributes.items():
        yield from _attribute(name, key.lower(), (value or "").strip())


def _attribute(name: str, key: str, value: str) -> Iterator[str]:
    if key in LOADS and value:
        for url in value.split(",") if key == "srcset" and "data:" not in value else [value]:
            if not url.strip().lower().startswith(WITHIN):
                yield f"{key}={url.strip()[:60]!r} loads from elsewhere; put it into the page"
    elif key.endswith("href"):
        if name == "a":
            if value and not value.lower().startswith(LINKS):
                yield f"the link to {value[:60]!r} leads nowhere; give a whole address or #part"
        elif not value.startswith(("#", "data:image/")):
            yield f"{key}={value[:60]!r} loads from elsewhere; put it into the page"
    elif key == "style":
        yield from _style(value)
    elif key.startswith("on"):
        yield from _uses(value)


def _style(css: str) -> Iterator[str]:
    plain = without_comments(css)
    if re.search(r"@import", plain, re.IGNORECASE):
        yield "@import loads from elsewhere; put the style into the page"
    for url in _URL.findall(plain):
        if not url.strip().lower().startswith(("#", "data:")):
            yield f"url({url[:60]}) loads from elsewhere; put it into the page"


def _script(node: LexborNode) -> Iterator[str]:
    yield from _uses(node.text())


def _uses(script: str) -> Iterator[str]:
    plain = without_comments(script, of_script=True)
    for pattern, name in _SCRIPT.items():
        if re.search(pattern, plain):
            yield f"{name} cannot work here, for the page has no network and keeps nothing"
    if _LEAVES.search(plain):
        yield "the page leads on to another by itself; leave what sets its location out"


def page_shows(page: LexborHTMLParser, wanted: str) -> bool:
    """Whether a page has an element, written as `<button>`, or shows a text."""
    if wanted.startswith("<") and wanted.endswith(">"):
        name = wanted[1:-1].strip()
        return re.fullmatch(r"[A-Za-z][A-Za-z0-9-]*", name) is not None and bool(page.css(name))
    seen = page.clone()
    for node in seen.css("script, style, template, noscript"):
        node.decompose()
    shown = seen.body.text() if seen.body is not None else ""
    title = page.css_first("head > title")
    shown += " " + (title.text() if title is not None else "")
    return " ".join(wanted.split()) in " ".join(shown.split())
