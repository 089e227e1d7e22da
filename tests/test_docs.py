"""What the documentation says of settings, samplers and speech is what the program does."""

import dataclasses
import re
from pathlib import Path

import pytest

from maquette.core.requests import SAMPLER_NAMES
from maquette.core.settings import Settings
from maquette.core.speech_requests import MOST_SPEECH_CHARACTERS, SPEECH_FORMATS, SpeechParams
from maquette.speech.ssml import TAGS

ROOT = Path(__file__).parents[1]


def test_every_setting_is_documented_as_it_is() -> None:
    text = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    row = r"^\| (?:`--(\w+)`|–) \| `(\w+)` \| [^|]+ \| ([^|]+) \|"
    rows = re.findall(row, text, re.MULTILINE)
    assert {variable: rule.strip() for _, variable, rule in rows} == {
        f"MAQUETTE_{name.upper()}": field.description
        for name, field in Settings.model_fields.items()
    }
    assert all(variable == f"MAQUETTE_{flag.upper()}" for flag, variable, _ in rows if flag)


def test_every_sampler_is_documented() -> None:
    text = (ROOT / "docs" / "engine.md").read_text(encoding="utf-8")
    assert [name for name in SAMPLER_NAMES if f"`{name}`" not in text] == []


def test_every_tag_format_and_limit_of_speech_is_documented() -> None:
    text = (ROOT / "docs" / "speech.md").read_text(encoding="utf-8")
    tags = [f"`<{tag}>`" for tag in TAGS]
    wanted = [*tags, *(f"`{one}`" for one in (*SPEECH_FORMATS, *fields_of(SpeechParams)))]
    assert [one for one in wanted if one not in text] == []
    assert f"{MOST_SPEECH_CHARACTERS:,} characters" in text


def fields_of(kind: type) -> list[str]:
    return [field.name for field in dataclasses.fields(kind)]


def test_the_example_of_speech_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (ROOT / "docs" / "speech.md").read_text(encoding="utf-8")
    found: list[str] = re.findall(r"^```python\n(.+?)^```", text, re.MULTILINE | re.DOTALL)
    example = next(one for one in found if "narrate" in one)
    monkeypatch.chdir(tmp_path)
    exec(example, {})
    assert (tmp_path / "boat.mp3").stat().st_size > 10_000
    assert (tmp_path / "boat.srt").read_text().count("-->") == 2
    assert (tmp_path / "boat.vtt").read_text().count("-->") == 6


def test_every_page_is_in_the_navigation() -> None:
    pages = {p.relative_to(ROOT / "docs").as_posix() for p in (ROOT / "docs").rglob("*.md")}
    listed = set(re.findall(r": ([\w/-]+\.md)$", (ROOT / "mkdocs.yml").read_text(), re.MULTILINE))
    assert listed == pages
