"""Reads what a program left in its folder, and trusts nothing there."""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field

from maquette.sandbox.runs import Limits, is_plain

MOST_DEPTH = 32


@dataclass(frozen=True, slots=True)
class Left:
    """The files of a folder; none of them where they are more than `fits`."""

    fits: bool
    files: dict[str, bytes] = field(default_factory=dict[str, bytes])


def read_folder(folder: int, limits: Limits) -> Left:
    """The regular files below the open `folder`, no link followed. No one may write there any more.

    A sparse file counts with its whole size, for that is what is read.
    """
    found: dict[str, bytes] = {}
    size = 0
    for name, parent, last in _regular_files(folder):
        try:
            file = os.open(last, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=parent)
        except OSError:  # its rights were taken off
            continue
        with open(file, "rb") as stream:
            about = os.fstat(stream.fileno())
            size += about.st_size
            if not stat.S_ISREG(about.st_mode):
                continue
            if size > limits.disk_bytes or len(found) == limits.files:
                return Left(fits=False)
            found[name] = stream.read(about.st_size)
    return Left(fits=True, files=dict(sorted(found.items())))


def _regular_files(folder: int, below: str = "", depth: int = 0) -> Iterator[tuple[str, int, str]]:
    """The whole name, the open folder it is in, and the name there, of each file."""
    with os.scandir(folder) as entries:
        listed = list(entries)
    for entry in listed:
        name = below + entry.name
        if not is_plain(name):
            continue
        if entry.is_file(follow_symlinks=False):
            yield name, folder, entry.name
        elif entry.is_dir(follow_symlinks=False) and depth < MOST_DEPTH:
            flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
            try:
                inner = os.open(entry.name, flags, dir_fd=folder)
            except OSError:
                continue
            try:
                yield from _regular_files(inner, f"{name}/", depth + 1)
            finally:
                os.close(inner)
