"""How digits, characters and dates are said: written out, so that any voice can say them."""

import re
from datetime import date

from maquette.core.errors import InvalidRequest, did_you_mean
from maquette.speech.languages import family

KINDS = ("characters", "date", "digits", "spell-out")
FORMATS = ("ymd", "dmy", "mdy")
MOST_SPELLED = 100
MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
# What characters are called that say nothing by themselves.
NAMES = {
    "en": {
        "-": "dash",
        ".": "dot",
        ",": "comma",
        ":": "colon",
        ";": "semicolon",
        "/": "slash",
        "\\": "backslash",
        "@": "at",
        "_": "underscore",
        "#": "hash",
        "+": "plus",
        "&": "and",
        "*": "star",
        "'": "apostrophe",
        "!": "exclamation mark",
        "?": "question mark",
    },
    "zh": {
        "-": "杠",
        ".": "点",
        ",": "逗号",
        ":": "冒号",
        ";": "分号",
        "/": "斜杠",
        "\\": "反斜杠",
        "@": "艾特",
        "_": "下划线",
        "#": "井号",
        "+": "加",
        "&": "和",
        "*": "星号",
        "!": "叹号",
        "?": "问号",
    },
}


def say_as(shown: str, kind: str, form: str | None, language: str) -> str:
    """A text as it is said. Raises InvalidRequest where it is not of that kind."""
    match kind:
        case "digits":
            return _digits(shown)
        case "characters" | "spell-out":
            return _characters(shown, family(language))
        case "date":
            return _date(shown, form, family(language))
        case _:
            raise InvalidRequest(f"say-as knows no {kind!r}; {did_you_mean(kind, KINDS)}")


def _digits(shown: str) -> str:
    digits = re.sub(r"[\s().+-]", "", shown)
    if not digits.isdecimal():
        raise InvalidRequest(f"{shown!r} is not of digits alone; say it as characters instead")
    return _spelled(digits)


def _characters(shown: str, language: str) -> str:
    names = NAMES.get(language, {})
    said: list[str] = []
    for one in shown.replace(" ", ""):
        if not one.isalnum() and one not in names:
            raise InvalidRequest(
                f"{one!r} of {shown!r} has no name in the language {language!r}; write it in words"
            )
        said.append(names.get(one, one.upper()))  # as a small letter, "a" would be the article
    return _spelled(said)


def _spelled(parts: str | list[str]) -> str:
    if len(parts) > MOST_SPELLED:
        raise InvalidRequest(f"{len(parts)} characters to spell are too many; at most 100")
    return " ".join(parts)


def _date(shown: str, form: str | None, language: str) -> str:
    parts = re.fullmatch(r"(\d{1,4})[-./ ](\d{1,2})[-./ ](\d{1,4})", shown, re.ASCII)
    if form is None and parts and len(parts[1]) == 4:
        form = "ymd"
    if form is None:
        raise InvalidRequest(f'the date {shown!r} may mean several; add format="dmy" or "mdy"')
    if form not in FORMATS:
        raise InvalidRequest(f"unknown format {form!r} of a date; {did_you_mean(form, FORMATS)}")
    try:
        if parts is None:
            raise ValueError
        told = {letter: int(part) for letter, part in zip(form, parts.groups(), strict=True)}
        day = date(told["y"], told["m"], told["d"])
    except ValueError:
        raise InvalidRequest(
            f"{shown!r} is no date of the form {form}; write it as 2026-11-27, or in words"
        ) from None
    match language:
        case "en":
            return f"{MONTHS[day.month - 1]} {day.day}{_ordinal(day.day)}, {day.year}"
        case "zh":
            return f"{day.year}年{day.month}月{day.day}日"
        case _:
            raise InvalidRequest(
                f"dates are written out in en and zh, not in {language!r}; write {shown!r} in words"
            )


def _ordinal(number: int) -> str:
    if number in (11, 12, 13):
        return "th"
    return {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
