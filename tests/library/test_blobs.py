"""Blobs are kept once, come back as they were, and tell when they do not."""

from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from maquette.core.errors import OutputNotWritable
from maquette.library.blobs import Blobs


@given(content=st.binary(max_size=2000))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
def test_what_is_put_comes_back_by_its_hash(tmp_path: Path, content: bytes) -> None:
    blobs = Blobs(tmp_path)
    content_hash = blobs.put(content)
    assert content_hash == sha256(content).hexdigest()
    assert blobs.get(content_hash) == content


def test_the_same_bytes_are_kept_once_and_a_cut_file_is_mended(tmp_path: Path) -> None:
    blobs = Blobs(tmp_path)
    content_hash = blobs.put(b"a boat")
    written = blobs.path(content_hash).stat().st_mtime_ns
    assert blobs.put(b"a boat") == content_hash
    assert blobs.path(content_hash).stat().st_mtime_ns == written
    blobs.path(content_hash).write_bytes(b"a b")
    blobs.put(b"a boat")
    assert blobs.get(content_hash) == b"a boat"
    assert len([p for p in tmp_path.rglob("*") if p.is_file()]) == 1


def test_missing_and_changed_bytes_are_told_apart(tmp_path: Path) -> None:
    blobs = Blobs(tmp_path)
    content_hash = blobs.put(b"a boat")
    blobs.path(content_hash).write_bytes(b"a boot")
    with pytest.raises(KeyError, match="its bytes have changed"):
        blobs.get(content_hash)
    blobs.path(content_hash).unlink()
    with pytest.raises(KeyError):
        blobs.get(content_hash)


@pytest.mark.parametrize("name", ["", "../../etc/passwd", "A" * 64, "0" * 63])
def test_only_hashes_are_looked_up(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="is no SHA-256"):
        Blobs(tmp_path).get(name)


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "blobs").write_text("a file")
    with pytest.raises(OutputNotWritable, match="cannot be made"):
        Blobs(tmp_path / "blobs").put(b"a boat")
