"""How hard a text is to read."""

import re
from dataclasses import dataclass
from typing import Literal

from maquette.core.measures import count_words, language_of, sentences, words_of

HARD_GRADE, HARD_SENTENCE_CHARACTERS = 12.0, 40.0
MOST_LETTERS = 64  # of a word's end that are looked at for a silent e
_VOWELS = re.compile(r"[aeiouy]+")
# The e of "made", not of "table"; of "asked", not of "wanted"; of "makes", not of "boxes".
_SILENT = re.compile(
    r"[aeiouy][a-z]*(?:(?<![aeiouy]l)(?<!l)e|(?<=[aeiouy])le|[^aeiouytd]ed|[^aeiouyscxzgh]es)$"
)


@dataclass(frozen=True, slots=True)
class Reading:
    """How hard it is: in English the school year that reads it (Flesch and Kincaid, 1975: 0.39
    words a sentence + 11.8 syllables a word − 15.59), in Chinese the characters of a sentence.
    """

    measure: Literal["grade", "sentence_characters"]
    value: float
    hard: bool


def reading_of(text: str) -> Reading | None:
    """None of a text without a sentence, or too short to tell."""
    said = [one for one in sentences(text) if count_words(one) > 1]
    if not said or count_words(text) < 8:
        return None
    if language_of(text) == "zh":
        value = sum(count_words(one) for one in said) / len(said)
        return Reading("sentence_characters", round(value, 1), value > HARD_SENTENCE_CHARACTERS)
    words = [word for one in said for word in words_of(one)]
    grade = 0.39 * len(words) / len(said) - 15.59
    grade += 11.8 * sum(count_syllables(word) for word in words) / len(words)
    return Reading("grade", round(max(0.0, grade), 1), grade > HARD_GRADE)


def count_syllables(word: str) -> int:
    """The syllables of an English word, by its groups of vowels without a silent e at its end."""
    word = re.sub(r"[^a-z]", "", word.lower())
    return max(1, len(_VOWELS.findall(word)) - bool(_SILENT.search(word[-MOST_LETTERS:])))
