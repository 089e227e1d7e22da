"""Bytes by their hash: the same bytes are kept once, and cannot change unseen."""

from hashlib import sha256
from pathlib import Path
from typing import Protocol

from maquette.core.errors import OutputNotWritable, reason_and_remedy
from maquette.core.files import write_whole


class BlobStore(Protocol):
    """What keeps blobs: a folder (`Blobs`), or a bucket of an object store (`ObjectBlobs`)."""

    def put(self, content: bytes) -> str:
        """Keeps bytes for good; gives their hash. Blobs come before the rows that name them, so
        that no row ever names a missing one.
        """
        ...

    def get(self, content_hash: str) -> bytes:
        """The bytes of a hash. Raises KeyError where they are not here or no longer fit it."""
        ...

    def delete(self, content_hash: str) -> None:
        """Lets the bytes of a hash go, after the last row that names them."""
        ...


class Blobs:
    """A folder of blobs, `ab/cd/abcd…` by SHA-256."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, content: bytes) -> str:
        """Keeps bytes, on the disk when this returns. Raises OutputNotWritable."""
        content_hash = hash_of(content)
        path = self.path(content_hash)
        if path.exists() and path.stat().st_size == len(content):
            return content_hash
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputNotWritable(
                f"{path.parent} cannot be made: {reason_and_remedy(error)}"
            ) from None
        write_whole(path, content, flushed=True)  # or a power cut leaves a row without its bytes
        return content_hash

    def get(self, content_hash: str) -> bytes:
        """The bytes of a hash. Raises KeyError where they are not here or no longer fit it."""
        try:
            content = self.path(content_hash).read_bytes()
        except FileNotFoundError:
            raise KeyError(content_hash) from None
        if hash_of(content) != content_hash:
            raise KeyError(f"{content_hash}: its bytes have changed")
        return content

    def delete(self, content_hash: str) -> None:
        """Lets the bytes of a hash go, after the last row that names them."""
        self.path(content_hash).unlink(missing_ok=True)

    def path(self, content_hash: str) -> Path:
        """Where the bytes of a hash are, or would be. Raises ValueError for what is no hash."""
        return self.folder / key_of(content_hash)


def hash_of(content: bytes) -> str:
    """The name of bytes: SHA-256, hexadecimal."""
    return sha256(content).hexdigest()


def key_of(content_hash: str) -> str:
    """Where a blob is in whatever keeps it. Raises ValueError for what is no hash."""
    if len(content_hash) != 64 or set(content_hash) - set("0123456789abcdef"):
        raise ValueError(f"{content_hash!r} is no SHA-256")
    return f"{content_hash[:2]}/{content_hash[2:4]}/{content_hash}"
