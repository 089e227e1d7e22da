"""Tags of languages, as far as rules of a language are chosen by them."""

import re

_CHINESE = re.compile("[\u3400-\u4dbf\u4e00-\u9fff]")
_KANA = re.compile("[\u3040-\u30ff]")

# The codes of three letters that models are named by, for those of two.
TWO_LETTERS = {
    "afr": "af",
    "ara": "ar",
    "ben": "bn",
    "bul": "bg",
    "cat": "ca",
    "ces": "cs",
    "chi": "zh",
    "cmn": "zh",
    "dan": "da",
    "deu": "de",
    "ell": "el",
    "eng": "en",
    "est": "et",
    "eus": "eu",
    "fas": "fa",
    "fin": "fi",
    "fra": "fr",
    "guj": "gu",
    "heb": "he",
    "hin": "hi",
    "hrv": "hr",
    "hun": "hu",
    "ind": "id",
    "isl": "is",
    "ita": "it",
    "jpn": "ja",
    "kan": "kn",
    "kor": "ko",
    "lav": "lv",
    "lit": "lt",
    "mal": "ml",
    "mar": "mr",
    "nld": "nl",
    "pol": "pl",
    "por": "pt",
    "ron": "ro",
    "rus": "ru",
    "slk": "sk",
    "slv": "sl",
    "spa": "es",
    "srp": "sr",
    "swa": "sw",
    "swe": "sv",
    "tam": "ta",
    "tel": "te",
    "tha": "th",
    "tur": "tr",
    "ukr": "uk",
    "urd": "ur",
    "vie": "vi",
    "zho": "zh",
}


def family(language: str) -> str:
    """The language of a tag without its country: "en" of "en-GB"; Mandarin is "zh"."""
    first = re.split("[-_]", language.strip().lower())[0]
    return TWO_LETTERS.get(first, first)


def guess_language(text: str) -> str:
    """Of a text of which nothing is known, as far as voices are chosen by it: Chinese where half of
    the letters are Chinese and none is Japanese; else English.
    """
    letters = sum(one.isalpha() for one in text)
    chinese = len(_CHINESE.findall(text))
    return "zh" if chinese and 2 * chinese >= letters and not _KANA.search(text) else "en"
