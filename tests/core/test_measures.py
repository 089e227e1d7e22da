"""Counts of words, sentences and repetitions, in English and in Chinese."""

import pytest

from maquette.core.measures import count_words, language_of, repeated_phrases, sentences


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", 0),
        ("A kettle that keeps its word.", 6),
        ("It's well-made, isn't it?", 4),
        ("三分钟烧开一升水。", 8),
        ("Alder水壶：3分钟，1.5升", 8),
        ("#kettle #Alder", 2),
    ],
)
def test_words_are_counted(text: str, words: int) -> None:
    assert count_words(text) == words


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("A kettle.", "en"),
        ("一把水壶。", "zh"),
        ("Alder，一把水壶", "zh"),
        ("Meet 松 at the shop today, it is new", "en"),
        ("", "en"),
    ],
)
def test_the_language_is_that_of_most_words(text: str, language: str) -> None:
    assert language_of(text) == language


def test_sentences_end_at_marks_and_at_lines() -> None:
    text = "One. Two?\nThree\n\n四。五！“六。”"
    assert sentences(text) == ["One.", "Two?", "Three", "四。", "五！", "“六。”"]


def test_a_phrase_that_comes_twice_is_named_once() -> None:
    text = "It keeps the tea warm. Really, it keeps the tea warm."
    assert repeated_phrases(text) == ["it keeps the tea", "keeps the tea warm"]
    assert repeated_phrases("水壶很安静，真的水壶很安静", 4) == ["水壶很安", "壶很安静"]
