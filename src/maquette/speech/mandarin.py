"""Mandarin as Kokoro was taught it: the IPA of pinyin with arrows for tones, from espeak-ng's own.

The table is that of misaki (https://github.com/hexgrad/misaki), which adapted that of
https://github.com/stefantaubert/pinyin-to-ipa; what espeak-ng writes was compared with it for all
syllables (tests/speech/test_mandarin.py).
"""

import re
from collections.abc import Callable


def _table(pairs: str) -> dict[str, str]:
    return {written: said for written, _, said in (pair.partition(":") for pair in pairs.split())}


INITIALS = _table(
    "p:p ph:pʰ m:m f:f t:t th:tʰ n:n l:l k:k kh:kʰ X:x tS;:ʨ tS;h:ʨʰ S;:ɕ "
    "ts.:\uab67 ts.h:\uab67ʰ s.:ʂ z.:ɻ ts:ʦ tsh:ʦʰ s:s"
)
# By what espeak-ng says before the tone, its glides written as vowels; with n or ng behind it, some
# are said otherwise.
FINALS = _table(
    "A:a a:a ai:ai Au:au ei:ei ou:ou o-:ɤ @:ɤ i.:ɨ i[:ɨ @r:ɚ E:ɛ o:wo "
    "i:i iE:je iA:ja ia:ja iAu:jau iou:jou io:jɔ "
    "u:u uo:wo uo-:wɤ uA:wa ua:wa uai:wai uei:wei u@:wə ong:ʊ iong:jʊ "
    "y:y yE:ɥe y&:ɥɛ y@:y yi:y"
)
BEFORE_NASALS = {"@": "ə", "iE": "jɛ", "uo-": "wə"}
TONES = {"55": "→", "35": "↗", "214": "↓", "51": "↘"}  # any other is none

_CHINESE = re.compile("[\u3400-\u4dbf\u4e00-\u9fff]")
_MARKS = re.compile(r"[',%=_|:]+")
_SYLLABLE = re.compile(
    r"(tS;h|tS;|ts\.h|ts\.|tsh|ts|s\.|S;|z\.|[ptk]h|[ptkmfnlXs])?"
    r"(@r|[AaEeiouy&@jw](?:[AaEeiouy&@]|\.|\[|-|ng)*)(\d+)(N|n(?![AaEeiouy&@jw])|)"
)
# Syllables that espeak-ng's list has and its rules lack: it says their pinyin in English.
_SPELLED = re.compile(r"(dZI2;|kI2;|kS)@N(w'0n|t'u:|Tr'i:|f'o@|f'aIv)")
_ALL_SPELLED = re.compile(rf"\(en\)((?:{_SPELLED.pattern}[_| ]*)+)\(cmn\)")
_SPELLED_AS = {"dZI2;": "tS;iong", "kI2;": "tS;hiong", "kS": "S;iong"}
_SPELLED_TONES = {"w'0n": "55", "t'u:": "35", "Tr'i:": "214", "f'o@": "51", "f'aIv": "11"}
_ENGLISH = re.compile(r"\([a-z-]+\).*?(\(cmn\)|$)")


def mandarin(text: str, mnemonics: Callable[[str], str]) -> str:
    """The phonemes of a clause in Chinese, its words apart. `mnemonics` gives espeak-ng's own, in
    which a syllable is `tS;'iA55` or `X@214n`. What it does not know as Chinese is left out.
    """
    said = _understood(mnemonics(text))
    if "(en)" in said:  # a word that its list has wrongly: its characters alone
        said = " ".join(_understood(mnemonics(one)) if _CHINESE.match(one) else one for one in text)
    said = _ENGLISH.sub(" ", said)
    return " ".join(
        "".join(map(_syllable, _SYLLABLE.finditer(_MARKS.sub("", word)))) for word in said.split()
    )


def _understood(said: str) -> str:
    def respelled(found: "re.Match[str]") -> str:
        return _SPELLED.sub(lambda it: _SPELLED_AS[it[1]] + _SPELLED_TONES[it[2]], found[1])

    return _ALL_SPELLED.sub(respelled, said)


def _syllable(found: "re.Match[str]") -> str:
    initial, vowels, digits, nasal = found[1] or "", found[2], found[3], found[4]
    if vowels.startswith(("ji", "wu", "jy")):
        vowels = vowels[1:]
    vowels = vowels.replace("j", "i", 1) if vowels.startswith("j") else vowels
    vowels = vowels.replace("w", "u", 1) if vowels.startswith("w") else vowels
    if vowels.endswith("ng"):
        nasal = "N"
    final = FINALS.get(vowels, "")
    if nasal:
        final = BEFORE_NASALS.get(vowels, final)
    return INITIALS.get(initial, "") + final + TONES.get(digits, "") + nasal.replace("N", "ŋ")
