"""A first draft of a brand's voice, from texts of its own and without any model."""

import json
import re
from collections import Counter
from collections.abc import Sequence
from functools import cache
from itertools import dropwhile
from pathlib import Path

from maquette.copydesk.counting import LINK, emoji_of, hashtags_of
from maquette.copydesk.template import Language
from maquette.copydesk.voice import Person, Style, Voice
from maquette.core.errors import InvalidRequest
from maquette.core.measures import count_words, language_of, places_of, sentences, words_of
from maquette.core.tones import ToneJudge

MOST_CHARACTERS = 50_000
LEAST_WORDS = 20  # fewer tell nothing of a voice
MOST_LOOKED_AT = 300  # names, and runs of characters, the most frequent
MOST_LINE, MOST_NAME = 400, 60
MOST_FACTS, MOST_TERMS, MOST_EXAMPLES = 12, 12, 3
SURE = 0.5  # of a tone, to be named
EXAMPLE_WORDS = (15, 120)
_NAME = re.compile(r"\b[A-Z][\w’'-]*(?:(?: (?:& |and )?|-)[A-Z][\w’'-]*)*")
_QUOTED = re.compile(r"[「“《]([㐀-鿿A-Za-z0-9]{2,10})[」”》]")
# Words that a sentence often begins with, and days and months: with a capital, but no names.
_BEGINNERS = """
    a an and as at but by come each every find for from get give go have he her here his how i if in
    is it its just let like look made make more most my need no not now of on one or our please she
    so that the their there these they this those to try two until us we welcome what when where
    which while who why with you your monday tuesday wednesday thursday friday saturday sunday
    january february march april may june july august september october november december subject
    dear hello hi thank thanks good great new all after before because since then than order
"""
_NO_NAMES = frozenset(_BEGINNERS.split())
_PERSONS: dict[Person, tuple[str, str]] = {
    "we": (r"\b(?:we|our|ours|us|we’re|we're)\b", "我们|咱们|本店|小店"),
    "I": (r"\b(?:i|my|mine|me|i’m|i'm)\b", "(?<!自)我(?!们)"),
    "you": (r"\b(?:you|your|yours|you’re|you're)\b", "你|您"),
}
_TRUE = re.compile(
    r"\b(?:made|founded|since|born|based|baked|woven|built|grown|weigh\w*|lasts?|holds?|runs?|"
    r"comes? from|is|are|has|have|boils?|makes?)\b|\d|[㐀-鿿]",
    re.IGNORECASE,
)
_NUMBER = re.compile(
    "\\d|[一二三四五六七八九十百千两]{2,}|[一二三四五六七八九十百千两][分秒年天小层种道克升]"
)


def learn(text: str) -> Voice:
    """The voice that these texts have, for a person to go over: their brand, names, facts, tone,
    examples, how long their sentences are and whom they are about.

    Raises InvalidRequest where they are too short or too long to tell.
    """
    if len(text) > MOST_CHARACTERS:
        raise InvalidRequest(
            f"{len(text)} characters are too many to learn from; paste at most {MOST_CHARACTERS}"
        )
    if (words := count_words(text)) < LEAST_WORDS:
        raise InvalidRequest(
            f"{words} words are too few to learn from; paste at least {LEAST_WORDS}"
        )
    language: Language = "zh" if language_of(text) == "zh" else "en"
    terms = _terms(text, language)
    brand = max(terms, key=lambda one: _brand_score(one, text), default="")
    return Voice(
        brand=brand,
        facts=_facts(text, brand, language),
        tones=_tones(text),
        terms=terms,
        examples=_examples(text),
        languages=_languages(text),
        style=_style(text, language),
    )


@cache
def tone_judge() -> ToneJudge:
    """What words tell of tones; counted by `recipes/tones.py`."""
    counts = json.loads(Path(__file__).with_name("tones.json").read_text(encoding="utf-8"))
    return ToneJudge(counts)


def _tones(text: str) -> Sequence[str]:
    """The likeliest tone, by the share of paragraphs that have it."""
    shares: Counter[str] = Counter()
    parts = [one for one in text.split("\n") if count_words(one) >= 4] or [text]
    for part in parts:
        for tone, share in tone_judge().shares(part).items():
            shares[tone] += share / len(parts)  # type: ignore[assignment]
    tone, share = shares.most_common(1)[0]
    return [tone] if share >= SURE else []


