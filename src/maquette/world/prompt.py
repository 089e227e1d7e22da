"""Reads a sentence, English or Chinese, as a wish for a scene of the picture-book world."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

from maquette.world.captions import chinese, english
from maquette.world.compose import Wish
from maquette.world.vocabulary import SUBJECTS

MOST_FIGURES = 4
# What people say that captions do not: by attribute, then by value.
_MORE: dict[str, dict[str, tuple[str, ...]]] = {
    "subject": {"rabbit": ("兔",), "duck": ("鸭",)},  # as in 白兔
    "setting": {
        "sea": ("seaside", "海边", "海上", "海"),
        "lake": ("湖边", "湖"),
        "meadow": ("field", "fields", "hill", "hills", "garden", "park", "grass", "山坡", "花园"),
        "forest": ("wood", "forests", "林中"),
        "mountains": ("mountain", "peaks", "山上", "山"),
        "street": ("town", "city", "road", "城市", "街上", "街"),
        "room": ("inside", "屋子里", "室内"),
        "space": ("宇宙",),
    },
    "time": {
        "dawn": ("morning", "daybreak", "早上", "早晨"),
        "day": ("noon", "midday", "中午", "下午"),
        "sunset": ("dusk", "evening", "twilight", "黄昏", "傍晚"),
        "night": ("midnight", "starry", "moonlit", "under the stars", "星空", "黑夜", "夜"),
    },
    "weather": {
        "clear": ("sunny", "sunshine", "晴天", "阳光"),
        "cloudy": ("clouds", "阴天"),
        "rain": ("raining", "rains", "storm", "stormy", "雨天", "雨"),
        "snow": ("snowfall", "snows", "winter", "雪天", "雪", "冬天"),
    },
    "relation": {
        "above": ("over", "on top of", "上空", "之上"),
        "below": ("under", "之下", "下"),
    },
    "size": {"small": ("小小的", "小"), "large": ("giant", "大")},
}
_NUMBERS = {
    2: ("2", "both", "两", "二", "双", "一对"),
    3: ("3", "三"),
    4: ("4", "四"),
}
_TOO_MANY = (
    *("five", "six", "seven", "eight", "nine", "ten", "dozen", "many", "hundred"),
    *("五", "六", "七", "八", "九", "十", "许多", "很多"),
)
# Words that say nothing of a scene, and are not told of as passed over.
_PLAIN_WORDS = """
a an and are as at by for from in is it its of on or page please picture some svg that the their
there this to web website with draw drawing make show me scene image about landing
"""
_PLAIN = frozenset(_PLAIN_WORDS.split())
# "A small page", "a big picture": what is asked for, not what is in it.
_NO_SCENE = re.compile(r"\b(?:small|little|tiny|large|big)\s+(?=page|picture|drawing|site|web)")
_CHINESE = re.compile(r"[\u4e00-\u9fff]")


@dataclass(frozen=True, slots=True)
class Reading:
    """A wish, and the English words that nothing was made of. `is_too_many` where more figures were
    asked for than a scene has room for.
    """

    wish: Wish
    passed_over: Sequence[str]
    is_too_many: bool = False


@dataclass(frozen=True, slots=True)
class _Hit:
    attribute: str
    value: str
    start: int
    end: int


def read_prompt(prompt: str) -> Reading | None:
    """What a sentence wishes for; None where it names nothing that the world has."""
    pattern, meanings = _vocabulary()
    text = _NO_SCENE.sub(lambda found: " " * len(found[0]), prompt.lower())
    hits = [
        _Hit(attribute, value, found.start(), found.end())
        for found in pattern.finditer(text)
        for attribute, value in meanings[found[0]]
    ]
    subjects = [hit for hit in hits if hit.attribute == "subject"]
    if not subjects:
        return None
    cast, too_many = _cast(hits)
    relation, is_turned = _relation(text, hits, subjects)
    if relation and len({hit.value for hit in subjects}) > 1:
        pair = [_with_colour(hits, one) for one in subjects[:2]]
        cast = pair[::-1] if is_turned else pair
    else:
        relation = None
    one_of_each = {hit.attribute: hit.value for hit in reversed(hits)}
    wish = Wish(
        cast[:MOST_FIGURES],
        one_of_each.get("setting"),
        one_of_each.get("time"),
        one_of_each.get("weather"),
        one_of_each.get("style"),
        one_of_each.get("size"),
        relation,
    )
    return Reading(wish, _passed_over(text, hits), too_many or len(cast) > MOST_FIGURES)


def is_chinese(text: str) -> bool:
    """Whether a sentence is to be answered in Chinese."""
    return _CHINESE.search(text) is not None


def subject_names(language: str) -> list[str]:
    """What the world has, by the usual names in "en" or "zh"."""
    if language == "zh":
        return [chinese.NOUNS[subject][0][1:] for subject in SUBJECTS]
    return [english.NOUNS[subject][0] for subject in SUBJECTS]


def words_for(subject: str, language: str) -> list[str]:
    """Whatever a subject is called in "en" or "zh", in the plural, too."""
    if language == "zh":
        return [noun[1:] for noun in chinese.NOUNS[subject]]
    nouns = [noun.rpartition("~ ")[2] for noun in english.NOUNS[subject]]
    return [*nouns, *map(english.plural, nouns)]


def _cast(hits: Sequence[_Hit]) -> tuple[list[tuple[str, str | None]], bool]:
    """All figures in the order in which they are named: the number and the colour before a noun are
    its own, a number after the last one that one's. A noun that comes again is the same one.
    """
    cast: list[tuple[str, str | None]] = []
    count, colour, too_many, named = 1, None, False, set[str]()
    for hit in hits:
        if hit.attribute == "count":
            count = int(hit.value)
        elif hit.attribute == "colour":
            colour = hit.value
        elif hit.attribute == "too many":
            too_many = True
        elif hit.attribute == "subject":
            if hit.value not in named:
                cast += [(hit.value, colour)] * count
            named.add(hit.value)
            count, colour = 1, None
    if cast:
        cast += [cast[-1]] * (count - 1)  # as in 帐篷2顶, "tents, two"
    return cast, too_many


def _with_colour(hits: Sequence[_Hit], subject: _Hit) -> tuple[str, str | None]:
    """A noun with the colour that stands between it and the noun before."""
    colour = None
    for hit in hits:
        if hit is subject:
            break
        if hit.attribute == "subject":
            colour = None
        elif hit.attribute == "colour":
            colour = hit.value
    return subject.value, colour


def _relation(text: str, hits: Sequence[_Hit], subjects: Sequence[_Hit]) -> tuple[str | None, bool]:
    """The relation of the first two nouns, and whether it is said of the second.

    English has it between them: "a boat left of a house". So has Chinese where it is the second
    that it speaks of, 房子左边的船; after both it speaks of the first, 船在房子的左边.
    """
    if len(subjects) < 2:
        return None, False
    first, second = subjects[:2]
    for hit in hits:
        if hit.attribute != "relation" or hit.start < first.end:
            continue
        in_chinese = is_chinese(text[hit.start : hit.end])
        if hit.end <= second.start:
            return hit.value, in_chinese
        if in_chinese and "在" in text[first.end : second.start]:
            return hit.value, False
    return None, False


def _passed_over(text: str, hits: Iterable[_Hit]) -> list[str]:
    left = list(text)
    for hit in hits:
        left[hit.start : hit.end] = " " * (hit.end - hit.start)
    words = re.findall(r"[a-z][a-z'-]+", "".join(left))
    return [word for word in dict.fromkeys(words) if word not in _PLAIN]


@cache
def _vocabulary() -> tuple[re.Pattern[str], dict[str, list[tuple[str, str]]]]:
    """Every phrase that is understood, the longest first, and what each says."""
    meanings: dict[str, list[tuple[str, str]]] = {}

    def add(attribute: str, value: str, phrases: Iterable[str]) -> None:
        for phrase in phrases:
            said = meanings.setdefault(phrase.lower(), [])
            if all(known != attribute for known, _ in said):
                said.append((attribute, value))

    for subject in SUBJECTS:
        for language in ("en", "zh"):
            add("subject", subject, words_for(subject, language))
    for tongue in (english, chinese):
        for attribute, tables in _tables(tongue).items():
            for table in tables:
                for value, phrases in table.items():
                    add(attribute, str(value), phrases)
    for value, phrases in chinese.COLOURS.items():
        add("colour", value, (phrase.removesuffix("色") for phrase in phrases))
    for attribute, table in _MORE.items():
        for value, phrases in table.items():
            add(attribute, value, phrases)
    for number, phrases in _NUMBERS.items():
        add("count", str(number), phrases)
    add("too many", "", _TOO_MANY)
    ordered = sorted(meanings, key=len, reverse=True)
    latin = "|".join(re.escape(one) for one in ordered if not is_chinese(one))
    other = "|".join(re.escape(one) for one in ordered if is_chinese(one))
    return re.compile(f"(?<![a-z0-9-])(?:{latin})(?![a-z0-9-])|(?:{other})"), meanings


def _tables(tongue: object) -> dict[str, list[dict[str, tuple[str, ...]]]]:
    """What captions say of each attribute, for it is what prompts say, too."""
    names = {
        "colour": ("COLOURS",),
        "size": ("SIZES",),
        "count": ("COUNTS",),
        "relation": ("RELATIONS",),
        "setting": ("WHERE", "ALOFT", "IMMERSED", "PLACES"),
        "time": ("TIMES", "HOURS"),
        "weather": ("WEATHERS", "SKIES", "MOMENT_SKIES"),
        "style": ("STYLES", "LABELS", "MEDIA"),
    }
    return {
        attribute: [getattr(tongue, name) for name in some if hasattr(tongue, name)]
        for attribute, some in names.items()
    }
