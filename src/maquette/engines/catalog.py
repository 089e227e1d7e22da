"""The models by name, and the check that their weights are whole."""

import json
from dataclasses import dataclass
from hashlib import file_digest
from pathlib import Path

from maquette.core.errors import ModelNotFound, WeightsDamaged

WEIGHTS = Path(__file__).parent.parent / "weights"
HASHES_FILE = "hashes.json"


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """A checkpoint: its name and its folder, in the layout of diffusers or transformers."""

    model_id: str
    folder: Path


STARTERS = {
    "starter": ModelSpec("starter", WEIGHTS / "starter"),
    "starter-clip": ModelSpec("starter-clip", WEIGHTS / "clip"),
    "starter-probe": ModelSpec("starter-probe", WEIGHTS / "probe"),
}


def find_model(model: str) -> ModelSpec:
    """The spec of a model by name or folder. Raises ModelNotFound naming what there is."""
    spec = STARTERS.get(model)
    if spec is None:
        folder = Path(model).expanduser()
        if not folder.is_dir():
            names = ", ".join(STARTERS)
            raise ModelNotFound(f"no model named {model!r}; use one of {names}, or a folder")
        spec = ModelSpec(folder.name, folder)
    if not spec.folder.is_dir():
        raise ModelNotFound(f"the weights of {model!r} are missing; reinstall maquette")
    return spec


def verify_weights(spec: ModelSpec) -> None:
    """Compares every file with the hashes written beside it, where there are any.

    Raises WeightsDamaged naming the first file that is missing or differs.
    """
    listing = spec.folder / HASHES_FILE
    if not listing.exists():
        return
    for name, expected in json.loads(listing.read_text()).items():
        path = spec.folder / name
        if not path.exists() or _sha256(path) != expected:
            raise WeightsDamaged(
                f"{path} is missing or damaged; reinstall maquette to get it again"
            )


def write_hashes(folder: Path) -> None:
    """Writes the hashes of all files of a finished checkpoint beside them."""
    hashes = {
        path.relative_to(folder).as_posix(): _sha256(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != HASHES_FILE
    }
    (folder / HASHES_FILE).write_text(json.dumps(hashes, indent=1) + "\n")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()
