"""A drawing is refused that names its parts so often that none can draw it."""

import pytest

from maquette.engines.svg_check import check_svg

NS = 'xmlns="http://www.w3.org/2000/svg"'
RECT = '<rect width="4" height="4"/>'


def _svg(inside: str) -> str:
    return f'<svg {NS} viewBox="0 0 9 9">{inside}</svg>'


def _nested(kind: str, attribute: str, deep: int, wide: int, last: str = "0") -> str:
    """Each of `deep` things is drawn with the next one, `wide` times."""
    parts = [
        f'<{kind} id="n{n}">'
        + f'<path d="M0 0" {attribute}="url(#n{n + 1})"/>' * wide
        + f"</{kind}>"
        for n in range(deep)
    ]
    return f'{"".join(parts)}<{kind} id="n{deep}">{RECT}</{kind}>{_shape(attribute, last)}'


def _shape(attribute: str, name: str) -> str:
    return f'<path d="M0 0h9" {attribute}="url(#n{name})"/>'


@pytest.mark.parametrize(
    "inside",
    [
        '<g id="a"><path d="M0 0h9"/></g>' + '<use href="#a"/>' * 5_000,
        f'<pattern id="n0">{RECT}</pattern>' + _shape("fill", "0") * 5_000,
        _nested("pattern", "fill", 2, 10),
        '<linearGradient id="n0"><stop/></linearGradient>' + _shape("fill", "0") * 15_000,
        f'<filter id="n0"><feGaussianBlur stdDeviation="3"/></filter>{_shape("filter", "0")}',
        '<filter id="a"><feTurbulence numOctaves="3"/><feMorphology radius="2 3"/></filter>' + RECT,
        f'<style>.a {{ filter: url(#f) }}</style><filter id="f"><feFlood/></filter>{RECT}',
    ],
    ids=range(7),
)
def test_what_can_be_drawn_passes(inside: str) -> None:
    assert check_svg(_svg(inside))[1] == ""


@pytest.mark.parametrize(
    ("inside", "fault"),
    [
        (f'<g id="a">{RECT * 9_000}</g>' + '<use href="#a"/>' * 9_000, "too much to draw"),
        (_nested("pattern", "fill", 5, 40), "too much to draw"),
        (_nested("mask", "mask", 5, 40), "too much to draw"),
        (_nested("clipPath", "clip-path", 5, 40), "too much to draw"),
        (_nested("pattern", "fill", 9, 2), "more than 6 deep"),
        (f'<pattern id="n0">{_shape("fill", "0")}</pattern>{_shape("fill", "0")}', "6 deep"),
        (f'<pattern id="n0">{_shape("fill", "%30")}</pattern>', "6 deep"),
        (
            f'<marker id="n0">{RECT * 5_000}</marker>'
            f'<g marker-mid="url(#n0)"><path d="{"h1v1" * 5_000}"/></g>',
            "too much to draw",
        ),
        (
            f'<pattern id="n0">{RECT * 1_000}</pattern><g fill="url(#n0)">{RECT * 1_000}</g>',
            "too much to draw",
        ),
        (
            f'<pattern id="n0">{RECT}</pattern><g fill="url(#n0)"><pattern id="n1"/>{RECT}</g>',
            "may not hold one",
        ),
        (f'<style>path {{ fill: url(#n0) }}</style><pattern id="n0">{RECT}</pattern>', "alone"),
        (
            f"<style>* {{ filter: url(#f) }}</style><filter id='f'>{'<feFlood/>' * 99}</filter>"
            + RECT * 100,
            "too much to draw",
        ),
        ('<filter><feTurbulence numOctaves="99"/></filter>' + RECT, "between 0 and 10"),
        ('<filter><feTurbulence numOctaves="x"/></filter>' + RECT, "between 0 and 10"),
        ('<filter><feMorphology radius="1 1e9"/></filter>' + RECT, "between 0 and 50"),
        ('<filter><feMorphology radius="nan"/></filter>' + RECT, "between 0 and 50"),
        (
            '<filter><feTurbulence><animate attributeName="numOctaves" to="999"/></feTurbulence>'
            f"</filter>{RECT}",
            "may not be animated",
        ),
    ],
    ids=range(17),
)
def test_what_never_ends_is_named(inside: str, fault: str) -> None:
    assert fault in check_svg(_svg(inside))[1]
