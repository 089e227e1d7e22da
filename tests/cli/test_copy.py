"""`maquette copy` as a person calls it: listed, printed, in a file, as JSON, and refused."""

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from maquette.cli import app as command_line
from maquette.world.compose import Wish, arrange
from maquette.world.draw import draw

Run = Callable[..., tuple[int, str, str]]
KETTLE = ["--set", "product=Alder, a kettle"]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    def call(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["maquette", "copy", *words])
        with pytest.raises(SystemExit) as caught:
            command_line.main()
        output = capsys.readouterr()
        return int(caught.value.code or 0), output.out, output.err

    return call


def test_all_templates_are_listed(run: Run) -> None:
    code, told, _ = run("--list")
    assert code == 0
    assert "product-description" in told
    assert "(product, [brand]" in told
    whole = json.loads(run("--list", "--json")[1])
    assert len(whole) > 36


def test_variants_are_written_and_what_they_miss_is_told(
    run: Run, tiny_language: Path, tmp_path: Path
) -> None:
    model = ["--model", str(tiny_language), "--seed", "7", "--threads", "1"]
    voice = tmp_path / "voice.json"
    voice.write_text(json.dumps({"name": "N", "voice": {"brand": "Norvik", "banned": ["e"]}}))
    path = tmp_path / "copy.md"
    words = [one for word in ("zyzzyva", "quokka", "axolotl") for one in ("--include", word)]
    asked = ["tagline", *KETTLE, "--count", "2", *words, "--most-words", "2", "--voice", str(voice)]
    code, told, complaints = run(*asked, *model, "-o", str(path))
    assert (code, told) == (0, f"{path}\n")
    assert path.read_text().count("\n---\n") == 1
    for number in (1, 2):  # three words do not fit two
        assert re.search(f"{number}: (“.+” is missing|.+ words; at most 2)", complaints)
    said = json.loads(run(*asked, *model, "--json")[1])
    assert [one["text"] for one in said["texts"]] == path.read_bytes().decode()[:-1].split(
        "\n\n---\n\n"
    )
    assert {"include", "length"} & {one["check"] for one in said["texts"][0]["findings"]}


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ([], "no template is named"),
        (["taglin"], "did you mean tagline?"),
        (["tagline"], "tagline needs product"),
        (["tagline", "--set", "product"], "sets nothing"),
        (["tagline", *KETTLE, *KETTLE], "product was set twice"),
        (["tagline", *KETTLE, "--language", "fr"], "no copy is written in 'fr'"),
        (["tagline", *KETTLE, "--voice", "/no/such/file"], "cannot be read"),
        (["weibo-post", *KETTLE], "not written in en"),
        (["tagline", *KETTLE, "--include", ""], "include.0 '' does not fit"),
        (["tagline", *KETTLE, "--most-words", "-1"], "most '-1' does not fit"),
        (["tagline", *KETTLE, "--most-words", "0"], "most '0' does not fit"),
        (["tagline", *KETTLE, "--tone", "x" * 101], "tone 'x"),
        (["tagline", *KETTLE, "--include", "tea", "--avoid", "Tea"], "leave one of them out"),
    ],
)
def test_what_does_not_fit_is_one_line(run: Run, words: list[str], line: str) -> None:
    code, told, complaint = run(*words)
    assert (code, told) == (2, "")
    assert line in complaint
    assert complaint.count("\n") == 1


def test_a_picture_is_written_about(run: Run, tiny_language: Path, tmp_path: Path) -> None:
    model = ["--model", str(tiny_language), "--seed", "7", "--threads", "1"]
    wish = Wish([("boat", "red")], "sea", "night", "clear", "ink", "large")
    Image.fromarray(draw(arrange(wish, 7))).save(tmp_path / "boat.png")
    code, told, complaints = run("alt-text", "--picture", str(tmp_path / "boat.png"), *model)
    assert code == 0, complaints
    assert told.strip()
    assert "Picture: a red boat on the sea at night" in complaints
    Image.new("RGB", (64, 64), "white").save(tmp_path / "white.png")
    code, _, complaints = run("alt-text", "--picture", str(tmp_path / "white.png"), *model)
    assert code == 2
    assert "nothing that the starter's captioner knows" in complaints
    code, _, complaints = run("alt-text", "--set", "picture=asset:7", *model)
    assert (code, "is not looked at here" in complaints) == (2, True)
