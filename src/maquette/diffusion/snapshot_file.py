"""Snapshots on the disk, for a process that has to go on where another died."""

from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from maquette.core.files import write_whole
from maquette.diffusion.request import Snapshot


def write_snapshot(path: Path, snapshot: Snapshot) -> None:
    """Writes it whole or not at all. Raises OutputNotWritable."""
    tensors = {"latents": snapshot.latents, "previous": snapshot.previous}
    marks = {"step_index": str(snapshot.step_index), "waited_ms": str(snapshot.waited_ms)}
    write_whole(path, save(tensors, marks))


def read_snapshot(path: Path) -> Snapshot | None:
    """The snapshot of a file; None where there is none or it is damaged."""
    try:
        with safe_open(path, "pt") as file:
            marks = file.metadata()
            return Snapshot(
                int(marks["step_index"]),
                file.get_tensor("latents"),
                file.get_tensor("previous"),
                float(marks["waited_ms"]),
            )
    except (OSError, SafetensorError, KeyError, ValueError):
        return None
