"""Drawings and pages: whatever is whole passes, whatever could load or run something does not."""

import time
from collections.abc import Callable

import pytest

from maquette.engines.comments import without_comments
from maquette.engines.page_check import check_page, page_shows
from maquette.engines.svg_check import check_svg, svg_shows
from maquette.world.compose import compose
from maquette.world.vector import draw_svg

NS = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
SOON_S = 10.0  # on a machine that is busy; what is quadratic takes minutes
RECT = '<rect width="4" height="4"/>'


def _svg(inside: str, head: str = 'viewBox="0 0 9 9"') -> str:
    return f"<svg {NS} {head}>{inside}</svg>"


def _page(inside: str, head: str = "<title>Tea</title>") -> str:
    return f"<!doctype html><html><head>{head}</head><body>{inside}</body></html>"


@pytest.mark.parametrize(
    "text",
    [
        _svg(RECT),
        _svg(RECT, 'width="10px" height="20"'),
        f'<?xml version="1.0"?>{_svg(RECT)}',
        _svg('<g id="a"><path d="M0 0h9"/></g><use href="#a"/>'),
        _svg('<image href="data:image/png;base64,AAAA" width="1" height="1"/>'),
        _svg('<style>.a { fill: url(#b) }</style><text class="a">on sale</text>'),
        _svg('<circle r="3"><animate attributeName="r" to="5"/></circle>'),
    ],
)
def test_a_whole_drawing_passes(text: str) -> None:
    root, fault = check_svg(text)
    assert root is not None
    assert fault == ""


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "no well-formed XML"),
        (f"<svg {NS} viewBox='0 0 9 9'>{RECT}", "no well-formed XML"),
        (f"<svg viewBox='0 0 9 9'>{RECT}</svg>", "the outermost element must be <svg xmlns="),
        (_svg(""), "shows nothing"),
        (_svg(RECT, ""), "must say its size"),
        (_svg(RECT, 'viewBox="0 0 0 9"'), "must be between 1 and"),
        (_svg(RECT, 'width="1e9" height="9"'), "must be between 1 and"),
        (_svg(f"<script>alert(1)</script>{RECT}"), "<script> may not be"),
        (_svg(f"<foreignObject/>{RECT}"), "<foreignObject> may not be"),
        (_svg(f"<a href='https://a.example'>{RECT}</a>"), "<a> may not be"),
        (_svg('<h:iframe xmlns:h="http://www.w3.org/1999/xhtml"/>' + RECT), "is not of SVG"),
        (_svg('<rect onclick="x()" width="1" height="1"/>'), "event handler onclick"),
        (_svg('<image xlink:href="https://a.example/x.png"/>'), "is outside of the drawing"),
        (_svg('<image href="file:///etc/passwd"/>'), "is outside of the drawing"),
        (_svg('<image href="data:image/svg+xml;base64,AAAA"/>'), "is outside of the drawing"),
        (_svg('<use href="https://a.example/x.svg#a"/>' + RECT), "is outside of the drawing"),
        (_svg('<rect fill="url(https://a.example/x#a)"/>'), "is outside of the drawing"),
        (_svg("<style>@import 'x.css';</style>" + RECT), "styles may load nothing"),
        (_svg("<style>a{b:u\\72l(x)}</style>" + RECT), "CSS escapes"),
        (_svg("<style>a{b:u\\rl(x)}</style>" + RECT), "CSS escapes"),
        (_svg("<style>@\\import 'x'</style>" + RECT), "CSS escapes"),
        (_svg("<style><g/>@import url(https://a.example)</style>" + RECT), "nothing but text"),
        (_svg("<style>a{b:'/*'}@import 'x';a{b:'*/'}</style>" + RECT), "styles may load nothing"),
        (_svg("<style>a{b:image-set('x' 1x)}</style>" + RECT), "styles may load nothing"),
        (_svg("<rect style=\"fill:-webkit-image-set('x' 1x)\"/>"), "styles may load nothing"),
        (_svg("<rect style=\"fill:src('x')\"/>"), "styles may load nothing"),
        (_svg("<rect style=\"fill:image('x')\"/>"), "styles may load nothing"),
        (_svg('<rect><set attributeName="href" to="x"/></rect>'), "href may not be animated"),
        (_svg('<rect><set attributeName="onload" to="x"/></rect>'), "onload may not be animated"),
        (_svg('<use href="#nowhere"/>'), "which is not in the drawing"),
        (_svg(f'<g id="a">{RECT}</g><g id="b"><use href="#a"/></g><use href="#b"/>'), "another"),
        (f'<?xml-stylesheet href="x.css"?>{_svg(RECT)}', "processing instruction"),
        (f"<!DOCTYPE svg>{_svg(RECT)}", "DOCTYPE"),
        (f'<!DOCTYPE svg [<!ENTITY a "b">]>{_svg("<text>&a;</text>")}', "DOCTYPE"),
        (_svg("<g>" * 80 + RECT + "</g>" * 80), "deep"),
        (_svg(RECT * 20_001), "more than 20000 elements"),
        (_svg(f"<!--{'x' * 2_000_000}-->{RECT}"), "larger than 2000000 bytes"),
    ],
)
def test_what_is_no_plain_drawing_is_named(text: str, fault: str) -> None:
    assert fault in check_svg(text)[1]


