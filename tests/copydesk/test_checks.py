"""What a text misses, and where."""

import time
from typing import Any

import pytest

from maquette.copydesk.checks import (
    MOST_OF_A_KIND,
    Demands,
    Finding,
    check,
    figures,
    missed,
)
from maquette.copydesk.counting import count_characters, hashtags_of
from maquette.copydesk.reading import count_syllables, reading_of
from maquette.copydesk.template import Limits
from maquette.copydesk.voice import Spelling, Style
from maquette.core.measures import places_of
from maquette.core.text_requests import Bounds

TEXT = "A kettle. It boils a litre in three minutes."


def _named(found: list[Finding], text: str = TEXT) -> list[tuple[str, str | None]]:
    return [(one.check, None if one.start is None else text[one.start : one.end]) for one in found]


@pytest.mark.parametrize(
    ("text", "counted", "characters"),
    [
        ("kettle", "x", 6),
        ("水壶", "x", 4),
        ("“水壶”，", "x", 8),  # these quotation marks are light, the comma is not
        ("see https://norvik.example/a/long/way/to/go", "x", 4 + 23),
        ("see pell.example/nightjar", "x", 4 + 23),
        ("👩‍👩‍👧", "x", 2),
        ("🫖!", "x", 3),
        ("水壶 https://norvik.example", "mastodon", 3 + 23),
        ("水壶ab", "google", 6),
        ("水壶，ab", "google", 8),
        ("水壶ab", "plain", 4),
    ],
)
def test_networks_count_in_their_own_ways(text: str, counted: Any, characters: int) -> None:
    assert count_characters(text, counted) == characters


def test_hashtags_are_told_from_headings() -> None:
    assert hashtags_of("# A title\n\n#kettle and #水壶 #一个话题# end") == [
        "#kettle",
        "#水壶",
        "#一个话题#",
    ]


def test_texts_are_held_to_what_is_asked_for_before_what_is_usual() -> None:
    usual = Limits(least_words=5, most_words=50)
    include = ["kettle"]
    assert Demands(usual, include=include).bounds() == Bounds(5, 50, include, 12, 4)
    assert Demands(usual, "zh", length=(None, 20)).bounds() == Bounds(0, 20, [], 24, 4, "zh")
    assert Demands(usual, length=(20, 20)).bounds() == Bounds(16, 24, [], 12, 4)
    named = ["Alder, a kettle", "a blue enamel mug"]  # which has no name
    assert Demands(named=named).bounds().include == ["Alder"]
    refrain = "We sing on the wide open hill. Hey. We sing on the wide open hill."
    assert Demands(may_repeat=True).bounds().run_words is None
    assert "repetition" in missed(refrain, Demands())
    assert "repetition" not in missed(refrain, Demands(may_repeat=True))


@pytest.mark.parametrize(
    ("limits", "text", "names"),
    [
        ({"least_words": 10}, TEXT, ["length"]),
        ({"most_words": 8}, TEXT, ["length"]),
        ({"least_words": 9, "most_words": 9}, TEXT, []),
        ({"most_characters": len(TEXT) - 1}, TEXT, ["length"]),
        ({"lines": 2}, TEXT, ["lines"]),
        ({"lines": 2}, "one thing\n\nanother", []),
        ({"most_title_characters": 4}, "A tea\nand more of it", ["title"]),
        ({"most_line_characters": [9, 3]}, "A teapot\nmore", ["length"]),
        ({"most_line_characters": [4]}, "A tea\nmore\nthan", ["length"]),
        ({"hashtags": [1, 1]}, "no tag", ["hashtags"]),
        ({"hashtags": [1, 1]}, "#one #two", ["hashtags"]),
        ({"starts": [["A:", "A："], "B"]}, "A: one\nB: two", []),
        ({"starts": ["A:", "B:"]}, "A: one B: two", ["starts"]),
    ],
)
def test_a_template_limits(limits: dict[str, Any], text: str, names: list[str]) -> None:
    found = check(text, Demands(Limits.model_validate(limits)))
    assert list(dict.fromkeys(one.check for one in found if one.demanded)) == names


def test_what_is_asked_for_here_goes_before_what_is_usual() -> None:
    limits = Limits(least_words=50, most_words=100)
    assert missed(TEXT, Demands(limits, length=(None, 9))) == []
    assert missed(TEXT, Demands(limits, length=(10, 10))) == []  # about ten
    assert missed(TEXT, Demands(limits, length=(12, 12))) == ["length"]
    assert missed("", Demands(limits)) == ["empty"]


def test_words_have_their_places() -> None:
    demands = Demands(
        include=["Alder", "kettle"],
        banned=["three minutes", "it"],
        glossary=[Spelling(wrong="liter", right="litre"), Spelling(wrong="a litre", right="1 l")],
        terms=["Kettle"],
    )
    assert _named(check(TEXT, demands)) == [
        ("include", None),
        ("banned", "It"),  # and not that in "litre"
        ("banned", "three minutes"),
        ("glossary", "kettle"),
        ("glossary", "a litre"),
    ]


def test_what_was_cut_off_misses_its_end() -> None:
    assert missed(TEXT, Demands()) == []
    assert missed(TEXT, Demands(), cut=True) == ["cut"]
    assert missed("", Demands(), cut=True) == ["empty"]


