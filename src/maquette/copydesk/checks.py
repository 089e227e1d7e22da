"""What a text misses: of its template, of what was asked for, and of the brand's voice."""

import re
from bisect import bisect
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from maquette.copydesk.counting import count_characters, emoji_of, hashtags_of
from maquette.copydesk.naming import names_in, unnamed
from maquette.copydesk.reading import Reading, reading_of
from maquette.copydesk.template import Language, Limits
from maquette.copydesk.voice import Spelling, Style
from maquette.core.measures import (
    count_words,
    iter_places,
    language_of,
    places_of,
    repeated_phrases,
    sentences,
)
from maquette.core.text_requests import Bounds

SLACK = 0.2  # that "about so many words" leaves
REPEATED_WORDS = 4  # a sentence of more that comes twice was not meant
COPIED_WORDS = {"en": 12, "zh": 24}  # nor was a run of so many
PHRASE_WORDS = {"en": 4, "zh": 7}  # that are noticed when they come again
MOST_OF_A_KIND = 50  # findings of a text that has little else
TOO_LONG = 2.0  # times what a voice's sentences have
# What is said of each finding, in English and in Chinese.
LINES: Mapping[str, tuple[str, str]] = {
    "empty": ("There is nothing yet.", "还没有内容。"),
    "cut": ("It ends in the middle; there was no room for more.", "没有写完，余下的篇幅不够。"),
    "least_words": ("{n} words; at least {least} are asked for.", "{n}字，至少要{least}字。"),
    "most_words": ("{n} words; at most {most} are asked for.", "{n}字，最多{most}字。"),
    "most_characters": (
        "{n} characters; at most {most} fit.",
        "{n}个字符，最多{most}个。",
    ),
    "lines": ("{n} lines; it is to have {lines}.", "共{n}行，应为{lines}行。"),
    "title": (
        "The first line has {n} characters; at most {most} fit.",
        "首行有{n}个字符，最多{most}个。",
    ),
    "line": (
        "Line {at} has {n} characters; at most {most} fit.",
        "第{at}行有{n}个字符，最多{most}个。",
    ),
    "least_hashtags": ("{n} hashtags; at least {least}.", "{n}个话题标签，至少{least}个。"),
    "most_hashtags": ("{n} hashtags; at most {most}.", "{n}个话题标签，最多{most}个。"),
    "starts": ("No line begins with “{start}”.", "没有以“{start}”开头的行。"),
    "include": ("“{word}” is missing.", "缺少“{word}”。"),
    "name": ("“{word}” is not named.", "没有提到“{word}”。"),
    "banned": ("“{word}” is not to be used.", "不要用“{word}”。"),
    "not_en": ("This is not in English.", "这段不是英文。"),
    "not_zh": ("This is not in Chinese.", "这段不是中文。"),
    "glossary": ("Write “{right}” instead of “{wrong}”.", "“{wrong}”应写作“{right}”。"),
    "term": ("The name is written “{right}”.", "名称应写作“{right}”。"),
    "repetition": ("Something long is said twice.", "有一长段重复了。"),
    "phrase": ("“{phrase}” comes {n} times.", "“{phrase}”出现了{n}次。"),
    "grade": (
        "Hard to read: for school year {value}; shorter sentences and words help.",
        "英文较难读（约{value}年级），可用更短的句子和词。",
    ),
    "sentence_characters": (
        "Hard to read: {value} characters a sentence; shorter ones help.",
        "不易读：每句约{value}字，宜再短些。",
    ),
    "exclamation_marks": ("This voice has no exclamation marks.", "这个口吻不用感叹号。"),
    "emoji": ("This voice has no emoji.", "这个口吻不用表情符号。"),
    "long_sentence": (
        "A sentence of {n} words; this voice has about {usual}.",
        "这句有{n}字，这个口吻每句约{usual}字。",
    ),
}
# By check: what a text must meet. The others are advice.
DEMANDED = {
    *("empty", "cut", "length", "lines", "title", "hashtags", "starts"),
    *("name", "include", "banned", "language", "repetition"),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a text misses: the check, what is said of it by language, whether the text
    must meet it, and where in the text that is, in characters, if it has a place.
    """

    check: str
    line: Mapping[str, str]
    demanded: bool
    start: int | None = None
    end: int | None = None


@dataclass(frozen=True, slots=True)
class Demands:
    """What a text has to meet."""

    limits: Limits = field(default_factory=Limits)
    language: Language | None = None
    length: tuple[int | None, int] | None = None  # least and most words; both alike, about
    include: Sequence[str] = ()
    banned: Sequence[str] = ()
    glossary: Sequence[Spelling] = ()
    terms: Sequence[str] = ()
    style: Style = field(default_factory=Style)
    may_repeat: bool = False  # what the text that it is made of does
    named: Sequence[str] = ()  # what was filled in that has a name: "Alder, a kettle"

    @property
    def words(self) -> tuple[int | None, int | None]:
        """How many words it has at least and at most; what is asked for here goes before what is
        usual.
        """
        if self.length is None:
            return self.limits.least_words, self.limits.most_words
        least, most = self.length
        slack = round(most * SLACK) if least == most else 0
        return (least or 0) - slack, most + slack

    def bounds(self) -> Bounds:
        """What a text can be held to while it is written."""
        least, most = self.words
        include = [*self.include, *names_in(self.named, self.language)]
        if self.may_repeat:
            return Bounds(least, most, include)
        run_words = COPIED_WORDS[self.language or "en"]
        return Bounds(least, most, include, run_words, REPEATED_WORDS, self.language)


@dataclass(frozen=True, slots=True)
class Figures:
    """What is counted of a text, whatever is asked of it."""

    words: int
    characters: int  # as its network counts them
    most_characters: int | None
    sentences: int
    language: str
    reading: Reading | None


def check(text: str, demands: Demands, cut: bool = False) -> list[Finding]:
    """All that a text misses, what it must meet first, and that in the order of the text; `cut`
    where who wrote it had no room to end it.
    """
    if not text.strip():
        return [_finding("empty", "empty")]
    kinds = (
        iter([_finding("cut", "cut")] if cut else []),
        _length(text, demands),
        _layout(text, demands),
        _wording(text, demands),
        _banned(text, demands),
        _spelling(text, demands),
        _repetition(text, demands.may_repeat),
        _manner(text, demands.style),
    )
    found = [one for kind in kinds for one in islice(kind, MOST_OF_A_KIND)]
    return sorted(found, key=lambda one: (not one.demanded, one.start is not None, one.start or 0))


def missed(text: str, demands: Demands, cut: bool = False) -> list[str]:
    """The names of the checks that a text must meet and does not, each once."""
    return list(dict.fromkeys(one.check for one in check(text, demands, cut) if one.demanded))


def figures(text: str, limits: Limits) -> Figures:
    """What is counted."""
    return Figures(
        count_words(text),
        count_characters(text.strip(), limits.counted),
        limits.most_characters,
        len(sentences(text)),
        language_of(text),
        reading_of(text),
    )


def _finding(name: str, line: str, place: tuple[int, int] | None = None, **given: Any) -> Finding:
    english, chinese = (one.format(**given) for one in LINES[line])
    said = {"en": english, "zh": chinese}
    start, end = place or (None, None)
    return Finding(name, said, name in DEMANDED, start, end)


def _length(text: str, demands: Demands) -> Iterator[Finding]:
    limits, words = demands.limits, count_words(text)
    least, most = demands.words
    if least is not None and words < least:
        yield _finding("length", "least_words", n=words, least=least)
    if most is not None and words > most:
        yield _finding("length", "most_words", n=words, most=most)
    characters = count_characters(text.strip(), limits.counted)
    if limits.most_characters is not None and characters > limits.most_characters:
        yield _finding("length", "most_characters", n=characters, most=limits.most_characters)


def _layout(text: str, demands: Demands) -> Iterator[Finding]:
    limits = demands.limits
    lines = [one for one in re.finditer(r"[^\n]+", text) if one.group().strip()]
    if limits.lines is not None and len(lines) != limits.lines:
        yield _finding("lines", "lines", n=len(lines), lines=limits.lines)
    most = limits.most_title_characters
    title = count_characters(lines[0].group().strip(), limits.counted)
    if most is not None and title > most:
        yield _finding("title", "title", lines[0].span(), n=title, most=most)
    each = limits.most_line_characters
    for number, line in enumerate(lines):
        most = each[0] if len(each) == 1 else each[number] if number < len(each) else None
        size = count_characters(line.group().strip(), limits.counted)
        if most is not None and size > most:
            yield _finding("length", "line", line.span(), at=number + 1, n=size, most=most)
    if limits.hashtags is not None:
        least, most = limits.hashtags
        tags = len(hashtags_of(text))
        if tags < least:
            yield _finding("hashtags", "least_hashtags", n=tags, least=least)
        if tags > most:
            yield _finding("hashtags", "most_hashtags", n=tags, most=most)
    for start in limits.starts:
        wanted = start if isinstance(start, str) else start[demands.language == "zh"]
        if not any(line.group().strip().startswith(wanted) for line in lines):
            yield _finding("starts", "starts", start=wanted)


def _wording(text: str, demands: Demands) -> Iterator[Finding]:
    if demands.language is not None and language_of(text) != demands.language:
        yield _finding("language", f"not_{demands.language}")
    for name in unnamed(demands.named, text, demands.language):
        yield _finding("name", "name", word=name)
    for word in demands.include:
        if next(iter_places(word, text), None) is None:
            yield _finding("include", "include", word=word)


def _banned(text: str, demands: Demands) -> Iterator[Finding]:
    for word in dict.fromkeys(demands.banned):
        for place in iter_places(word, text):
            yield _finding("banned", "banned", place, word=text[slice(*place)])


def _spelling(text: str, demands: Demands) -> Iterator[Finding]:
    for one in demands.glossary:
        right = None
        for start, end in iter_places(one.wrong, text):
            if right is None:
                right = [it for it in iter_places(one.right, text) if text[slice(*it)] == one.right]
            if text[start:end] != one.right and not _within(right, start):
                yield _finding(
                    "glossary", "glossary", (start, end), right=one.right, wrong=text[start:end]
                )
    for term in demands.terms:
        for start, end in iter_places(term, text):
            if text[start:end] != term:
                yield _finding("glossary", "term", (start, end), right=term)


def _repetition(text: str, may_repeat: bool) -> Iterator[Finding]:
    language, said = language_of(text), sentences(text)
    long = [one for one in said if count_words(one) > REPEATED_WORDS]
    seen: set[str] = set()
    twice = next((one for one in long if one in seen or seen.add(one)), None)
    if not may_repeat and (twice is not None or repeated_phrases(text, COPIED_WORDS[language])):
        at = -1 if twice is None else text.rfind(twice)
        yield _finding("repetition", "repetition", (at, at + len(twice or "")) if at >= 0 else None)
    last = 0
    for phrase in repeated_phrases(text, PHRASE_WORDS[language])[:MOST_OF_A_KIND]:
        places = places_of(phrase, text)
        if len(places) > 1 and places[1][0] >= last:  # of a longer run its beginning is enough
            last = places[1][1]
            yield _finding("phrases", "phrase", places[1], phrase=phrase, n=len(places))


def _manner(text: str, style: Style) -> Iterator[Finding]:
    reading = reading_of(text)
    if reading is not None and reading.hard:
        yield _finding("reading", reading.measure, value=f"{reading.value:g}")
    if style.exclamation_marks is False:
        for mark in re.finditer("[!！]+", text):
            yield _finding("style", "exclamation_marks", mark.span())
    if style.emoji is False:
        for one in dict.fromkeys(emoji_of(text)):
            at = text.find(one)
            yield _finding("style", "emoji", (at, at + len(one)))
    if style.sentence_words is not None:
        most = TOO_LONG * style.sentence_words + 5
        long = [one for one in sentences(text) if count_words(one) > most]
        for sentence in long[:MOST_OF_A_KIND]:
            words, at = count_words(sentence), text.find(sentence)
            if at >= 0:
                place = (at, at + len(sentence))
                usual = style.sentence_words
                yield _finding("style", "long_sentence", place, n=words, usual=usual)


def _within(right: Sequence[tuple[int, int]], at: int) -> bool:
    """Whether what is written wrong is but a part of what is written right there; those places are
    in the order of the text.
    """
    after = bisect(right, (at, len(right) and right[-1][1]))
    return after > 0 and at < right[after - 1][1]
