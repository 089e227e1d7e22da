"""`maquette text` as a person calls it: printed, to a file, as JSON, and one line for bad input."""

import io
import json
import sys
from pathlib import Path

import pytest

from maquette.cli import app as command_line

ASK = "Write a tagline for Alder, a kettle."


def _run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *words: str
) -> tuple[int, str, str]:
    monkeypatch.setattr(sys, "argv", ["maquette", "text", "--threads", "1", *words])
    with pytest.raises(SystemExit) as caught:
        command_line.main()
    output = capsys.readouterr()
    return int(caught.value.code or 0), output.out, output.err


@pytest.fixture
def model(tiny_language: Path) -> list[str]:
    return ["--model", str(tiny_language), "--max-tokens", "12", "--seed", "7"]


def test_a_text_is_printed_and_the_same_seed_prints_it_again(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], model: list[str]
) -> None:
    code, first, said = _run(monkeypatch, capsys, ASK, *model)
    assert code == 0
    assert said == "It ends in the middle; there was no room for more.\n"
    assert first.strip()
    assert _run(monkeypatch, capsys, ASK, *model)[1] == first
    code, told, _ = _run(monkeypatch, capsys, ASK, *model, "--json")
    answer = json.loads(told)
    assert answer["text"] + "\n" == first
    assert answer["seed"] == 7
    assert answer["answer_tokens"] == 12
    assert answer["finish_reason"] == "length"


def test_a_text_goes_into_a_file(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    model: list[str],
    tmp_path: Path,
) -> None:
    path = tmp_path / "line.txt"
    code, told, _ = _run(monkeypatch, capsys, ASK, *model, "-o", str(path))
    assert (code, told) == (0, f"{path}\n")
    assert path.read_text().strip()


def test_standard_input_is_read_and_a_schema_kept(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tiny_language: Path,
    tmp_path: Path,
) -> None:
    schema = tmp_path / "schema.json"
    schema.write_text('{"enum": ["warm", "plain"]}')
    monkeypatch.setattr(sys, "stdin", io.StringIO(ASK))
    words = ("-", "--model", str(tiny_language), "--schema", str(schema))
    code, told, _ = _run(monkeypatch, capsys, *words)
    assert code == 0
    assert json.loads(told) in ("warm", "plain")


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["  "], "the prompt is empty"),
        ([ASK, "--temperature", "3"], "temperature 3 must be between 0 and 2"),
        ([ASK, "--max-tokens", "0"], "max_tokens 0 must be between 1 and 32768"),
        ([ASK, "--top-p", "0"], "top_p 0 must be above 0 and at most 1"),
        ([ASK, "--seed", "-1"], "seed -1 must be between 0 and"),
        ([ASK, "--stop", ""], "an empty stop would end every text at once"),
        ([ASK, "--stop", "x" * 201], "a stop of 201 characters is too long; at most 200"),
        ([ASK, "--stop", "\udcff"], "is not valid UTF-8 text; type it anew"),
        ([ASK, "--model", "gpt-9"], "no text model named 'gpt-9'"),
        ([ASK, "--schema", "nowhere.json"], "the schema nowhere.json cannot be read"),
        ([ASK, "-o", "nowhere/line.txt"], "nowhere"),
        (["kettle " * 40_000], "at most 200000 are read; shorten it"),
        (["\udcff"], "is not valid UTF-8 text; type it anew"),
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


def test_a_schema_that_is_no_json_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    schema = tmp_path / "schema.json"
    schema.write_text("{")
    code, _, problem = _run(monkeypatch, capsys, ASK, "--schema", str(schema))
    assert code == 2
    assert "the JSON Schema is no JSON" in problem
    schema.write_text('{"title": "\\ud800"}')
    code, _, problem = _run(monkeypatch, capsys, ASK, "--schema", str(schema))
    assert code == 2
    assert "the JSON Schema is not valid UTF-8 text" in problem
