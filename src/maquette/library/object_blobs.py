"""Blobs in an object store that speaks S3: the same ones for all machines of a studio."""

from contextlib import suppress
from datetime import timedelta

from obstore.exceptions import BaseError
from obstore.store import S3Store

from maquette.core.errors import StorageUnavailable, first_line
from maquette.library.blobs import hash_of, key_of

AWAY = (BaseError, OSError)  # what the store raises, by its own tree and by Python's
MOST_RETRIES, RETRY_FOR = 3, timedelta(seconds=20)


class ObjectBlobs:
    """A bucket's blobs, `ab/cd/abcd…` by SHA-256 below a prefix. Whose they are, and the region,
    are said as S3's other programs are told: `AWS_ACCESS_KEY_ID` and so on.
    """

    def __init__(self, url: str, endpoint: str | None = None) -> None:
        self._url = url.rstrip("/")
        own = {"endpoint": endpoint, "virtual_hosted_style_request": False} if endpoint else {}
        self._store = S3Store.from_url(
            self._url,
            client_options={"allow_http": bool(endpoint and endpoint.startswith("http://"))},
            retry_config={"max_retries": MOST_RETRIES, "retry_timeout": RETRY_FOR},
            **own,  # type: ignore[arg-type]
        )

    def put(self, content: bytes) -> str:
        """Keeps bytes, in the store when this returns; gives their hash. Raises
        StorageUnavailable.
        """
        content_hash = hash_of(content)
        key = key_of(content_hash)
        try:
            with suppress(FileNotFoundError):
                if self._store.head(key)["size"] == len(content):
                    return content_hash
            self._store.put(key, content)
        except AWAY as error:
            raise self._away(error) from error
        return content_hash

    def get(self, content_hash: str) -> bytes:
        """The bytes of a hash. Raises KeyError where they are not here or no longer fit it, and
        StorageUnavailable.
        """
        try:
            content = self._store.get(key_of(content_hash)).bytes().to_bytes()
        except FileNotFoundError:
            raise KeyError(content_hash) from None
        except AWAY as error:
            raise self._away(error) from error
        if hash_of(content) != content_hash:
            raise KeyError(f"{content_hash}: its bytes have changed")
        return content

    def delete(self, content_hash: str) -> None:
        """Lets the bytes of a hash go, after the last row that names them. Raises
        StorageUnavailable.
        """
        try:
            with suppress(FileNotFoundError):
                self._store.delete(key_of(content_hash))
        except AWAY as error:
            raise self._away(error) from error

    def _away(self, error: Exception) -> StorageUnavailable:
        reason = first_line(error)
        return StorageUnavailable(f"the storage {self._url} refuses: {reason}; check its settings")
