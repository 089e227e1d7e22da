"""Where a backup lies, written whole or not at all: a folder that grows, or a tar file."""

import fcntl
import io
import os
import shutil
import tarfile
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp
from typing import IO, Literal, Protocol

from pydantic import BaseModel, ConfigDict, ValidationError

from maquette.core.errors import BackupDamaged, OutputNotWritable, UsageError, reason_and_remedy
from maquette.core.files import flush, write_whole
from maquette.library.blobs import Blobs, hash_of

MANIFEST, BLOBS = "manifest.json", "blobs"
TAR = ".tar"


class Manifest(BaseModel):
    """What a backup says of itself. Parts are named with their SHA-256."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal[1] = 1
    maquette: str
    created_at: str
    postgresql: str
    revision: str  # of the tables
    rows: dict[str, int]  # by table
    parts: dict[str, str]  # the dump, and the list of all blobs that its rows name
    blobs: int
    blob_bytes: int
    missing: list[str]  # blobs that rows name and that were not there, or no longer fitted
    adapters: dict[str, str]  # by file; their bytes are among the blobs
    settings: str | None  # the file settings.toml


class Place(Protocol):
    """A backup that is written or read. `blob_bytes` is how many a blob has, None where it is not
    there; `get_blob` raises KeyError where it is not there, or no longer fits its hash.
    """

    def blob_bytes(self, content_hash: str) -> int | None: ...
    def put_blob(self, content: bytes, content_hash: str) -> None: ...
    def put_file(self, name: str, path: Path) -> None: ...
    def get_blob(self, content_hash: str) -> bytes: ...
    def open(self, name: str) -> IO[bytes]: ...


class FolderPlace:
    """A folder: the parts, and blobs as the studio has them."""

    def __init__(self, folder: Path) -> None:
        self.folder, self._blobs = folder, Blobs(folder / BLOBS)

    def blob_bytes(self, content_hash: str) -> int | None:
        try:
            return self._blobs.path(content_hash).stat().st_size
        except FileNotFoundError:
            return None

    def put_blob(self, content: bytes, content_hash: str) -> None:
        self._blobs.delete(content_hash)  # or bytes that no longer fit it would be kept
        self._blobs.put(content)

    def put_file(self, name: str, path: Path) -> None:
        shutil.copyfile(path, self.folder / name)
        flush(self.folder / name)

    def get_blob(self, content_hash: str) -> bytes:
        return self._blobs.get(content_hash)

    def open(self, name: str) -> IO[bytes]:
        return (self.folder / name).open("rb")

    def drop_others(self, manifest: Manifest, kept: Iterable[str]) -> None:
        """Lets go what earlier backups had here and this one has not; `kept` are sorted hashes."""
        for path in self.folder.iterdir():
            if path.is_file() and path.name not in {MANIFEST, *manifest.parts}:
                path.unlink()
        wanted, adapters = iter(kept), set(manifest.adapters.values())
        next_kept = next(wanted, None)
        for path in _sorted_files(self.folder / BLOBS):
            while next_kept is not None and next_kept < path.name:
                next_kept = next(wanted, None)
            if path.name != next_kept and path.name not in adapters:
                path.unlink()


class TarPlace:
    """A tar file; what was put is found again by its place in the file."""

    def __init__(self, tar: tarfile.TarFile) -> None:
        self._tar = tar
        self._members = {m.name: m for m in tar} if tar.mode == "r" else {}

    def blob_bytes(self, content_hash: str) -> int | None:
        return None  # a new file has none, and each is put once

    def put_blob(self, content: bytes, content_hash: str) -> None:
        self.put(_name(content_hash), content)

    def put(self, name: str, content: bytes) -> None:
        member = tarfile.TarInfo(name)
        member.size, member.mode = len(content), 0o600
        self._tar.addfile(member, io.BytesIO(content))

    def put_file(self, name: str, path: Path) -> None:
        self._tar.add(path, name)

    def get_blob(self, content_hash: str) -> bytes:
        try:
            with self.open(_name(content_hash)) as file:
                content = file.read()
        except FileNotFoundError:
            raise KeyError(content_hash) from None
        if hash_of(content) != content_hash:
            raise KeyError(f"{content_hash}: its bytes have changed")
        return content

    def open(self, name: str) -> IO[bytes]:
        member = self._members.get(name)
        file = self._tar.extractfile(member) if member else None
        if file is None:
            raise FileNotFoundError(name)
        return file


def _name(content_hash: str) -> str:
    return f"{BLOBS}/{content_hash[:2]}/{content_hash[2:4]}/{content_hash}"


Fill = Callable[[Place, Path], tuple[Manifest, Path]]


def write_backup(place: Path, fill: Fill) -> Manifest:
    """Has a backup filled, which counts from the moment on that its manifest is there. `fill` is
    given the place and a folder for what it makes on the way; it gives the manifest, and the list
    of hashes that it has put. Raises UsageError where the place is taken, OutputNotWritable.
    """
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with (
            _alone(place),
            TemporaryDirectory(dir=place.parent, prefix=f".{place.name}.") as made,
        ):
            check_free(place)
            return (_write_tar if place.suffix == TAR else _write_folder)(place, Path(made), fill)
    except OSError as error:
        raise OutputNotWritable(
            f"the backup {place} cannot be written: {reason_and_remedy(error)}"
        ) from None


@contextmanager
def _alone(place: Path) -> Generator[None]:
    """Keeps a place to one backup at a time: another would let go what this one has put there. A
    file beside it is locked meanwhile. Raises UsageError where another one is being written.
    """
    real = place.resolve()
    lock = real.parent / f".{real.name}.lock"
    with lock.open("a") as file:
        if not _locks(file, lock):
            raise UsageError(f"another backup is being written to {place}; wait until it is done")
        try:
            yield
        finally:
            lock.unlink(missing_ok=True)


def _locks(file: IO[str], path: Path) -> bool:
    """Whether it is locked now, and still the file of that name: whoever ends takes theirs away."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except (BlockingIOError, FileNotFoundError):
        return False


