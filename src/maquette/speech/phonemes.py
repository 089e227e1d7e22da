"""Phonemes of espeak-ng for voices that were trained on them, with the punctuation between."""

import re
import unicodedata
from collections.abc import Callable

Phonemes = Callable[[str, str], str]  # of a text in a language, a clause a line

# Where a clause ends, and the mark that stands for it among the phonemes.
_CLAUSES = re.compile(r"([,.;:!?…]+(?=\s|$)|[，。；：！？、]+)")
_MARKS = str.maketrans("，。；：！？、…", ",.;:!?,.")
_SWITCH = re.compile(r"\([a-z-]+\)")  # says that another language follows


def phonemes_of(text: str, language: str, phonemes: Phonemes) -> str:
    """The phonemes of a text, a character each as Unicode takes them apart, the first mark of what
    ends a clause behind it.
    """
    clauses = _CLAUSES.split(text)
    parts: list[str] = []
    for clause, marks in zip(clauses[::2], [*clauses[1::2], ""], strict=True):
        said = phonemes(clause, language) if clause.strip() else ""
        mark = marks.translate(_MARKS)[:1]
        parts.append(" ".join(_SWITCH.sub("", said).split()) + mark)
    return unicodedata.normalize("NFD", " ".join(parts).strip())