def _terms(text: str, language: Language) -> list[str]:
    """Names that come more than once, the most frequent first."""
    plain = LINK.sub(" ", text)
    found = Counter(_QUOTED.findall(plain)) if language == "zh" else Counter[str]()
    begins = {one.split()[0] for one in sentences(plain) if one.split()}
    for name in _NAME.findall(plain):
        parts = dropwhile(lambda one: one.lower().strip("’'s") in _NO_NAMES, name.split())
        name = " ".join(parts)
        if not 2 <= len(name) <= MOST_NAME:
            continue
        found[name.removesuffix("’s").removesuffix("'s")] += 1
    for tag in hashtags_of(text):
        found[tag.strip("#")[:MOST_NAME]] += 0
    kept = {
        name: times
        for name, times in found.most_common(MOST_LOOKED_AT)
        if len(places_of(name, plain)) > 1 and (name not in begins or _within_sentence(name, plain))
    }
    if language == "zh":
        for run, times in _runs(plain).most_common(MOST_LOOKED_AT):
            kept.setdefault(run, times)
    ordered = sorted(kept, key=lambda one: (-len(places_of(one, plain)), -len(one), one))
    return _without_parts(ordered)[:MOST_TERMS]


def _brand_score(name: str, text: str) -> float:
    """How likely a name is the brand's: by how often it comes, less where it is a place's, and by
    whether it is told whose "we" it is.
    """
    places = places_of(name, text)
    before = [text[max(0, start - 12) : start] for start, _ in places]
    where = sum(bool(re.search(r"\b(?:in|from|near|to|of)\s$|[在去到]$", one)) for one in before)
    whose = sum(bool(re.search(r"\b(?:at|by|with|about)\s$", one, re.IGNORECASE)) for one in before)
    return len(places) - 2 * where + whose - places[0][0] / len(text)


def _within_sentence(name: str, text: str) -> bool:
    """Whether a word with a capital has it where no sentence begins, too."""
    return any(
        text[start:end] == name and re.search(r"[a-z,;]\s$", text[max(0, start - 2) : start])
        for start, end in places_of(name, text)
    )


def _runs(text: str) -> Counter[str]:
    """Runs of two to four Chinese characters that come at least three times and that no commoner
    characters begin or end, the longest of each.
    """
    counts: Counter[str] = Counter()
    for part in re.findall(r"[㐀-鿿]+", text):
        for size in (2, 3, 4):
            counts.update(part[at : at + size] for at in range(len(part) - size + 1))
    longer: dict[str, int] = {}  # by run, how often the commonest comes that has one more
    for other, times in counts.items():
        for run in (other[:-1], other[1:]):
            longer[run] = max(longer.get(run, 0), times)
    found = {
        run: times
        for run, times in counts.items()
        if times >= 3
        and not re.search("[的了是在和也就都不一我你您他她它们这那有个上下里着过与把被让]", run)
        and longer.get(run, 0) < times * 0.8
    }
    return Counter(found)


def _without_parts(names: Sequence[str]) -> list[str]:
    kept: list[str] = []
    for name in names:
        if not any(name in other or other in name for other in kept):
            kept.append(name)
    return kept


def _facts(text: str, brand: str, language: Language) -> list[str]:
    """Short sentences that say something of the brand, or in numbers."""
    longest = 28 if language == "en" else 45
    found: list[str] = []
    for one in sentences(LINK.sub(" ", text)):
        plain = one.strip(" “”\"'#-*•")
        if (
            not 3 <= count_words(plain) <= longest
            or len(plain) > MOST_LINE
            or re.search(r"[?!？！#]|[:：]$", plain)
        ):
            continue
        counts = bool(_NUMBER.search(plain))
        named = bool(brand) and brand.lower() in plain.lower()
        if (counts or named) and _TRUE.search(plain) and plain not in found:
            found.append(plain.rstrip(".。"))
            if len(found) == MOST_FACTS:
                break
    return found


def _examples(text: str) -> list[str]:
    """The paragraphs that are neither a line nor a page, the first ones."""
    low, high = EXAMPLE_WORDS
    parts = [one.strip() for one in re.split(r"\n\s*\n", text)]
    fit = [one for one in parts if low <= count_words(one) <= high and len(one) <= 4000]
    return fit[:MOST_EXAMPLES]


def _languages(text: str) -> list[Language]:
    units = words_of(text)
    chinese = sum(1 for one in units if re.match("[㐀-鿿]", one)) / len(units)
    if chinese > 0.85:
        return ["zh"]
    return ["en"] if chinese < 0.15 else ["en", "zh"]


def _style(text: str, language: Language) -> Style:
    said = [count_words(one) for one in sentences(text)]
    usual = sorted(said)[len(said) // 2] if said else 0
    counts: dict[Person, int] = {
        person: len(re.findall(patterns[language == "zh"], text, re.IGNORECASE))
        for person, patterns in _PERSONS.items()
    }
    own: Person = "we" if counts["we"] >= counts["I"] else "I"
    person: Person = own if counts[own] >= 2 else "you"
    marks = len(re.findall("[!！]", text))
    return Style(
        sentence_words=min(usual, 200) or None,
        person=person if counts[person] >= 2 else None,
        exclamation_marks=None if 0 < marks <= len(said) / 5 else marks > 0,
        emoji=bool(emoji_of(text)),
    )
