"""Small versions of pictures: made once, and again where they are gone."""

import io
import threading
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from maquette.library.thumbnails import Thumbnails
from tests.waiting import PATIENCE_S

HASH = "ab" * 32


def _png(width: int, height: int, mode: str = "RGB") -> bytes:
    out = io.BytesIO()
    noise = np.random.default_rng(0).integers(0, 255, (height, width, 3), np.uint8)
    Image.fromarray(noise).convert(mode).save(out, "PNG")
    return out.getvalue()


def _opened(content: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(content))
    assert image.format == "WEBP"
    return image


@pytest.mark.parametrize("mode", ["RGB", "L", "P"])
def test_it_is_as_wide_as_asked_for_and_of_the_same_shape(tmp_path: Path, mode: str) -> None:
    whole = _png(600, 900, mode)
    small = Thumbnails(tmp_path).get(HASH, 256, lambda: whole)
    assert _opened(small).size == (256, 384)
    assert len(small) < len(whole) / 4


def test_it_is_never_larger_than_the_picture(tmp_path: Path) -> None:
    assert _opened(Thumbnails(tmp_path).get(HASH, 256, lambda: _png(64, 300))).size == (64, 300)


def test_it_is_made_once_and_again_where_it_is_gone(tmp_path: Path) -> None:
    reads: list[int] = []

    def read() -> bytes:
        reads.append(1)
        return _png(300, 300)

    thumbnails = Thumbnails(tmp_path)
    first = thumbnails.get(HASH, 256, read)
    askers = [threading.Thread(target=thumbnails.get, args=(HASH, 128, read)) for _ in range(8)]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join()
    assert thumbnails.get(HASH, 256, read) == first
    assert len(reads) == 2
    for path in tmp_path.rglob("*.webp"):
        path.unlink()
    assert Thumbnails(tmp_path).get(HASH, 256, read) == first
    assert len(reads) == 3


def test_what_is_kept_waits_for_none_that_is_made(tmp_path: Path) -> None:
    thumbnails = Thumbnails(tmp_path)
    kept = thumbnails.get(HASH, 256, lambda: _png(300, 300))
    reading, go_on = threading.Event(), threading.Event()

    def slow() -> bytes:
        reading.set()
        assert go_on.wait(2 * PATIENCE_S)
        return _png(300, 300)

    making = threading.Thread(target=thumbnails.get, args=(HASH, 128, slow))
    making.start()
    assert reading.wait(PATIENCE_S)
    other = threading.Thread(target=thumbnails.get, args=(HASH, 256, lambda: b""))
    other.start()
    other.join(PATIENCE_S)
    waited = other.is_alive()
    go_on.set()
    making.join()
    other.join()
    assert not waited
    assert thumbnails.get(HASH, 256, lambda: b"") == kept


def test_what_cannot_be_kept_is_shown_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "ab").write_text("no folder")
    assert _opened(Thumbnails(tmp_path).get(HASH, 256, lambda: _png(300, 300))).width == 256
