"""Pictures in and out: what cannot be read or written is one line, and nothing is half-written."""

import io
import json
import warnings
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from maquette.core.errors import InvalidRequest
from maquette.core.requests import AdapterUse, GenerationRequest, SamplingParams
from maquette.service.generate import extend, trajectory_strip
from maquette.service.pictures import (
    check_picture_path,
    png_texts,
    read_picture,
    read_upload,
    shrunk_upload,
    write_picture,
)

PICTURE = Image.fromarray(np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype=np.uint8))


def test_a_picture_carries_its_recipe(tmp_path: Path) -> None:
    request = GenerationRequest(SamplingParams("一艘红色的小船", "blurry", seed=3))
    path = tmp_path / "boat.png"
    write_picture(PICTURE, path, png_texts(request, 5, "starter"))
    with Image.open(path) as read:
        assert np.array_equal(np.asarray(read), np.asarray(PICTURE))
        texts = read.text  # type: ignore[attr-defined]
    assert texts["parameters"].splitlines() == [
        "一艘红色的小船",
        "Negative prompt: blurry",
        "Steps: 24, Sampler: dpm++2m, CFG scale: 4, Seed: 5, Size: 256x256, Model: starter",
    ]
    record = json.loads(texts["maquette"])
    assert record["seed"] == 5
    assert record["prompt"] == "一艘红色的小船"
    partly = GenerationRequest(SamplingParams("a boat", guidance_interval=(0.25, 0.75)))
    texts = png_texts(partly, 5, "starter")
    assert texts["parameters"].endswith("Model: starter, Guidance interval: 0.25-0.75")
    assert json.loads(texts["maquette"])["guidance_interval"] == [0.25, 0.75]
    adapters = (AdapterUse("/home/me/ink.safetensors", 0.5), AdapterUse("水彩"))
    texts = png_texts(GenerationRequest(SamplingParams("a boat", adapters=adapters)), 5, "starter")
    assert texts["parameters"].endswith("Model: starter, LoRA: ink:0.5, 水彩:1")
    named = [{"adapter": "ink", "scale": 0.5}, {"adapter": "水彩", "scale": 1.0}]
    assert json.loads(texts["maquette"])["adapters"] == named


def test_a_photograph_is_read_as_it_was_held(tmp_path: Path) -> None:
    path = tmp_path / "photo.jpg"
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    Image.new("RGB", (40, 20)).save(path, exif=exif)
    assert read_picture(path).size == (20, 40)


def test_what_is_shown_is_shrunk_and_not_read_where_it_is_large() -> None:
    file = io.BytesIO()
    Image.new("RGB", (3000, 1500), "red").save(file, "PNG")
    with Image.open(io.BytesIO(shrunk_upload(file.getvalue()))) as small:
        assert (small.format, small.size) == ("PNG", (1024, 512))
    file = io.BytesIO()
    Image.new("RGB", (4001, 4000)).save(file, "PNG")
    with pytest.raises(InvalidRequest, match="4001x4000; at most 16 million pixels are read"):
        shrunk_upload(file.getvalue())
    assert read_upload(file.getvalue()).size == (4001, 4000)  # to begin from


def _truncated(folder: Path) -> Path:
    path = folder / "cut.png"
    PICTURE.save(path)
    path.write_bytes(path.read_bytes()[:2000])
    return path


def _words(folder: Path) -> Path:
    path = folder / "words.png"
    path.write_text("not a picture")
    return path


def _huge(folder: Path) -> Path:
    path = folder / "huge.png"
    Image.new("1", (20_000, 5_000)).save(path)  # Pillow itself warns from 89 million on
    return path


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda folder: folder / "none.png", "none.png does not exist; name a picture file"),
        (_words, "words.png is not a picture that can be read; use PNG or JPEG"),
        (_truncated, "cut.png cannot be read as a picture: .*; save it anew"),
        (_huge, "huge.png is 20000x5000; at most 64 million pixels are read: shrink it"),
        (lambda folder: folder, "cannot be read as a picture"),
    ],
)
def test_a_picture_that_cannot_be_read_is_named(tmp_path: Path, make, message: str) -> None:
    path = make(tmp_path)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(InvalidRequest, match=message) as caught:
            read_picture(path)
    assert "\n" not in caught.value.message


def test_a_name_that_is_no_png_is_refused(tmp_path: Path) -> None:
    with pytest.raises(
        InvalidRequest, match=r"boat\.jpg does not end in \.png; .* name it boat\.png"
    ):
        check_picture_path(tmp_path / "boat.jpg")
    check_picture_path(tmp_path / "boat.PNG")


def test_deep_and_clear_pictures_look_as_they_do_elsewhere(tmp_path: Path) -> None:
    deep, clear = tmp_path / "deep.png", tmp_path / "clear.png"
    Image.fromarray(np.full((8, 8), 257 * 40, np.uint16)).save(deep)
    assert np.asarray(read_picture(deep)).max() == 40
    Image.new("RGBA", (8, 8), (255, 0, 0, 0)).save(clear)
    assert np.asarray(read_picture(clear)).min() == 255


def test_outpainting_masks_just_the_margins() -> None:
    larger, mask = extend(PICTURE, 16, 0, 32, 48)
    assert larger.size == mask.size == (112, 112)
    inside = (16, 0, 80, 64)
    assert np.array_equal(np.asarray(larger.crop(inside)), np.asarray(PICTURE))
    assert not np.asarray(mask.crop(inside)).any()
    assert int((np.asarray(mask) == 255).sum()) == 112 * 112 - 64 * 64
    with pytest.raises(InvalidRequest, match="at least one of them above zero"):
        extend(PICTURE, 0, 0, 0, 0)
    with pytest.raises(InvalidRequest, match="width 99999 must be"):
        extend(PICTURE, 99_935, 0, 0, 0)


def test_a_strip_holds_every_picture() -> None:
    strip = trajectory_strip([PICTURE, PICTURE, PICTURE], gap_px=4)
    assert strip.size == (64 * 3 + 8, 64)
    assert np.array_equal(np.asarray(strip)[:, 136:], np.asarray(PICTURE))
