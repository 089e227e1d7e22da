"""What a program left is read as what it is, wherever its links lead."""

import os
import socket
from pathlib import Path

import pytest

from maquette.sandbox.folder import Left, read_folder
from maquette.sandbox.runs import MIB, Limits


def read(path: Path, limits: Limits | None = None) -> Left:
    folder = os.open(path, os.O_RDONLY)
    try:
        return read_folder(folder, limits or Limits())
    finally:
        os.close(folder)


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    folder = tmp_path / "outside"
    folder.mkdir()
    (folder / "secret").write_text("secret")
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "folder"
    folder.mkdir()
    return folder


def test_files_and_folders(folder: Path) -> None:
    (folder / "b").write_bytes(b"\0\xff")
    (folder / "a" / "deep").mkdir(parents=True)
    (folder / "a" / "deep" / "图.txt").write_text("红")
    (folder / "empty").mkdir()
    (folder / "nothing").touch()
    left = read(folder)
    assert left.fits
    assert list(left.files.items()) == [
        ("a/deep/图.txt", "红".encode()),
        ("b", b"\0\xff"),
        ("nothing", b""),
    ]


def test_no_link_is_followed(folder: Path, outside: Path) -> None:
    (folder / "file").symlink_to(outside / "secret")
    (folder / "above").symlink_to("../outside/secret")
    (folder / "folder").symlink_to(outside)
    (folder / "root").symlink_to("/")
    (folder / "circle").symlink_to(".")
    (folder / "nowhere").symlink_to("/none")
    assert read(folder) == Left(fits=True)


def test_what_is_not_a_file_is_left_out(folder: Path) -> None:
    os.mkfifo(folder / "pipe")
    with socket.socket(socket.AF_UNIX) as line:
        line.bind(f"/proc/self/fd/{os.open(folder, os.O_PATH)}/socket")
    (folder / "file").write_text("kept")
    assert read(folder).files == {"file": b"kept"}


def test_names_that_are_not_plain_are_left_out(folder: Path) -> None:
    for name in (b"line\nfeed", b"\xff", b"back\\slash", b"\x1b[2J"):
        Path(os.fsdecode(os.fsencode(folder) + b"/" + name)).write_text("x")
    (folder / "in\tner").mkdir()
    (folder / "in\tner" / "file").write_text("x")
    (folder / "file").write_text("kept")
    assert read(folder).files == {"file": b"kept"}


def test_too_deep_is_left_out(folder: Path) -> None:
    deep = folder
    for _ in range(40):
        deep /= "d"
        deep.mkdir()
    (deep / "file").write_text("x")
    assert read(folder) == Left(fits=True)


@pytest.mark.parametrize("sparse", [True, False])
def test_too_much_is_nothing(folder: Path, sparse: bool) -> None:
    for name in "abc":
        with open(folder / name, "wb") as file:
            file.truncate(MIB) if sparse else file.write(bytes(MIB))
    assert len(read(folder, Limits(disk_bytes=3 * MIB)).files) == 3
    assert read(folder, Limits(disk_bytes=3 * MIB - 1)) == Left(fits=False)
    assert read(folder, Limits(files=2)) == Left(fits=False)


def test_what_may_not_be_read_is_left_out(folder: Path) -> None:
    (folder / "closed").write_text("x")
    (folder / "closed").chmod(0)
    (folder / "inner").mkdir()
    (folder / "inner" / "file").write_text("x")
    (folder / "inner").chmod(0)
    found = read(folder).files
    (folder / "inner").chmod(0o700)
    # Root reads what it will; it is the same program that wrote it.
    assert set(found) == (set() if os.geteuid() else {"closed", "inner/file"})