def check_free(place: Path) -> None:
    """Raises UsageError for a place that holds something else than a backup."""
    if place.suffix == TAR:
        if place.exists():
            raise UsageError(f"{place} is there already; name another file")
    elif place.is_dir() and any(place.iterdir()) and not (place / MANIFEST).is_file():
        raise UsageError(f"{place} is a folder that holds no backup; name another")
    elif place.exists() and not place.is_dir():
        raise UsageError(f"{place} is a file; name a folder, or a file that ends in {TAR}")


def _write_tar(place: Path, made: Path, fill: Fill) -> Manifest:
    new = made / place.name
    with tarfile.open(new, "w", format=tarfile.PAX_FORMAT) as tar:
        writer = TarPlace(tar)
        manifest, _ = fill(writer, made)
        writer.put(MANIFEST, manifest.model_dump_json(indent=1).encode())
    flush(new)
    new.chmod(0o600)
    new.replace(place)
    flush(place.parent)
    return manifest


def _write_folder(place: Path, made: Path, fill: Fill) -> Manifest:
    """A new folder is made beside its place. One that is there stays a backup all the while: blobs
    are added, and its manifest changes last. All is on the disk before what was there goes.
    """
    is_new = not (place / MANIFEST).exists()
    folder = Path(mkdtemp(dir=made)) if is_new else place
    writer = FolderPlace(folder)
    manifest, hashes = fill(writer, made)
    flush(folder)
    write_whole(folder / MANIFEST, manifest.model_dump_json(indent=1).encode(), flushed=True)
    if is_new:
        folder.replace(place)
        flush(place.parent)
    else:
        with hashes.open() as lines:
            writer.drop_others(manifest, (line[:64] for line in lines))
    return manifest


@contextmanager
def read_backup(place: Path) -> Generator[tuple[Manifest, Place]]:
    """A backup with what it says of itself. Raises BackupDamaged where it is none."""
    try:
        if place.is_dir():
            found = FolderPlace(place)
            yield _manifest(place, found), found
        else:
            with tarfile.open(place, "r:") as tar:
                packed = TarPlace(tar)
                yield _manifest(place, packed), packed
    except FileNotFoundError as error:
        missing = error.filename or error
        raise BackupDamaged(f"{place} is no whole backup: {missing} is not there") from None
    except tarfile.TarError as error:
        raise BackupDamaged(f"{place} is no backup, or is cut short: {error}") from None


def _manifest(place: Path, found: Place) -> Manifest:
    with found.open(MANIFEST) as file:
        text = file.read()
    try:
        return Manifest.model_validate_json(text)
    except ValidationError as error:
        where = ".".join(map(str, error.errors()[0]["loc"]))
        raise BackupDamaged(
            f"{place / MANIFEST} is damaged or of another version: {where or 'it is no JSON'}"
        ) from None


def _sorted_files(folder: Path) -> Generator[Path]:
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if path.is_dir():
            yield from _sorted_files(path)
        else:
            yield path