def test_a_word_that_must_be_there_is_whole() -> None:
    demands = Demands(include=["art", "Kettle"])
    assert missed("A start with a kettle.", demands) == ["include"]
    assert missed("The art of a kettle.", demands) == []


@pytest.mark.parametrize(
    ("word", "text", "places"),
    [
        (". . .", "tea . . . now", [(4, 9)]),
        ("...", "tea... now", [(3, 6)]),
        ("tea , now", "Tea… tea, now", [(5, 13)]),
        ("tea & milk", "Tea & milk, tea milk", [(0, 10)]),
        (".net shop", "a .NET: shop", [(2, 12)]),
    ],
)
def test_marks_between_words_are_no_words(
    word: str, text: str, places: list[tuple[int, int]]
) -> None:
    assert places_of(word, text) == places


MOST = 200_000
HOSTILE = {
    "dots": "." * MOST,
    "letters": "a" * MOST,
    "a host": "a." * (MOST // 2),
    "a host of one part": "a-" * (MOST // 2),
    "lines": "a.a\n" * (MOST // 4),
    "words": "tea " * (MOST // 4),
    "sentences": "".join(f"It pours tea at {n}. " for n in range(MOST // 24)),
    "right": "herbal tea " * (MOST // 11),
    "Chinese": "水壶" * (MOST // 2),
    "marks": "! " * (MOST // 2),
    "emoji": "🫖!" * (MOST // 2),
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("counted", ["plain", "x"])
def test_a_hostile_text_is_checked_in_time(text: str, counted: Any) -> None:
    banned = [*(". " * dots + "x" for dots in (12, 100)), "a a x", "a-a x", "水壶 x", "tea"]
    demands = Demands(
        Limits(most_line_characters=[1], hashtags=(1, 1), counted=counted),
        include=[". . . . . . . . . . . . x"],
        banned=banned,
        glossary=[Spelling(wrong="tea", right="herbal tea")] * 5,
        terms=["TEA", "水壶"],
        style=Style(sentence_words=1, exclamation_marks=False, emoji=False),
    )
    start = time.monotonic()
    found = check(text, demands)
    figures(text, demands.limits)
    assert time.monotonic() - start < 20  # a second or two; what is quadratic takes minutes
    assert len(found) <= 7 * MOST_OF_A_KIND


def test_chinese_words_are_found_within_others() -> None:
    text = "最好的水壶。"
    assert places_of("最好", text) == [(0, 2)]
    assert missed(text, Demands(language="en", banned=["最好"])) == ["language", "banned"]
    assert check(text, Demands(language="en"))[0].line["zh"] == "这段不是英文。"


def test_what_is_right_is_not_told_wrong() -> None:
    right = Demands(glossary=[Spelling(wrong="tea", right="herbal tea")])
    assert check("A herbal tea.", right) == []
    assert [one.line["en"] for one in check("A cup of tea.", right)] == [
        "Write “herbal tea” instead of “tea”."
    ]


def test_repetition_is_noticed_and_what_is_long_must_not_be() -> None:
    phrase = "It pours a thin stream. Again it pours a thin stream."
    assert [(one.check, one.demanded) for one in check(phrase, Demands())] == [("phrases", False)]
    twice = "The handle stays quite cool. It sings. The handle stays quite cool."
    assert missed(twice, Demands()) == ["repetition"]


def test_a_voice_has_a_manner() -> None:
    style = Style(sentence_words=4, exclamation_marks=False, emoji=False)
    text = "Tea! 🫖 We put it on and then we wait for it to tell us that it is ready now."
    found = check(text, Demands(style=style))
    assert {one.check for one in found} == {"style"}
    assert [text[one.start : one.end] for one in found if one.start is not None][:2] == ["!", "🫖"]
    assert not any(one.demanded for one in found)


@pytest.mark.parametrize(
    ("word", "syllables"),
    [
        *(("table", 2), ("made", 1), ("asked", 1), ("wanted", 2), ("makes", 1), ("boxes", 2)),
        *(("the", 1), ("kettle", 2), ("whole", 1), ("simple", 2), ("rules", 1), ("beautiful", 3)),
    ],
)
def test_syllables(word: str, syllables: int) -> None:
    assert count_syllables(word) == syllables


def test_reading_is_told_by_school_years_and_in_chinese_by_sentences() -> None:
    easy = reading_of("The cat sat on the mat. It was warm. The cat was glad of it.")
    hard = reading_of(
        "Notwithstanding considerable organisational difficulties, interdisciplinary collaboration "
        "substantially facilitated comprehensive infrastructural modernisation initiatives."
    )
    assert easy is not None
    assert hard is not None
    assert easy.value < 2 < 12 < hard.value
    assert (easy.hard, hard.hard) == (False, True)
    chinese = reading_of("水开了，它轻轻告诉您一声。茶在这里。")
    assert chinese is not None
    assert (chinese.measure, chinese.value) == ("sentence_characters", 7.5)
    assert reading_of("Tea.") is None


def test_what_is_counted() -> None:
    counted = figures(TEXT, Limits(most_characters=280, counted="x"))
    assert (counted.words, counted.characters, counted.most_characters) == (9, 44, 280)
    assert (counted.sentences, counted.language) == (2, "en")
