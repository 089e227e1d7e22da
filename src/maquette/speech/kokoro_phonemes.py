"""The phonemes that Kokoro was taught, by language, from espeak-ng's.

The rules are those of misaki (https://github.com/hexgrad/misaki): a letter for each diphthong and
affricate, English without marks of length in America.
"""

import re
import unicodedata
from collections.abc import Sequence

from maquette.speech.languages import family
from maquette.speech.mandarin import mandarin
from maquette.speech.phonemes import Phonemes, phonemes_of

_BOTH = (
    *(("aɪ", "I"), ("aʊ", "W"), ("dʒ", "ʤ"), ("eɪ", "A"), ("tʃ", "ʧ"), ("ɔɪ", "Y")),
    *(("ʔn", "tᵊn"), ("ʔ", "t"), ("r", "ɹ"), ("x", "k"), ("ç", "k"), ("ɬ", "l"), ("ʲ", "")),
    *(("ɐ", "ə"), ("ɚ", "əɹ"), ("\u0303", "")),
)
AMERICAN = (*_BOTH, ("oʊ", "O"), ("ɜːɹ", "ɜɹ"), ("ɜː", "ɜɹ"), ("ɪə", "iə"), ("ː", ""), ("ɾ", "T"))
BRITISH = (*_BOTH, ("eə", "ɛː"), ("iə", "ɪə"), ("əʊ", "Q"))
OTHERS = (
    *(("aɪ", "I"), ("aʊ", "W"), ("dz", "ʣ"), ("dʒ", "ʤ"), ("eɪ", "A"), ("oʊ", "O"), ("əʊ", "Q")),
    *(("ts", "ʦ"), ("tʃ", "ʧ"), ("ɔɪ", "Y"), ("-", "")),
)
_SYLLABIC = re.compile("(\\S)\u0329")  # a consonant that is a syllable
_FINAL_L = re.compile(r"əl(?=[bdfɡkmnpstvzθð]*(?:[ ,.;:!?]|$))")  # so is that of bottle
_WORDS_IN_CHINESE = re.compile(r"([A-Za-z][A-Za-z' -]*)")
_CHINESE_MARKS = re.compile(r"([，。；：！？、,.;:!?…]+)")
_MARKS = str.maketrans("，。；：！？、", ",.;:!?,")


def kokoro_phonemes(text: str, language: str, ipa: Phonemes, own: Phonemes) -> str:
    """Of a text in a language. `ipa` gives espeak-ng's phonemes, `own` those in its own alphabet,
    which has tones.
    """
    if family(language) == "zh":
        return _mandarin(text, ipa, own)
    if family(language) == "en":
        return _english(text, language, ipa)
    return _replaced(phonemes_of(text, language, ipa), OTHERS)


def _english(text: str, language: str, ipa: Phonemes) -> str:
    british = language.lower().startswith("en-gb")
    said = phonemes_of(text, "en-gb" if british else "en-us", ipa)
    said = _FINAL_L.sub("ᵊl", _SYLLABIC.sub(r"ᵊ\1", said))
    return _replaced(said, BRITISH if british else AMERICAN)


def _mandarin(text: str, ipa: Phonemes, own: Phonemes) -> str:
    """Words in Latin letters are English, as people have it; marks stay where they are."""
    parts: list[str] = []
    for number, piece in enumerate(_WORDS_IN_CHINESE.split(text)):
        if number % 2:
            parts.append(_english(piece, "en-us", ipa))
            continue
        for at, clause in enumerate(_CHINESE_MARKS.split(piece)):
            if at % 2 and parts:
                parts[-1] += clause.translate(_MARKS)[:1]
            elif not at % 2 and clause.strip():
                parts.append(mandarin(clause, lambda one: own(one, "cmn")))
    return " ".join(part for part in parts if part)


def _replaced(said: str, pairs: Sequence[tuple[str, str]]) -> str:
    said = unicodedata.normalize("NFC", said)
    for old, new in pairs:
        said = said.replace(old, new)
    return said
