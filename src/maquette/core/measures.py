"""How long a text is, what it repeats, and in which language: in English or in Chinese."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence

_CHINESE = re.compile(r"[㐀-䶿一-鿿豈-﫿]")
WORD = re.compile(f"{_CHINESE.pattern}|[^\\W㐀-䶿一-鿿豈-﫿]+(?:['’.,:-][^\\W㐀-䶿一-鿿豈-﫿]+)*")
SENTENCE = re.compile(r"[^.!?。！？\n]+[.!?。！？…]*[”\"’)）]*")
_ENDS = ".!?。！？…”\"'’)） "
# What may stand between the words of a phrase; a part of it that is nothing else is no word.
_BETWEEN = r"[\s,;:.!?“”\"'’]"
_NO_WORD = re.compile(f"{_BETWEEN}+")


def words_of(text: str) -> list[str]:
    """The words of a text; each Chinese character is one."""
    return WORD.findall(text)


def language_of(text: str) -> str:
    """ "zh" where at least a third of its words are Chinese characters, else "en"."""
    units = words_of(text)
    chinese = sum(1 for unit in units if _CHINESE.match(unit))
    return "zh" if units and chinese * 3 >= len(units) else "en"


def count_words(text: str) -> int:
    """The words of a text; a Chinese character counts as one, as Chinese word counts have it."""
    return len(words_of(text))


def sentences(text: str) -> list[str]:
    """The sentences of a text, a line's end ending one, too."""
    found = (one.strip() for one in SENTENCE.findall(text))
    return [one for one in found if WORD.search(one)]


def without_end(sentence: str) -> str:
    """A sentence without what ends it, so that "It rains!" is "It rains"."""
    return sentence.strip().rstrip(_ENDS)


def repeated_phrases(text: str, words: int = 4) -> Sequence[str]:
    """The runs of so many words that come more than once, each once, in order."""
    units = [unit.lower() for unit in words_of(text)]
    joint = "" if language_of(text) == "zh" else " "
    runs = [joint.join(units[i : i + words]) for i in range(len(units) - words + 1)]
    return [run for run, times in Counter(runs).items() if times > 1]


def places_of(word: str, text: str) -> list[tuple[int, int]]:
    """Where a word or phrase is in a text, whatever its case: of Latin letters whole words, not
    parts of longer ones; whatever stands between its words there.
    """
    return list(iter_places(word, text))


def iter_places(word: str, text: str) -> Iterator[tuple[int, int]]:
    """The same, one by one."""
    parts = [one for one in word.split() if not _NO_WORD.fullmatch(one)]
    between = f"{_BETWEEN}+" if parts else r"\s+"
    parts = parts or word.split()
    lowered = text.lower()
    if not parts or not all(one.lower() in lowered for one in parts):
        return  # which is told sooner than by the pattern
    before = r"(?<![A-Za-z0-9])" if re.match(r"[A-Za-z0-9]", parts[0]) else ""
    after = r"(?![A-Za-z0-9])" if re.search(r"[A-Za-z0-9]$", parts[-1]) else ""
    pattern = before + between.join(re.escape(one) for one in parts) + after
    for one in re.finditer(pattern, text, re.IGNORECASE):
        yield one.span()
