"""Whether a text says the name of what it is about, as people write names into a form.

"Alder, a kettle" has the name Alder; "a blue enamel mug" has none, and is named by a word of it.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

_CHINESE = "㐀-䶿一-鿿豈-﫿"
_WORD = re.compile(f"[{_CHINESE}]|[^\\W_{_CHINESE}]+")
_WHOSE = re.compile(r"['’]s?(?!\w)")
_HIGH = re.compile(r"\W*[^\Wa-z_]|\w[A-Z]")  # how a word of a name begins: A, 7, iP
# A name stands before these; what follows says what it is.
_ENDS = re.compile(r",(?!\d)|[，、;；(（|｜]")
_QUOTED = re.compile(r"[“\"「『《]([^”\"」』》]+)[”\"」』》]")
_CALLED = re.compile(r"(?:\b(?:called|named)\s|名叫|名为|叫做)(.+)")
MOST_NAME_CHARACTERS = 8  # of a Chinese name after which it is said what that is
MOST_BARE_CHARACTERS = 3  # and of one that stands alone, for more may be a description
_PARTICLES = frozenset("的了是在和与一这那把只个")  # which tell nothing in a description
_LITTLE = {
    *("all", "every", "for", "from", "new", "now", "old", "our", "that", "this", "with", "your"),
}
_JOINTS = {"&", "and", "de", "for", "in", "of", "on", "the"}  # which names have in small letters
_NO_WORDS = {"a", "an", "and", "the"}  # which a name is said with or without


@dataclass(frozen=True, slots=True)
class Name:
    """What a text is to say: these words in this order; where it is a description, one of them, or
    of Chinese characters two that stand side by side there.
    """

    shown: str
    words: Sequence[str]
    is_description: bool = False

    @property
    def is_chinese(self) -> bool:
        """Whether it has Chinese characters."""
        return bool(re.search(f"[{_CHINESE}]", self.shown))


def unnamed(given: Sequence[str], text: str, language: str | None = None) -> list[str]:
    """Those of the names that were filled in that a text does not say, as they are shown; none that
    no one can know in the language of the text.
    """
    names = [name for one in given if (name := name_of(one)) and _is_of(name, language)]
    if not names:
        return []
    said = _words(text)
    return list(dict.fromkeys(one.shown for one in names if not _says(said, one)))


def names_in(given: Sequence[str], language: str | None = None) -> list[str]:
    """The names themselves, but for what is only described."""
    names = [name for one in given if (name := name_of(one)) and _is_of(name, language)]
    return list(dict.fromkeys(one.shown for one in names if not one.is_description))


def name_of(given: str) -> Name | None:
    """The name in what was filled in, else a description; None where there are no words."""
    given = " ".join(unicodedata.normalize("NFC", given).split()).rstrip(".。!！")
    if quoted := _QUOTED.search(given):
        shown, is_told = quoted[1], True
    else:
        called = _CALLED.search(given)
        shown = _ENDS.split(called[1].strip() if called else given, maxsplit=1)[0].strip()
        is_told = shown != given
    words = _words(shown)
    if not words:
        return None
    name = Name(shown, words)
    return _chinese(name, is_told) if name.is_chinese else _latin(name)


def _is_of(name: Name, language: str | None) -> bool:
    """Whether a text in this language says it as it was filled in: what has Chinese characters is
    called otherwise in English, and in Chinese only names are kept in Latin letters.
    """
    if name.is_chinese:
        return language != "en"
    return language != "zh" or not name.is_description


def _words(text: str) -> list[str]:
    """Words as names have them, in small letters; each Chinese character is one."""
    text = _WHOSE.sub(" ", unicodedata.normalize("NFC", text).casefold())
    return [one for one in _WORD.findall(text) if one not in _NO_WORDS]


def _says(said: Sequence[str], name: Name) -> bool:
    """Whether it is said: its last word in the plural, too, or all joined, as hashtags have it."""
    words = name.words
    if name.is_description and not name.is_chinese:
        return not {*map(_stem, words)}.isdisjoint(map(_stem, said))
    if name.is_description:
        pairs = {*pairwise(words)}
        telling = {one for one in pairs if not _PARTICLES & {*one}} or pairs
        return not telling.isdisjoint(pairwise(said))
    *first, last = words
    ends = (n for n, one in enumerate(said) if one == last or _stem(one) == _stem(last))
    before = len(first)
    return "".join(words) in said or any([*said[max(0, n - before) : n]] == first for n in ends)


def _stem(word: str) -> str:
    """A word without the ending of a plural or a verb."""
    for ending, instead in (("ies", "y"), ("ing", ""), ("ed", "")):
        if word.endswith(ending) and len(word) > len(ending) + 2:
            return word.removesuffix(ending) + instead
    if re.search(r"(s|x|z|ch|sh)es$", word):
        return word[:-2]
    return word[:-1] if len(word) > 3 and re.search(r"[^s]s$", word) else word


def _latin(name: Name) -> Name:
    """A name where all words begin with capitals or digits, but for those that join them."""
    parts = [one for one in name.shown.split() if one.lower() not in _JOINTS]
    if all(map(_HIGH.match, parts)):
        return name
    telling = [one for one in name.words if len(one) > 2 and one not in _LITTLE]
    return Name(name.shown, telling or name.words, is_description=True)


def _chinese(name: Name, is_told: bool) -> Name:
    is_told = is_told and "的" not in name.words
    most = MOST_NAME_CHARACTERS if is_told else MOST_BARE_CHARACTERS
    return Name(name.shown, name.words, is_description=len(name.words) > most)
