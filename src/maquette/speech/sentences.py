"""Where sentences end, in texts of many languages, and where a long one may be cut."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from maquette.speech.abbreviations import BEFORE_NUMBERS, NEVER_LAST

MOST_WEIGHT = 240  # of a sentence; a voice of its own memory loses its thread in longer ones
WIDE_WEIGHT = 3  # of a character of Chinese, Japanese or Korean, which is a syllable or two
LEAST_SHARE = 0.15  # of MOST_WEIGHT: no part of a long sentence is made shorter
WIDE = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff"
READ_OUT = "&%@#"  # of punctuation
OPEN = "\"'“‘«([{（「『《【¿¡"
_CLOSE = "\"'”’»)\\]}）」』》】"
# A sentence ends with these wherever they are, and with the others where a space follows.
_ANYWHERE = "。！？｡।॥؟۔։።"
_END = re.compile(f"[.!?…{_ANYWHERE}]+[{_CLOSE}]*")
_CLAUSE = re.compile(f"(?:[,;:–—][{_CLOSE}]*(?=\\s)|[，；：、—][{_CLOSE}]*)")
_SPACE = re.compile(r"\s+")
_INITIALS = re.compile(r"(?:[^\W\d_]\.)+")
_IS_WIDE = re.compile(f"[{WIDE}]")


@dataclass(frozen=True, slots=True)
class Cut:
    """Where a text is cut: at the end of a sentence, of a clause of a long one, or at a space."""

    at: int
    ends: bool = False
    clause: bool = False


def cuts(text: str, family: str) -> list[Cut]:
    """Where a text is cut into sentences, and these into parts of at most MOST_WEIGHT. The last cut
    is the end of the text.

    `family` is the language without its country, such as "en".
    """
    found: list[Cut] = []
    start = 0
    for end in [*_sentence_ends(text, family), len(text)]:
        if end > start:
            found += [Cut(start + one.at, clause=one.clause) for one in _parts(text[start:end])]
            found.append(Cut(end, ends=True))
            start = end
    return found


def can_be_said(text: str) -> bool:
    """Whether there is more in it than spaces and punctuation that is not read out."""
    return any(one in READ_OUT or unicodedata.category(one)[0] not in "PZC" for one in text)


def weight(text: str) -> int:
    """How long a text is to say, in letters."""
    return sum(_weights(text))


def _weights(text: str) -> Iterator[int]:
    return (WIDE_WEIGHT if _IS_WIDE.match(one) else 1 for one in text)


def _sentence_ends(text: str, family: str) -> Iterator[int]:
    cased = text != text.lower()  # someone who writes no capitals has none after a dot either
    start = 0
    for found in _END.finditer(text):
        mark = found[0]
        if any(one in _ANYWHERE for one in mark) or _ends(text, found, start, family, cased):
            yield found.end()
            start = found.end()


def _ends(text: str, found: re.Match[str], start: int, family: str, cased: bool) -> bool:
    """Whether a sentence ends with marks that do not always end one."""
    mark, after = found[0], text[found.end() :]
    follows = after.lstrip().lstrip(OPEN)[:1]
    if not follows:
        return True
    if not after[0].isspace():  # 3.14, example.com, and Chinese behind a Western mark
        return mark[0] in "!?" and _IS_WIDE.match(follows) is not None
    if cased and follows.islower() and (mark[0] in ".…" or len(mark.rstrip(_CLOSE)) < len(mark)):
        return False
    if mark[0] != "." or mark.startswith(".."):
        return True
    word = text[start : found.start() + 1].split()[-1].lstrip(OPEN)
    if word.lower() in NEVER_LAST.get(family, ()):
        return False
    if follows.isdecimal() and word.lower() in BEFORE_NUMBERS:
        return False
    if word[:-1].isdecimal():  # the number of a list's item, or a German ordinal
        return family != "de" and bool(text[start : found.start()].split()[:-1])
    return not (_INITIALS.fullmatch(word) and (len(word) > 2 or word[0].isupper()) and word != "I.")


def _parts(text: str) -> Iterator[Cut]:
    """Where a sentence that is too long is cut: at the comma that halves it best, else a space."""
    sums = [0, *accumulate(_weights(text))]  # of what is before each place
    clauses = [found.end() for found in _CLAUSE.finditer(text)]
    spaces = [found.end() for found in _SPACE.finditer(text)]
    start = 0
    while (left := sums[-1] - sums[start]) > MOST_WEIGHT:
        wanted = left / -(-left // MOST_WEIGHT)
        at = _nearest(clauses, sums, start, wanted)
        clause = at is not None
        if at is None:
            at = _nearest(spaces, sums, start, wanted)
        if at is None:
            at = start + 1
            while sums[at + 1] - sums[start] <= MOST_WEIGHT or unicodedata.combining(text[at]):
                at += 1
        yield Cut(at, clause=clause)
        start = at


def _nearest(places: Sequence[int], sums: Sequence[int], start: int, wanted: float) -> int | None:
    """The place after `start` that is nearest to a wanted weight, of those that may be."""
    fit = [
        at for at in places if LEAST_SHARE * MOST_WEIGHT <= sums[at] - sums[start] <= MOST_WEIGHT
    ]
    return min(fit, key=lambda at: abs(sums[at] - sums[start] - wanted), default=None)
