"""`maquette image` as a person calls it: files, their recipe, and one line for each bad input."""

import errno
import json
import os
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from maquette.cli import app as command_line
from maquette.engines.catalog import SHIPPED, ModelSpec
from maquette.engines.clip import ClipEngine
from tests.conftest import TinyModels
from tests.lora_files import write_diffusers

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


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Pictures to start from by name: a good one, one of an odd size, and two that are none."""
    folder = tmp_path_factory.mktemp("inputs")
    names = {n: str(folder / f"{n}.png") for n in ("SOURCE", "ODD", "CUT", "WORDS")}
    noise = np.random.default_rng(1).integers(0, 255, (64, 64, 3), dtype=np.uint8)
    Image.fromarray(noise).save(names["SOURCE"])
    Image.new("RGB", (70, 64)).save(names["ODD"])
    Path(names["CUT"]).write_bytes(Path(names["SOURCE"]).read_bytes()[:2000])
    Path(names["WORDS"]).write_text("no picture")
    return names


def test_a_model_comes_with_its_usual_values(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    out = tmp_path / "boat.png"
    words = ["a red boat", "--model", "starter-turbo", "--size", "64x64", "-o", str(out)]
    for more, steps in (([], 4), (["--steps", "2"], 2)):
        assert _run(monkeypatch, capsys, *words, *more)[0] == 0
        with Image.open(out) as image:
            record = json.loads(image.text["maquette"])  # type: ignore[attr-defined]
        assert record["model"] == "starter-turbo"
        assert (record["num_inference_steps"], record["guidance_scale"]) == (steps, 1.0)
        assert record["sampler"] == "lcm"
    code, _, err = _run(monkeypatch, capsys, *words, "--negative", "blurry")
    assert code == 2
    assert "a negative prompt does nothing at guidance 1; give another guidance" in err


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
    assert _pixels(strip).shape == (64, 64 * 3 + 8, 3)  # the noise, after a step, the picture
    assert np.array_equal(_pixels(strip)[:, -64:], _pixels(out.with_name("boat-1.png")))
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
    assert _pixels(way).shape == (64, 64 * 3 + 8, 3)  # of the first picture, of two batches
    assert _run(monkeypatch, capsys, *common, "--mask", str(mask))[0] == 0
    assert np.array_equal(_pixels(out)[:, :32], noise[:, :32])
    assert _run(monkeypatch, capsys, *common, "--outpaint", "32,0,16,16")[0] == 0
    assert _pixels(out).shape == (80, 112, 3)
    assert np.array_equal(_pixels(out)[:64, 32:96], noise)


def test_a_lora_is_named_or_given_as_a_file_or_a_folder(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tiny_models: TinyModels,
    model: list[str],
    tmp_path: Path,
) -> None:
    folder = tmp_path / "data" / "adapters"
    file = write_diffusers(folder / "mine", tiny_models.image, 1)
    shutil.copy(file, folder / "ink.safetensors")

    def drawn(*words: str) -> np.ndarray:
        out = tmp_path / "out.png"
        common = ["boat", "-o", str(out), "--seed", "1", "--precision", "fp32", *FAST, *model]
        assert _run(monkeypatch, capsys, *common, *words)[0] == 0
        return _pixels(out)

    named, plain = drawn("--lora", "ink:0.5"), drawn()
    assert np.abs(named - plain).max() > 5
    for other in (file, file.parent):
        assert np.array_equal(drawn("--lora", f"{other}:0.5"), named)
    with Image.open(tmp_path / "out.png") as picture:
        record = json.loads(picture.text["maquette"])  # type: ignore[attr-defined]
    assert record["adapters"] == [{"adapter": "mine", "scale": 0.5}]
    both = drawn("--lora", "ink", "--lora", f"{file}:-1")  # which come to nothing
    assert np.abs(both - plain).max() <= 1


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["  "], 2, "the prompt is empty"),
        (["boat " * 200], 2, "tokens long; image reads 64: shorten it"),
        (["boat", "--size", "250x256"], 2, "width 250 must be a multiple of 16"),
        (["boat", "--size", "large"], 2, "size 'large' must be WIDTHxHEIGHT"),
        (["boat", "--size", "9" * 5000 + "x64"], 2, "must be WIDTHxHEIGHT"),
        (["boat", "--sampler", "plms"], 2, "unknown sampler 'plms'; known are ddim"),
        (["boat", "--model", "sd9"], 2, "no image model named 'sd9'"),
        (["boat", "--model", "starter-clip"], 2, "no image model named 'starter-clip'"),
        (["\udcff boat"], 2, "not valid UTF-8"),
        (["boat", "--steps", "0"], 2, "steps 0 must be between 1 and 1000"),
        (["boat", "-n", "0"], 2, "count 0 must be between 1 and 64"),
        (["boat", "-n", "0", "--best-of", "8"], 2, "0 pictures cannot be kept of 8"),
        (["boat", "-n", "4", "--best-of", "2"], 2, "--best-of 2 is less than -n 4"),
        (["boat", "--best-of", "0"], 2, "--best-of 0 is less than -n 1"),
        (["boat", "--strength", "0.5"], 2, "--strength needs a picture to start from"),
        (["boat", "--mask", "mask.png"], 2, "--mask needs a picture to work on"),
        (["boat", "--from", "none.png"], 2, "none.png does not exist"),
        (["boat", "-o", "none/boat.png"], 1, "the folder none does not exist"),
        (["boat", "-o", "boat.jpg"], 2, "boat.jpg does not end in .png"),
        (["boat", "-o", "b" * 300 + ".png"], 1, "file name too long"),
        (["boat", "-o", "b.png", "--trajectory", "b.png"], 2, "is a picture's own name"),
        (["boat", "--device", "tpu"], 2, "--device is 'tpu'; it must be auto, cpu or cuda"),
        (["boat", "--from", "SOURCE", "--size", "0x256"], 2, "width 0 must be a multiple of 16"),
        (["boat", "--from", "SOURCE", "--size", "99999x99999"], 2, "nearest is 1024"),
        (["boat", "--from", "SOURCE", "--outpaint", "99999,0,0,0"], 2, "width 100063 must be"),
        (["boat", "--from", "SOURCE", "--outpaint", "wide"], 2, "must be LEFT,TOP,RIGHT,BOTTOM"),
        (["boat", "--guidance-interval", "0.2"], 2, "'0.2' must be START,END in shares of"),
        (["boat", "--guidance-interval", "0.5,0.5"], 2, "interval 0.5,0.5 must be two shares"),
        (["boat", "--from", "SOURCE", "--mask", "ODD"], 2, "is 70x64 but"),
        (["boat", "--from", "ODD"], 2, "from 64 to 1024; nearest is 64; or give --size 256x256"),
        (["boat", "--from", "CUT"], 2, "cannot be read as a picture"),
        (["boat", "--from", "WORDS"], 2, "is not a picture that can be read"),
        (["boat", "--lora", "ink"], 2, "no LoRA named 'ink'; name a file, or put it in its place"),
        (["boat", "--lora", "WORDS"], 2, "others may run what is in them"),
        (["boat", "--lora", "ink:50"], 2, "scale 50 of 'ink' must be between -10 and 10"),
        (["boat", "--lora", "ink:nan"], 2, "scale nan of 'ink' must be between -10 and 10"),
        (["boat", "--lora", "ink", "--lora", "ink:2"], 2, "adapter 'ink' is named 2 times"),
        (["boat", *["--lora", "a"] * 9], 2, "9 adapters are too many; at most 8"),
    ],
)
def test_bad_input_is_one_line_and_writes_nothing(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    model: list[str],
    inputs: dict[str, str],
    tmp_path: Path,
    words: list[str],
    code: int,
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    given = [inputs.get(word, word) for word in words]
    given = given if "--model" in words else [*given, *model]
    got, out, err = _run(monkeypatch, capsys, *given)
    assert (got, out) == (code, "")
    assert message in err
    assert len(err.splitlines()) == 1
    assert [p.name for p in tmp_path.iterdir() if p.name != "data"] == []


def test_damaged_weights_and_a_full_disk_are_one_line_and_exit_code_one(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tiny_models: TinyModels,
    tmp_path: Path,
) -> None:
    broken, out = tmp_path / "broken", tmp_path / "out.png"
    shutil.copytree(tiny_models.image, broken)
    weights = broken / "vae" / "diffusion_pytorch_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-9])
    got, _, err = _run(monkeypatch, capsys, "boat", "-o", str(out), "--model", str(broken))
    assert got == 1
    assert "is missing or damaged; get the model again" in err
    assert len(err.splitlines()) == 1

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "replace", full)
    words = ["boat", "-o", str(out), *FAST, "--model", str(tiny_models.image)]
    got, _, err = _run(monkeypatch, capsys, *words)
    assert got == 1
    assert "out.png cannot be written: no space left on device; free some space" in err
    assert len(err.splitlines()) == 1
    assert [p.name for p in tmp_path.iterdir() if p.name != "data"] == ["broken"]


def test_the_best_are_kept_with_their_own_seeds(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    model: list[str],
    tiny_models: TinyModels,
    tmp_path: Path,
) -> None:
    clip = ModelSpec("clip", tiny_models.clip)
    monkeypatch.setitem(SHIPPED, "clip", (replace(clip, model_id="starter-clip"),))
    drawn, kept, way = (tmp_path / f"{n}.png" for n in ("drawn", "kept", "way"))
    words = ["boat", "--seed", "3", "--json", *FAST, *model]
    _run(monkeypatch, capsys, *words, "-o", str(drawn), "-n", "10")
    pictures = [Image.open(tmp_path / f"drawn-{i}.png") for i in range(1, 11)]
    order = ClipEngine(clip, torch.device("cpu")).rank("boat", pictures)
    words += ["-n", "2", "--best-of", "10", "-o", str(kept), "--trajectory", str(way)]
    code, text, _ = _run(monkeypatch, capsys, *words)
    assert code == 0
    assert [p["seed"] for p in json.loads(text)["pictures"]] == [3 + i for i in order[:2]]
    best = _pixels(tmp_path / "kept-1.png")
    assert np.array_equal(best, np.asarray(pictures[order[0]]).astype(int))
    assert np.array_equal(_pixels(way)[:, -64:], best)  # the strip is the best one's way
