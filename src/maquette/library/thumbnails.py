"""Small versions of pictures, made when they are first asked for and kept by their hash."""

import io
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import Lock

from PIL import Image

from maquette.core.errors import OutputNotWritable
from maquette.core.files import write_whole
from maquette.library.blobs import key_of

QUALITY = 82
EFFORT = 2  # of 0 to 6: more takes longer and saves little


class Thumbnails:
    """A folder of WebP files, `ab/cd/abcd….256.webp`; whatever is deleted there is made anew.
    Without a folder they are made each time.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._one_at_a_time = Lock()  # to make: a page asks for many, and this is not its server

    def get(self, content_hash: str, width_px: int, read: Callable[[], bytes]) -> bytes:
        """A picture of at most that width, as WebP; `read` gives the whole one where it is needed,
        and what it raises is raised.
        """
        if self._folder is None:
            return _smaller(read(), width_px)
        path = self._folder / f"{key_of(content_hash)}.{width_px}.webp"
        if (kept := _kept(path)) is not None:
            return kept
        with self._one_at_a_time:
            if (kept := _kept(path)) is not None:  # someone else was first
                return kept
            small = _smaller(read(), width_px)
            with suppress(OSError, OutputNotWritable):  # on a full disk it is made each time
                path.parent.mkdir(parents=True, exist_ok=True)
                write_whole(path, small)
            return small

    def delete(self, content_hash: str) -> None:
        """Lets all small versions of a picture go whose bytes are gone: none is made meanwhile."""
        if self._folder is None:
            return
        whole = self._folder / key_of(content_hash)
        with self._one_at_a_time:
            for path in whole.parent.glob(f"{whole.name}.*.webp"):
                path.unlink(missing_ok=True)


def _kept(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None


def _smaller(content: bytes, width_px: int) -> bytes:
    out = io.BytesIO()
    with Image.open(io.BytesIO(content)) as whole:
        picture = whole.convert("RGB")
        picture.thumbnail((width_px, picture.height), reducing_gap=2.0)
        picture.save(out, "WEBP", quality=QUALITY, method=EFFORT)
    return out.getvalue()
