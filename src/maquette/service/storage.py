"""Where a studio keeps its blobs: in a folder, or in an object store for many machines."""

from pathlib import Path

from maquette.core.errors import InvalidSettings
from maquette.core.settings import Settings
from maquette.library.blobs import Blobs, BlobStore

OBJECT_STORE = "s3://"


def open_blobs(settings: Settings) -> BlobStore:
    """The blobs of a studio. Raises InvalidSettings where what an object store needs is missing."""
    place = settings.storage
    if place is None:
        return Blobs(settings.data / "blobs")
    if not place.startswith(OBJECT_STORE):
        return Blobs(Path(place).expanduser().absolute())
    try:
        from maquette.library.object_blobs import ObjectBlobs
    except ModuleNotFoundError:
        raise InvalidSettings(
            f"storage is {place!r}, which needs a library; run: pip install 'maquette[s3]'"
        ) from None
    return ObjectBlobs(place, settings.storage_endpoint)
