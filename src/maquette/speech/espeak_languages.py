"""The languages and speakers of espeak-ng, read from its data without loading the library."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import espeakng_loader

from maquette.core.errors import InvalidRequest, did_you_mean
from maquette.speech.languages import guess_language
from maquette.speech.script import Delivery

USUAL = {"en": "en-us"}  # where several languages have a name, and none of them is it
USUAL_PRIORITY = 5  # of a tag that a language has, the lower the better


@dataclass(frozen=True, slots=True)
class EspeakNames:
    """Names of languages by their codes, codes by all that a language is called, what the library
    calls languages by their codes, and speakers.
    """

    languages: Mapping[str, str]
    codes: Mapping[str, str]
    files: Mapping[str, str]
    speakers: tuple[str, ...]

    def code(self, language: str) -> str:
        """The code of a language by its tag, such as "pt-BR", or its English name. A country that
        is not known is left out, as RFC 4647 has it. Raises InvalidRequest naming the nearest.
        """
        tag = language.strip().lower().replace("_", "-")
        while tag not in self.codes and "-" in tag:
            tag = tag.rpartition("-")[0]
        if tag in self.codes:
            return self.codes[tag]
        raise InvalidRequest(f"unknown language {language!r}; {self._nearest(language)}")

    def usual_language(self, text: str, speaker: str) -> str:
        """By its letters."""
        return guess_language(text)

    def check(self, delivery: Delivery) -> None:
        """Raises InvalidRequest where there is no such speaker or language, naming the nearest."""
        self.code(delivery.language)
        self.check_speaker(delivery.voice)

    def check_speaker(self, speaker: str) -> None:
        """Raises InvalidRequest naming the nearest one."""
        if speaker not in self.speakers:
            hint = did_you_mean(speaker, self.speakers)
            raise InvalidRequest(f"unknown voice {speaker!r} of espeak; {hint}")

    def _nearest(self, language: str) -> str:
        """Where nothing is near, the languages with short codes, which are those most spoken."""
        hint = did_you_mean(language.lower(), self.codes)
        if hint.startswith("did"):
            return hint
        return did_you_mean(language, [code for code in self.languages if len(code) == 2])


@cache
def shipped_names() -> EspeakNames:
    """What there is in the data that comes with the program."""
    return read_names(Path(espeakng_loader.get_data_path()))


def read_names(data: Path) -> EspeakNames:
    """What there is in a folder espeak-ng-data."""
    languages: dict[str, str] = {}
    files: dict[str, str] = {}
    urgencies: dict[str, tuple[int, str]] = {}
    for path in sorted((data / "lang").rglob("*")):
        if not path.is_file():
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        name = re.search(r"^name +(.+?)\s*(?://.*)?$", text, re.MULTILINE)
        tags = re.findall(r"^language +(\S+)(?: +(\d+))?", text, re.MULTILINE)
        code = tags[0][0].lower() if tags else ""
        dictionary = re.search(r"^dictionary +(\S+)", text, re.MULTILINE)
        words = data / f"{dictionary[1] if dictionary else code.partition('-')[0]}_dict"
        if name is None or not code or code in languages or not words.is_file():
            continue  # no language, the same in another script, or one that cannot be read
        languages[code], files[code] = name[1], path.name
        for tag, priority in tags:
            urgency = (int(priority or USUAL_PRIORITY), code)
            urgencies[tag.lower()] = min(urgencies.get(tag.lower(), urgency), urgency)
    codes = {tag: code for tag, (_, code) in urgencies.items()}
    codes |= {code: code for code in languages}
    codes |= {tag: code for tag, code in USUAL.items() if code in languages}
    for code, name in languages.items():
        codes.setdefault(name.lower(), code)
        codes.setdefault(name.split(" (")[0].lower(), codes.get(code.partition("-")[0], code))
    speakers = sorted(path.name for path in (data / "voices" / "!v").iterdir())
    return EspeakNames(dict(sorted(languages.items())), codes, files, ("default", *speakers))
