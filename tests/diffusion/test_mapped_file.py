"""A mapped file's pages do not stay with the process, and its bytes are those of the file."""

import sys
from hashlib import sha256
from pathlib import Path

import pytest

from maquette.diffusion.mapped_file import MappedFile

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="smaps are Linux's")


def resident_bytes(path: Path) -> int:
    """What this process holds of the files it has mapped from a path."""
    total, inside = 0, False
    for line in Path("/proc/self/smaps").read_text().splitlines():
        if "-" in line.split()[0]:
            inside = line.endswith(str(path))
        elif inside and line.startswith("Rss:"):
            total += int(line.split()[1]) * 1024
    return total


def test_what_was_read_is_let_go_of(tmp_path: Path) -> None:
    path = tmp_path / "weights.bin"
    path.write_bytes(bytes(range(256)) * 2**14)
    mapped = MappedFile(path)
    digest = sha256(mapped.array.data).digest()
    assert resident_bytes(path) == path.stat().st_size
    with mapped.passing():
        assert sha256(mapped.array.data).digest() == digest
    assert resident_bytes(path) == 0
    assert sha256(mapped.array.data).digest() == digest == sha256(path.read_bytes()).digest()
