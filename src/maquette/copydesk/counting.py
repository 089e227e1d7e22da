"""How long a text is to those who will show it: each network counts characters in its own way."""

import re
import unicodedata

from maquette.copydesk.template import Counted

LINK_CHARACTERS = 23  # of any link, to X and Mastodon
# A name of more or longer parts is none; without these limits what is none takes very long to tell.
LINK = re.compile(
    r"https?://[^\s，。；！？、）】]+|\b(?:[a-z0-9-]{1,63}\.){1,10}(?:com|org|net|io|co|cn|app|dev|example)"
    r"(?:/[^\s，。；！？、）】]*)?",
    re.IGNORECASE,
)
HASHTAG = re.compile(r"#[^\s#]+#?")
_HEADING = re.compile(r"(?m)^#+ ")
# What X weighs as one character: https://docs.x.com/fundamentals/counting-characters
_LIGHT = ((0x0, 0x10FF), (0x2000, 0x200D), (0x2010, 0x201F), (0x2032, 0x2037))
_EMOJI = re.compile(
    "[\U0001f1e6-\U0001f1ff]{2}"
    "|[\u2600-\u27bf\U0001f000-\U0001faff][\ufe0f\U0001f3fb-\U0001f3ff]?"
    "(?:\u200d[\u2600-\u27bf\U0001f000-\U0001faff][\ufe0f\U0001f3fb-\U0001f3ff]?)*"
)


def count_characters(text: str, counted: Counted = "plain") -> int:
    """The characters of a text as they are counted there: by Unicode; by X, where Chinese ones
    and emoji are two and a link is 23; by Mastodon, where a link is 23; by Google, where what is
    wide is two.
    """
    match counted:
        case "plain":
            return len(text)
        case "google":
            return sum(2 if unicodedata.east_asian_width(one) in "WF" else 1 for one in text)
        case "mastodon":
            return len(LINK.sub("x" * LINK_CHARACTERS, text))
        case "x":
            text = unicodedata.normalize("NFC", text)
            text = _EMOJI.sub("中", LINK.sub("x" * LINK_CHARACTERS, text))
            return sum(_weight(one) for one in text)


def hashtags_of(text: str) -> list[str]:
    """The hashtags of a text, 微博's with a sign at both ends too; no headings of Markdown."""
    return HASHTAG.findall(_HEADING.sub("", text))


def emoji_of(text: str) -> list[str]:
    """The emoji of a text."""
    return _EMOJI.findall(text)


def _weight(character: str) -> int:
    return 1 if any(low <= ord(character) <= high for low, high in _LIGHT) else 2
