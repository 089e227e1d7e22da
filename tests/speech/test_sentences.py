"""Where sentences end, in English and Chinese, and that none is too long."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maquette.speech.sentences import MOST_WEIGHT, WIDE_WEIGHT, can_be_said, cuts, weight


def split(text: str, family: str = "en") -> list[str]:
    places = [0, *(cut.at for cut in cuts(text, family))]
    return [text[a:b].strip() for a, b in pairwise(places)]


@pytest.mark.parametrize(
    "sentences",
    [
        ["One.", "Two!", "Three?", "Four"],
        ["Dr. Smith met Mrs. Jones at 3.14 p.m. on St. John's Rd.", "Then they left."],
        ["He paid $5.50, i.e. a lot.", "See fig. 3 and No. 5."],
        ['"Stop!" he said.', "She did."],
        ["“Where?” she asked.", "“There.”", "They went."],
        ["J. R. R. Tolkien wrote it.", "I read it."],
        ["It was him and I.", "We left."],
        ["Wait... what?", "Yes!!!", "No?!"],
        ["Go to example.com or mail me@example.com.", "Thanks."],
        ["1. First do this.", "2. Then do that."],
        ["In 1999. Then came 2000."[:8], "Then came 2000."],
        ["It works (mostly.)", "Really."],
        ["And so on … and on.", "Done."],
    ],
)
def test_english(sentences: list[str]) -> None:
    assert split(" ".join(sentences)) == sentences


@pytest.mark.parametrize(
    "sentences",
    [
        ["你好。", "今天天气很好！", "你去哪里？", "我回家"],
        ["他说：“好的。”", "然后走了。"],
        ["我……不知道。", "也许吧！"],
        ["价格是3.5元，共2件。", "Maquette很好用!", "真的。"],
        ["第一句；还是第一句。", "第二句。"],
    ],
)
def test_chinese(sentences: list[str]) -> None:
    assert split("".join(sentences), "zh") == sentences


def test_other_languages_have_their_own_rules() -> None:
    assert split("Er kommt am 3. Mai z.B. um 9 Uhr. Gut.", "de") == [
        "Er kommt am 3. Mai z.B. um 9 Uhr.",
        "Gut.",
    ]
    assert split("M. Dupont est là. Bien.", "fr") == ["M. Dupont est là.", "Bien."]
    assert split("यह एक वाक्य है। यह दूसरा है।", "hi") == ["यह एक वाक्य है।", "यह दूसरा है।"]
    assert split("كيف حالك؟ بخير.", "ar") == ["كيف حالك؟", "بخير."]


def test_who_writes_no_capitals_ends_sentences_all_the_same() -> None:
    assert split("hello there. how are you? fine.") == ["hello there.", "how are you?", "fine."]


def test_a_long_sentence_is_cut_at_a_comma_near_its_middle() -> None:
    half = "word " * 30 + "end"
    first, second = split(f"{half}, {half}.")
    assert first.endswith("end,")
    assert second.endswith("end.")
    assert [cut.clause for cut in cuts(f"{half}, {half}.", "en")] == [True, False]


def test_a_long_chinese_sentence_is_cut_at_a_comma() -> None:
    half = "天" * 50
    assert split(f"{half}，{half}。", "zh") == [f"{half}，", f"{half}。"]


def test_numbers_are_not_cut_at_their_commas() -> None:
    parts = split(("1,000,000 and " * 40).strip() + ".")
    assert all(part.startswith(("1,000,000", "and")) for part in parts)


def test_without_commas_it_is_cut_at_spaces_and_without_those_anywhere() -> None:
    words = split("word " * 200)
    assert all(part.startswith("word") and part.endswith("word") for part in words)
    assert len(split("x" * 1000)) == -(-1000 // MOST_WEIGHT)
    assert len(split("天" * 1000, "zh")) == -(-1000 * WIDE_WEIGHT // MOST_WEIGHT)


@given(st.text(st.sampled_from('aB .,!?…。，；天地\n"”1é́'), max_size=900))
def test_all_of_a_text_is_in_its_parts_and_none_is_too_long(text: str) -> None:
    found = cuts(text, "en")
    places = [0, *(cut.at for cut in found)]
    assert places == sorted(set(places))
    assert places[-1] == len(text)
    for a, b in pairwise(places):
        assert weight(text[a:b]) <= MOST_WEIGHT


@pytest.mark.parametrize("text", ["a", "5", "天", "&", "😀", "$", "+"])
def test_words_numbers_and_signs_can_be_said(text: str) -> None:
    assert can_be_said(text)


@pytest.mark.parametrize("text", ["", " ", "...", "“”", "—", "***"])
def test_punctuation_cannot(text: str) -> None:
    assert not can_be_said(text)
