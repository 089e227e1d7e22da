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


def write_whole(path: Path, content: bytes) -> None:
    """Writes a file beside its old self, then puts it in its place; a link is written through.

    Raises OutputNotWritable, and what was there then stays.
    """
    place = path.resolve()
    try:
        descriptor, name = tempfile.mkstemp(dir=place.parent, prefix=f".{place.name}.")
        new = Path(name)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
            if place.exists():
                shutil.copymode(place, new)
            else:
                new.chmod(0o666 & ~_umask())
            new.replace(place)
        except BaseException:
            new.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise _not_writable(path, error) from None


def _umask() -> int:
    with _ASKING:
        mask = os.umask(0o077)  # it can only be read by setting it
        os.umask(mask)
    return mask


def _not_writable(path: Path, error: OSError) -> OutputNotWritable:
    return OutputNotWritable(f"{path} cannot be written: {reason_and_remedy(error)}")
