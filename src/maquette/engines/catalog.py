"""The models by name, and the reading of their weights, whole or not at all."""

import json
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import file_digest
from pathlib import Path
from typing import Any

from safetensors import SafetensorError

from maquette.core.errors import (
    InvalidRequest,
    ModelNotFound,
    WeightsDamaged,
    did_you_mean,
    first_line,
)

WEIGHTS = Path(__file__).parent.parent / "weights"
HASHES_FILE = "hashes.json"
# What a folder holds that holds a model of this kind.
MARKS = {"image": "model_index.json", "clip": "vision/config.json", "probe": "probe.safetensors"}


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """A checkpoint: its name and its folder, in the layout of diffusers or transformers.

    Of a `shipped` one the hashes must be there.
    """

    model_id: str
    folder: Path
    shipped: bool = False


STARTERS = {
    "image": ModelSpec("starter", WEIGHTS / "starter", shipped=True),
    "clip": ModelSpec("starter-clip", WEIGHTS / "clip", shipped=True),
    "probe": ModelSpec("starter-probe", WEIGHTS / "probe", shipped=True),
}


def find_model(model: str, kind: str) -> ModelSpec:
    """The spec of a model of a kind of MARKS by name or folder.

    Raises ModelNotFound naming what there is.
    """
    starter = STARTERS[kind]
    if model == starter.model_id:
        return starter
    folder = _folder(model)
    if folder is None:
        hint = did_you_mean(model, [starter.model_id])
        raise ModelNotFound(f"no {kind} model named {model!r}; {hint}, or name a folder")
    if not (folder / MARKS[kind]).is_file():
        raise ModelNotFound(
            f"the folder {model} holds no {kind} model, for {MARKS[kind]} is not in it; "
            "name another"
        )
    return ModelSpec(folder.name, folder)


def _folder(name: str) -> Path | None:
    try:
        folder = Path(name).expanduser().resolve()
        return folder if folder.is_dir() else None
    except (RuntimeError, OSError):  # a home or a name that cannot be
        return None


@contextmanager
def reading(spec: ModelSpec) -> Generator[None]:
    """Checks the hashes; then whatever a library says while it reads becomes WeightsDamaged."""
    remedy = "reinstall maquette" if spec.shipped else "get the model again"
    try:
        verify_weights(spec)
        yield
    except WeightsDamaged as error:
        raise WeightsDamaged(f"{error.message}; {remedy}") from error.__cause__
    except InvalidRequest as error:  # whole, but of a kind that is not known here
        raise InvalidRequest(f"{spec.folder} cannot be used: {error.message}") from None
    except (
        OSError,
        ValueError,
        RuntimeError,
        KeyError,
        TypeError,
        AttributeError,
        SafetensorError,
    ) as error:
        raise WeightsDamaged(
            f"{spec.folder} does not hold a whole model: {first_line(error)}; {remedy}"
        ) from error


def load_whole(kind: Any, folder: Path, **options: Any) -> Any:
    """A model of class `kind` of diffusers or transformers from its folder, never from a hub.

    Raises WeightsDamaged where the file lacks a weight: the libraries would make one up.
    """
    model, info = kind.from_pretrained(
        folder.absolute(), local_files_only=True, output_loading_info=True, **options
    )
    if missing := sorted(info["missing_keys"]):
        raise WeightsDamaged(f"{folder} lacks {missing[0]} and {len(missing) - 1} more weights")
    return model


def verify_weights(spec: ModelSpec) -> None:
    """Compares every file with the hashes written beside it; a folder from elsewhere has none.

    Raises WeightsDamaged naming the first file that is missing or differs.
    """
    listing = spec.folder / HASHES_FILE
    if not listing.exists() and not spec.shipped:
        return
    try:
        hashes = json.loads(listing.read_text())
    except (OSError, ValueError):
        raise WeightsDamaged(f"{listing} is missing or damaged") from None
    for name, expected in hashes.items():
        path = spec.folder / name
        if not path.exists() or sha256(path) != expected:
            raise WeightsDamaged(f"{path} is missing or damaged")


def write_hashes(folder: Path) -> None:
    """Writes the hashes of all files of a finished checkpoint beside them."""
    hashes = {
        path.relative_to(folder).as_posix(): sha256(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != HASHES_FILE
    }
    (folder / HASHES_FILE).write_text(json.dumps(hashes, indent=1) + "\n")


def sha256(path: Path) -> str:
    """The hash of a file, in hexadecimal."""
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()
