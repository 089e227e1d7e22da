"""`maquette image` as a person calls it: files, their recipe, and one line for each bad input."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from maquette.cli import app as command_line
from tests.conftest import TinyModels

FAST = ["--steps", "2", "--size", "64x64", "--threads", "1"]


def _run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *words: str
) -> tuple[int, str, str]:
    monkeypatch.setattr(sys, "argv", ["maquette", "image", *words])
    with pytest.raises(SystemExit) as caught:
        command_line.main()
    output = capsys.readouterr()
    return int(caught.value.code or 0), output.out, output.err


def _pixels(path: Path | str) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image).astype(int)


@pytest.fixture
def model(tiny_models: TinyModels) -> list[str]:
    return ["--model", str(tiny_models.image)]


def test_pictures_and_their_seeds(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    model: list[str],
    tmp_path: Path,
) -> None:
    out, strip = tmp_path / "boat.png", tmp_path / "way.png"
    code, text, _ = _run(
        monkeypatch, capsys, "a red boat", "-o", str(out), "-n", "2", "--seed", "5", "--json",
        "--trajectory", str(strip), *FAST, *model,
    )  # fmt: skip
    assert code == 0
    written = json.loads(text)["pictures"]
    assert [(Path(p["path"]).name, p["seed"]) for p in written] == [
        ("boat-1.png", 5),
        ("boat-2.png", 6),
    ]
    assert _pixels(strip).shape == (64, 64 * 2 + 4, 3)
    # The second picture's recipe makes it again.
    again = tmp_path / "again.png"
    _run(monkeypatch, capsys, "a red boat", "-o", str(again), "--seed", "6", *FAST, *model)
    assert np.abs(_pixels(written[1]["path"]) - _pixels(again)).max() <= 4


def test_a_picture_can_be_varied_repaired_and_extended(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    model: list[str],
    tmp_path: Path,
) -> None:
    source, mask, out = (tmp_path / f"{name}.png" for name in ("source", "mask", "out"))
    noise = np.random.default_rng(1).integers(0, 255, (64, 64, 3), dtype=np.uint8)
    Image.fromarray(noise).save(source)
    painted = np.zeros((64, 64), np.uint8)
    painted[:, 32:] = 255
    Image.fromarray(painted).save(mask)
    common = ["a cat", "--from", str(source), "-o", str(out), "--steps", "4", *model]
    way = tmp_path / "way.png"
    varied = ["-n", "9", "--strength", "0.5", "--trajectory", str(way)]
    assert _run(monkeypatch, capsys, *common, *varied)[0] == 0
    assert _pixels(tmp_path / "out-9.png").shape == (64, 64, 3)
    assert _pixels(way).shape == (64, 64 * 2 + 4, 3)  # the two steps of the first batch
    assert _run(monkeypatch, capsys, *common, "--mask", str(mask))[0] == 0
    assert np.array_equal(_pixels(out)[:, :32], noise[:, :32])
    assert _run(monkeypatch, capsys, *common, "--outpaint", "32,0,16,16")[0] == 0
    assert _pixels(out).shape == (80, 112, 3)
    assert np.array_equal(_pixels(out)[:64, 32:96], noise)


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["  "], 2, "the prompt is empty"),
        (["boat " * 200], 2, "tokens long; image reads 64: shorten it"),
        (["boat", "--size", "250x256"], 2, "width 250 must be a multiple of 16"),
        (["boat", "--size", "large"], 2, "size 'large' must be WIDTHxHEIGHT"),
        (["boat", "--sampler", "plms"], 2, "sampler 'plms' is not one of euler"),
        (["boat", "--model", "sd9"], 2, "no model named 'sd9'"),
        (["boat", "--steps", "0"], 2, "steps 0 must be between 1 and 1000"),
        (["boat", "-n", "0"], 2, "count 0 must be between 1 and 64"),
        (["boat", "--strength", "0.5"], 2, "--strength needs a picture to start from"),
        (["boat", "--mask", "mask.png"], 2, "--mask needs a picture to work on"),
        (["boat", "--from", "none.png"], 2, "none.png does not exist"),
        (["boat", "-o", "none/boat.png"], 1, "the folder none does not exist"),
        (["boat", "--device", "tpu"], 2, "--device is 'tpu'; it must be auto, cpu or cuda"),
    ],
)
def test_bad_input_is_one_line_and_writes_nothing(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    model: list[str],
    tmp_path: Path,
    words: list[str],
    code: int,
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    given = words if "--model" in words else [*words, *model]
    got, out, err = _run(monkeypatch, capsys, *given)
    assert (got, out) == (code, "")
    assert message in err
    assert len(err.splitlines()) == 1
    assert [p.name for p in tmp_path.iterdir() if p.name != "data"] == []
