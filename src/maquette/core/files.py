"""Files that appear whole or not at all, and the check of a place before the work for it."""

import os
import shutil
import tempfile
import threading
from pathlib import Path

from maquette.core.errors import OutputNotWritable, reason_and_remedy

_ASKING = threading.Lock()


def check_writable(path: Path) -> None:
    """Raises OutputNotWritable before any work is done for a file that could not be kept."""
    try:
        if path.is_dir():
            raise OutputNotWritable(f"{path} is a folder; name a file in it")
        if path.exists() and not path.is_file():
            raise OutputNotWritable(f"{path} is not a file that can be replaced; name another")
        if not path.parent.is_dir():
            raise OutputNotWritable(f"the folder {path.parent} does not exist; make it first")
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}."):
            pass
    except OSError as error:
        raise _not_writable(path, error) from None


def write_whole(path: Path, content: bytes, flushed: bool = False) -> None:
    """Writes a file beside its old self, then puts it in its place; a link is written through.
    Where it is to be `flushed`, it is on the disk when this returns.

    Raises OutputNotWritable, and what was there then stays.
    """
    place = path.resolve()
    try:
        descriptor, name = tempfile.mkstemp(dir=place.parent, prefix=f".{place.name}.")
        new = Path(name)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                if flushed:
                    file.flush()
                    os.fsync(file.fileno())
            if place.exists():
                shutil.copymode(place, new)
            else:
                new.chmod(0o666 & ~_umask())
            new.replace(place)
        except BaseException:
            new.unlink(missing_ok=True)
            raise
        if flushed:
            flush(place.parent)
    except OSError as error:
        raise _not_writable(path, error) from None


def flush(path: Path) -> None:
    """To the disk: what a file holds, or which files a folder has. A power cut takes it no more."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _umask() -> int:
    with _ASKING:
        mask = os.umask(0o077)  # it can only be read by setting it
        os.umask(mask)
    return mask


def _not_writable(path: Path, error: OSError) -> OutputNotWritable:
    return OutputNotWritable(f"{path} cannot be written: {reason_and_remedy(error)}")