def test_scenes_of_the_world_pass() -> None:
    for seed in range(40):
        assert check_svg(draw_svg(compose(seed), "it's a <scene> & more"))[1] == ""


def test_a_drawing_shows_what_it_shows() -> None:
    root, _ = check_svg(_svg("<g><text>Green  <tspan>tea</tspan></text></g>"))
    assert root is not None
    assert svg_shows(root, "Green tea")
    assert svg_shows(root, "<tspan>")
    assert not svg_shows(root, "<circle>")
    assert not svg_shows(root, "coffee")
    assert not svg_shows(root, "<[>")


def test_what_is_not_seen_of_a_drawing_is_not_shown() -> None:
    hidden = "<title>a</title><desc>b</desc><metadata>c</metadata><style>d</style>"
    root, fault = check_svg(_svg(f"{hidden}<text>e<title>f</title>g</text><text>h</text>"))
    assert fault == ""
    assert root is not None
    assert [one for one in "abcdefgh" if svg_shows(root, one)] == ["e", "g", "h"]
    assert svg_shows(root, "eg h")


@pytest.mark.parametrize(
    "text",
    [
        _page("<h1>Tea</h1>"),
        f"<!-- made here -->\n{_page('<h1>Tea</h1>')}",
        _page("<p><a href='https://tea.example/shop'>Shop</a> <a href='#top'>Up</a></p>"),
        _page("<img alt='' src='data:image/png;base64,AAAA'>"),
        _page("<canvas></canvas><script>// see https://a.example\nlet n = 1</script>"),
        _page(f"<style>p {{ background: url(data:image/png;base64,AA) }}</style>{_svg(RECT)}"),
        _page("<p>T</p><script>const location = 'Oslo'; location == 1; a.location = 2</script>"),
        _page("<p>T</p><script>location.hash = 'top'; b(location.href)</script>"),
        _page("<p>fetch (a dog) and import the tea</p>"),
    ],
)
def test_a_whole_page_passes(text: str) -> None:
    page, fault = check_page(text)
    assert page is not None
    assert fault == ""


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("<h1>Tea</h1>", "must begin with <!doctype html>"),
        ("<!doctype html><html><head><title>T</title></head><body><p>Te", "the page breaks off"),
        (_page("<p>Tea</p>", ""), "has no <title>"),
        (_page("  "), "shows nothing"),
        (_page("<p>T</p><script src='https://cdn.example/x.js'></script>"), "loads from elsewhere"),
        (_page("<p>T</p><script src='x.js'></script>"), "loads from elsewhere"),
        (_page("<p>T</p>", "<title>T</title><link rel=stylesheet href=x.css>"), "<link> loads"),
        (_page("<img src=//a.example/x.png>"), "loads from elsewhere"),
        (_page("<img srcset='x.png 1x, y.png 2x'>"), "loads from elsewhere"),
        (_page("<p>T</p><iframe srcdoc='x'></iframe>"), "<iframe> shows another page"),
        (_page("<p>T</p><object data=x></object>"), "<object> loads"),
        (_page("<form action='https://a.example'><input></form>"), "loads from elsewhere"),
        (_page("<p>T</p>", "<title>T</title><base href='https://a.example'>"), "<base>"),
        (
            _page("<p>T</p>", "<title>T</title><meta http-equiv=refresh content='0;url=x'>"),
            "leads on to another",
        ),
        (_page("<a href='javascript:x()'>T</a>"), "leads nowhere"),
        (_page("<a href='other.html'>T</a>"), "leads nowhere"),
        (_page("<p>T</p><script>fetch('x')</script>"), "fetch cannot work here"),
        (_page("<p>T</p><script>new RTCPeerConnection()</script>"), "RTCPeerConnection cannot"),
        (_page("<p>T</p><script>location = 'https://a.example'</script>"), "leads on to another"),
        (_page("<p onclick='window.location.href = 1'>T</p>"), "leads on to another"),
        (_page("<p>T</p><script>let a\nlocation.replace(a)</script>"), "leads on to another"),
        (_page("<p>T</p><script>localStorage.a = 1</script>"), "localStorage cannot work"),
        (_page("<p>T</p><script type=module>import a from 'b'</script>"), "import cannot work"),
        (_page("<p onclick='new WebSocket(1)'>T</p>"), "WebSocket cannot work"),
        (_page("<p>T</p><style>@import url(x.css)</style>"), "@import loads"),
        (_page("<p style='background:url(x.png)'>T</p>"), "loads from elsewhere"),
        (_page("<svg><image href='x.png'></image></svg>"), "loads from elsewhere"),
        (_page("<p>T</p>" + "<b></b>" * 20_001), "more than 20000 elements"),
        (_page("x" * 2_000_001), "larger than 2000000 bytes"),
    ],
)
def test_what_cannot_work_in_a_frame_is_named(text: str, fault: str) -> None:
    assert fault in check_page(text)[1]


