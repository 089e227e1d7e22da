"""What the documentation says of settings and samplers is what the program does."""

import re
from pathlib import Path

from maquette.core.requests import SAMPLER_NAMES
from maquette.core.settings import Settings

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


def test_every_page_is_in_the_navigation() -> None:
    pages = {p.relative_to(ROOT / "docs").as_posix() for p in (ROOT / "docs").rglob("*.md")}
    listed = set(re.findall(r": ([\w/-]+\.md)$", (ROOT / "mkdocs.yml").read_text(), re.MULTILINE))
    assert listed == pages
