"""A snapshot comes back as it was, or not at all."""

from pathlib import Path

import torch

from maquette.diffusion.request import Snapshot
from maquette.diffusion.snapshot_file import read_snapshot, write_snapshot


def test_a_snapshot_comes_back_and_a_damaged_one_is_none(tmp_path: Path) -> None:
    path = tmp_path / "one.safetensors"
    assert read_snapshot(path) is None
    kept = Snapshot(5, torch.randn(4, 6, 5), torch.randn(4, 6, 5), 12.5)
    write_snapshot(path, kept)
    read = read_snapshot(path)
    assert read is not None
    assert (read.step_index, read.waited_ms) == (5, 12.5)
    assert torch.equal(read.latents, kept.latents)
    assert torch.equal(read.previous, kept.previous)
    path.write_bytes(path.read_bytes()[:40])
    assert read_snapshot(path) is None