def test_what_is_not_seen_of_a_page_is_not_shown() -> None:
    hidden = "".join(f"<{name}>tea</{name}>" for name in ("style", "template", "noscript"))
    page, fault = check_page(_page(f"<p>coffee</p>{hidden}<script>'tea'</script>"))
    assert fault == ""
    assert page is not None
    assert page_shows(page, "coffee")
    assert page_shows(page, "<script>")
    assert not page_shows(page, "tea")


def test_a_page_shows_what_it_shows() -> None:
    page, _ = check_page(_page("<h1>Green\n tea</h1><button>Buy</button>"))
    assert page is not None
    for wanted in ("Green tea", "<button>", "Tea"):
        assert page_shows(page, wanted)
    for wanted in ("coffee", "<form>", "<b u>"):
        assert not page_shows(page, wanted)


@pytest.mark.parametrize(
    "text",
    [
        "<!---->" * 30 + "<p>",
        "<!--" * 400_000,
        _page("<p>T</p><style>" + "/*" * 900_000 + "</style>"),
        _page("<p>T</p><style>" + "url(" * 400_000 + "</style>"),
        _page("<p>T</p><script>" + "/*" * 900_000 + "</script>"),
        _page("<p>T</p><script>" + "//" * 900_000 + "</script>"),
        _page("<p>T</p><script>" + "\n" * 1_900_000 + "</script>"),
        _page("<p>T</p><script>" + "; " * 900_000 + "</script>"),
        _page("<p>T</p><script>" + "import " * 250_000 + "</script>"),
        _page("<p>T</p><script>" + "window." * 250_000 + "</script>"),
        _page("<p>T</p><script>window." + " " * 1_900_000 + "</script>"),
        _page("<p>T</p><script>document" + " " * 1_900_000 + "</script>"),
    ],
    ids=range(12),
)
def test_a_hostile_page_is_soon_looked_through(text: str) -> None:
    _is_soon_done(lambda: check_page(text))


@pytest.mark.parametrize(
    "text",
    [
        _svg(RECT, f'width="{"1" * 1_900_000}x" height="9"'),
        _svg(RECT, f'width="1{" " * 1_900_000}x" height="9"'),
        _svg(RECT, f'viewBox="{" ," * 900_000}"'),
        _svg(f"<style>{'/*' * 900_000}</style>{RECT}"),
        _svg(f"<style>{'url(' * 400_000}</style>{RECT}"),
        _svg(f'<g id="a">{"<g/>" * 9_900}{RECT}</g>' + '<use href="#a"/>' * 9_900),
        "<g>" * 600_000,
    ],
    ids=range(7),
)
def test_a_hostile_drawing_is_soon_looked_through(text: str) -> None:
    _is_soon_done(lambda: check_svg(text))


def _is_soon_done(check: Callable[[], object]) -> None:
    began = time.monotonic()
    check()
    assert time.monotonic() - began < SOON_S


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("a/*b*/c", "ac"),
        ("a/*b", "a/*b"),
        ("a/*/b*/c/**/", "ac"),
        ("a//b\nc", "a\nc"),
        ("a//b", "a"),
        ("https://b /*c*/", "https://b "),
        ("// a /* b\nc */ d", "\nc */ d"),
        ("/* // */a", "a"),
    ],
)
def test_comments_are_taken_out_of_a_script(text: str, left: str) -> None:
    assert without_comments(text, of_script=True) == left
