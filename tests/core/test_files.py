"""Files appear whole or not at all, and a place is tried before the work for it."""

import os
from pathlib import Path

import pytest

from maquette.core.errors import OutputNotWritable
from maquette.core.files import check_writable, write_whole


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("none/boat.png", "none does not exist; make it first"),
        (".", "is a folder; name a file in it"),
        ("a" * 300 + ".png", "file name too long; choose a shorter name"),
        ("a" * 250 + ".png", "file name too long; choose a shorter name"),
        ("pipe", "is not a file that can be replaced; name another"),
    ],
)
def test_a_place_that_cannot_be_written_is_named_before_any_work(
    tmp_path: Path, name: str, message: str
) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OutputNotWritable, match=message) as caught:
        check_writable(tmp_path / name)
    assert "\n" not in caught.value.message
    assert [p.name for p in tmp_path.iterdir()] == ["pipe"]


def test_a_file_is_written_through_its_link_and_keeps_its_mode(tmp_path: Path) -> None:
    place, link = tmp_path / "place.png", tmp_path / "link.png"
    place.write_bytes(b"old")
    place.chmod(0o600)
    link.symlink_to(place)
    check_writable(link)
    write_whole(link, b"new")
    assert link.is_symlink()
    assert place.read_bytes() == b"new"
    assert place.stat().st_mode & 0o777 == 0o600
    write_whole(tmp_path / "fresh.png", b"new")
    umask = os.umask(0)
    os.umask(umask)
    assert (tmp_path / "fresh.png").stat().st_mode & 0o777 == 0o666 & ~umask


def test_a_failure_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "boat.png"
    path.write_bytes(b"the old one")

    def full(*_: object) -> None:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OutputNotWritable, match="no space left on device; free some space"):
        write_whole(path, b"new")
    assert path.read_bytes() == b"the old one"
    assert [p.name for p in tmp_path.iterdir()] == ["boat.png"]
