"""`maquette speech` as a person calls it: files, captions, JSON, and one line for bad input."""

import io
import json
import re
import sys
from pathlib import Path

import pytest

from maquette.cli import app as command_line
from tests.speech.tones import write

TEXT = "Good morning. The boat is red."


def _run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *words: str
) -> tuple[int, str, str]:
    monkeypatch.setattr(sys, "argv", ["maquette", "speech", *words])
    with pytest.raises(SystemExit) as caught:
        command_line.main()
    output = capsys.readouterr()
    return int(caught.value.code or 0), output.out, output.err


def test_a_text_goes_into_files(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    sound, captions = tmp_path / "boat.mp3", tmp_path / "boat.srt"
    words = (TEXT, "-o", str(sound), "--captions", str(captions), "--voice", "f3", "--pitch", "-2")
    code, told, problem = _run(monkeypatch, capsys, *words)
    assert (code, told) == (0, f"{sound}\n{captions}\n"), problem
    assert sound.read_bytes().startswith(b"ID3")
    assert captions.read_text().count("-->") == 2


def test_it_speaks_json_and_standard_input_is_read(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    sound, captions = tmp_path / "boat.opus", tmp_path / "boat.vtt"
    monkeypatch.setattr(
        sys, "stdin", io.StringIO('A <emphasis level="strong">red</emphasis> boat.')
    )
    words = ("-", "--ssml", "-o", str(sound), "--captions", str(captions), "--by-word", "--json")
    code, told, problem = _run(monkeypatch, capsys, *words, "--language", "en-gb", "--speed", "1.5")
    assert code == 0, problem
    said = json.loads(told)
    assert said["output"] == str(sound)
    assert said["captions"] == str(captions)
    assert (said["sentences"], said["words"]) == (1, 3)
    assert 0.4 < said["seconds"] < 2
    assert re.findall("^[a-z.]+$", captions.read_text(), re.MULTILINE | re.IGNORECASE)[1:] == [
        "A",
        "red",
        "boat.",
    ]


def test_words_are_said_otherwise_and_voices_are_named_by_their_files(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    def said(name: str, *words: str) -> bytes:
        sound = tmp_path / name
        code, _, problem = _run(monkeypatch, capsys, TEXT, "-o", str(sound), *words)
        assert code == 0, problem
        return sound.read_bytes()

    plain = said("a.wav")
    assert said("b.wav", "--say", "boat=vessel") != plain
    voices = tmp_path / "data" / "voices"
    voices.mkdir(parents=True)
    path = write(voices)
    tones = said("c.wav", "--model", "tones")
    assert tones == said("d.wav", "--model", str(path)) != plain


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["  "], "the text is empty; say what to read"),
        (["x" * 50_001], "at most 50000 are read at once; make several of it"),
        (["\udcff"], "is not valid UTF-8; type it anew"),
        ([TEXT, "--voice", "f33"], "unknown voice 'f33' of espeak; did you mean f3?"),
        ([TEXT, "--language", "xx"], "unknown language 'xx'"),
        ([TEXT, "--speed", "9"], "speed 9 must be between 0.25 and 4"),
        ([TEXT, "--pitch", "13"], "pitch 13 must be between -12 and 12 semitones"),
        ([TEXT, "--model", "nowhere"], "no speech model named 'nowhere'"),
        ([TEXT, "--model", "tests"], "there is no voice tests; name a file NAME.onnx"),
        ([TEXT, "-o", "boat.ogg"], "boat.ogg names no format that speech is written in"),
        ([TEXT, "-o", "nowhere/boat.wav"], "the folder nowhere does not exist; make it first"),
        ([TEXT, "--captions", "boat.txt"], "captions are written as .srt or .vtt"),
        ([TEXT, "--say", "boat"], "--say 'boat' has no =; write it as WORD=PRONUNCIATION"),
        (["<speak><b>x</b></speak>"], "<b>"),
    ],
)
def test_what_does_not_fit_is_told_in_one_line_and_writes_nothing(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    words: list[str],
    line: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tests").mkdir()
    code, told, problem = _run(monkeypatch, capsys, *words)
    assert code in (1, 2)
    assert told == ""
    assert line in problem
    assert problem.count("\n") == 1
    assert [one.name for one in tmp_path.iterdir() if one.is_file()] == []
