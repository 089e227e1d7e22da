"""Reads the part of SSML 1.1 that is spoken here (https://www.w3.org/TR/speech-synthesis11/)."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from xml.etree.ElementTree import ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from maquette.core.errors import InvalidRequest, did_you_mean
from maquette.speech.prosody import (
    break_ms,
    with_emphasis,
    with_pitch,
    with_rate,
    with_volume,
)
from maquette.speech.say_as import say_as
from maquette.speech.script import Delivery, Piece

NAMESPACE = "{http://www.w3.org/2001/10/synthesis}"
OF_XML = "{http://www.w3.org/XML/1998/namespace}"
LANGUAGE = "xml:lang"
MOST_DEPTH = 32
# Of an attribute's value; that of `alias` is said, and may be as long as the text.
MOST_VALUE_CHARACTERS, MOST_NAME_CHARACTERS = 40, 100
# The tags, and the attributes that they may have.
TAGS: Mapping[str, tuple[str, ...]] = {
    "speak": ("version", LANGUAGE),
    "p": (LANGUAGE,),
    "s": (LANGUAGE,),
    "lang": (LANGUAGE,),
    "voice": ("name", LANGUAGE),
    "prosody": ("rate", "pitch", "volume"),
    "emphasis": ("level",),
    "break": ("time", "strength"),
    "sub": ("alias",),
    "say-as": ("interpret-as", "format"),
}
HOLD_TEXT_ALONE = {"sub", "say-as", "break"}
_BEGINS = re.compile(r"\s*(<\?xml\b|<speak[\s/>])")
_CHANGES: Mapping[str, Callable[[Delivery, str], Delivery]] = {
    "rate": with_rate,
    "pitch": with_pitch,
    "volume": with_volume,
}


@dataclass(frozen=True, slots=True)
class Break:
    """It is silent for so long."""

    pause_ms: int


@dataclass(frozen=True, slots=True)
class Border:
    """No sentence goes on beyond it."""

    paragraph: bool


Item = Piece | Break | Border


def is_ssml(text: str) -> bool:
    """Whether a text is to be read as SSML."""
    return _BEGINS.match(text) is not None


def as_ssml(text: str) -> str:
    """A text that is SSML, with the <speak> around it where that was left out."""
    return text if is_ssml(text) or not text.strip() else f"<speak>{text}</speak>"


def read_ssml(text: str, base: Delivery) -> list[Item]:
    """The pieces of a text and what is between them; `base` is how it is delivered where the text
    does not say.

    Raises InvalidRequest naming the line, what is wrong in it, and the remedy.
    """
    reader = _Reader(base)
    parser: Any = DefusedXMLParser(target=reader, forbid_dtd=True)
    try:
        parser.feed(text)
        parser.close()
    except DefusedXmlException:
        raise InvalidRequest(
            "the SSML has a DOCTYPE or an entity of its own, which are not read; remove it"
        ) from None
    except ParseError as error:
        raise InvalidRequest(
            f"the SSML is not whole: {error}; write & as &amp;, < as &lt;, and end each tag"
        ) from None
    except InvalidRequest as error:
        line = parser.parser.CurrentLineNumber
        raise InvalidRequest(f"line {line} of the SSML: {error.message}") from None
    return reader.items


@dataclass(slots=True)
class _Open:
    """A tag that has not ended yet; the text in it waits where it is not said as it is written."""

    tag: str
    delivery: Delivery
    attributes: Mapping[str, str]
    text: list[str] = field(default_factory=list[str])


class _Reader:
    """What the parser tells of tags and texts."""

    def __init__(self, base: Delivery) -> None:
        self._base = base
        self._open: list[_Open] = []
        self.items: list[Item] = []

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        tag = _named(tag)
        given = {_named(name): text.strip() for name, text in attributes.items()}
        _check(tag, given)
        if (tag == "speak") != (not self._open):
            raise InvalidRequest("<speak> is around all of it, once; put the rest inside")
        if len(self._open) >= MOST_DEPTH:
            raise InvalidRequest(f"tags are in one another {MOST_DEPTH} times; at most so often")
        if self._open and self._open[-1].tag in HOLD_TEXT_ALONE:
            raise InvalidRequest(f"<{self._open[-1].tag}> may hold no <{tag}>; put it outside")
        around = self._open[-1].delivery if self._open else self._base
        self._open.append(_Open(tag, _changed(around, tag, given), given))
        if tag in ("p", "s"):
            self.items.append(Border(tag == "p"))

    def data(self, text: str) -> None:
        inside = self._open[-1]
        if inside.tag in HOLD_TEXT_ALONE:
            inside.text.append(text)
        else:
            self._add(Piece(text, text, inside.delivery))

    def end(self, tag: str) -> None:
        ended = self._open.pop()
        shown = " ".join("".join(ended.text).split())
        match ended.tag:
            case "p" | "s":
                self.items.append(Border(ended.tag == "p"))
            case "break":
                if shown:
                    raise InvalidRequest("<break> holds no text; write it as <break/>")
                given = ended.attributes
                self.items.append(Break(break_ms(given.get("strength"), given.get("time"))))
            case "sub" if shown:
                self._add(Piece(shown, ended.attributes["alias"], ended.delivery))
            case "say-as" if shown:
                kind, form = ended.attributes["interpret-as"], ended.attributes.get("format")
                said = say_as(shown, kind, form, ended.delivery.language)
                self._add(Piece(shown, said, ended.delivery))
            case _:
                pass

    def close(self) -> None:
        """Nothing is built beside the items."""

    def _add(self, piece: Piece) -> None:
        last = self.items[-1] if self.items else None
        alike = isinstance(last, Piece) and last.delivery == piece.delivery
        if isinstance(last, Piece) and alike and not (last.whole or piece.whole):
            text = last.shown + piece.shown  # which the parser gave in several parts
            self.items[-1] = Piece(text, text, piece.delivery)
        else:
            self.items.append(piece)


def _named(name: str) -> str:
    """The name without SSML's namespace, and with XML's as it is written."""
    return name.removeprefix(NAMESPACE).replace(OF_XML, "xml:")


def _check(tag: str, given: Mapping[str, str]) -> None:
    if tag not in TAGS:
        hint = did_you_mean(tag, TAGS)
        raise InvalidRequest(f"<{tag}> is not spoken here, so remove it; {hint}")
    for name in given:
        if name not in TAGS[tag]:
            hint = did_you_mean(name, TAGS[tag])
            raise InvalidRequest(f"<{tag}> has no {name!r} here, so remove it; {hint}")
    for name, text in given.items():
        most = MOST_NAME_CHARACTERS if name == "name" else MOST_VALUE_CHARACTERS
        if name != "alias" and len(text) > most:
            raise InvalidRequest(
                f"the {name} {text[:20]!a}… has {len(text)} characters; at most {most}"
            )
    needed = {"sub": "alias", "say-as": "interpret-as", "lang": LANGUAGE}.get(tag)
    if needed and not given.get(needed):
        raise InvalidRequest(f'<{tag}> needs its {needed}; write it as <{tag} {needed}="…">')


def _changed(delivery: Delivery, tag: str, given: Mapping[str, str]) -> Delivery:
    """How it is delivered inside of a tag."""
    if language := given.get(LANGUAGE):
        delivery = replace(delivery, language=language)
    match tag:
        case "voice" if voice := given.get("name"):
            return replace(delivery, voice=voice)
        case "emphasis":
            return with_emphasis(delivery, given.get("level", "moderate"))
        case "prosody":
            for name, text in given.items():
                delivery = _CHANGES[name](delivery, text)
    return delivery
