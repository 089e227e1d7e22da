"""`maquette code` as a person calls it: to a file, as JSON, with tests, refused in a line."""

import json
import sys
from pathlib import Path

import pytest

from maquette.cli import app as command_line
from maquette.engines.svg_check import check_svg

ASK = "a red boat on a calm sea at night"


def _run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *words: str
) -> tuple[int, str, str]:
    monkeypatch.setattr(sys, "argv", ["maquette", "code", "--threads", "1", *words])
    with pytest.raises(SystemExit) as caught:
        command_line.main()
    output = capsys.readouterr()
    return int(caught.value.code or 0), output.out, output.err


def test_a_drawing_is_printed_and_the_same_seed_draws_it_again(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    code, first, _ = _run(monkeypatch, capsys, ASK, "--seed", "7")
    assert code == 0
    assert check_svg(first)[1] == ""
    path, log = tmp_path / "boat.svg", tmp_path / "log.json"
    words = (ASK, "--seed", "7", "-o", str(path), "--log", str(log), "--json")
    code, told, _ = _run(monkeypatch, capsys, *words)
    assert code == 0
    assert path.read_text() == first
    answer = json.loads(told)
    assert answer["files"] == {"drawing.svg": "image/svg+xml"}
    assert [one["failure"] for one in answer["attempts"]] == [""]
    assert json.loads(log.read_text())["attempts"] == answer["attempts"]


def test_what_never_passes_is_a_line_and_leaves_its_log_and_no_file(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    tests, path, log = tmp_path / "wanted.txt", tmp_path / "boat.svg", tmp_path / "log.json"
    tests.write_text("<path>\n<circle>\n")
    words = (ASK, "--test", str(tests), "-o", str(path), "--log", str(log), "--attempts", "2")
    code, told, problem = _run(monkeypatch, capsys, *words)
    assert (code, told) == (1, "")
    *tried, last = problem.splitlines()
    assert tried == [f"attempt {n} of 2: these are not in it: <circle>" for n in (1, 2)]
    assert last.startswith("maquette: no code passed within 2 attempts")
    assert not path.exists()
    assert len(json.loads(log.read_text())["attempts"]) == 2


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["  "], "the prompt is empty"),
        ([ASK, "--kind", "game"], "unknown kind of code 'game'"),
        ([ASK, "--kind", "program"], "starter-code draws scenes and lays out small pages"),
        ([ASK, "--kind", "chart"], "a chart needs data"),
        (["a dragon"], "finds nothing that it can draw in 'a dragon'"),
        ([ASK, "--kind", "program", "--model", "starter-text"], "is too small to write code"),
        ([ASK, "--attempts", "9"], "attempts 9 must be between 1 and 8"),
        ([ASK, "--test", "nowhere.txt"], "the tests in nowhere.txt cannot be read"),
        ([ASK, "-o", "nowhere/boat.svg"], "nowhere"),
        ([ASK, "--kind", "program", "--model", "gpt-9"], "no text model named 'gpt-9'"),
    ],
)
def test_what_does_not_fit_is_told_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], words: list[str], line: str
) -> None:
    code, told, problem = _run(monkeypatch, capsys, *words)
    assert code in (1, 2)
    assert told == ""
    assert line in problem
    assert problem.count("\n") == 1
