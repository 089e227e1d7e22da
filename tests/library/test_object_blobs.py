"""Blobs in an object store are as those in a folder; the store is a real one."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from maquette.core.errors import InvalidSettings, StorageUnavailable
from maquette.core.settings import Settings
from maquette.library.blobs import Blobs, BlobStore, hash_of, key_of
from maquette.library.object_blobs import ObjectBlobs
from maquette.service.storage import open_blobs
from tests.library.object_store import BUCKET, KEY_ID, SECRET, client, make_bucket, object_store

AWS = {"AWS_ACCESS_KEY_ID": KEY_ID, "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_REGION": "us-east-1"}


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with object_store(tmp_path_factory.mktemp("swift")) as url:
        make_bucket(url)
        yield url


@pytest.fixture
def bucket(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> BlobStore:
    for name, value in AWS.items():
        monkeypatch.setenv(name, value)
    settings = Settings(storage=f"s3://{BUCKET}/studio", storage_endpoint=endpoint)
    return open_blobs(settings)


def test_what_is_put_comes_back_until_it_is_deleted(bucket: BlobStore, endpoint: str) -> None:
    for content in (b"", b"a boat", os.urandom(6_000_000)):
        content_hash = bucket.put(content)
        assert bucket.put(content) == content_hash == hash_of(content)
        assert bucket.get(content_hash) == content
        key = f"studio/{key_of(content_hash)}"
        assert client(endpoint).get_object(Bucket=BUCKET, Key=key)["Body"].read() == content
        bucket.delete(content_hash)
        bucket.delete(content_hash)
        with pytest.raises(KeyError):
            bucket.get(content_hash)


def test_changed_bytes_are_told_and_cut_ones_mended(bucket: BlobStore, endpoint: str) -> None:
    content_hash = bucket.put(b"a boat")
    key = f"studio/{key_of(content_hash)}"
    client(endpoint).put_object(Bucket=BUCKET, Key=key, Body=b"a boot")
    with pytest.raises(KeyError, match="its bytes have changed"):
        bucket.get(content_hash)
    client(endpoint).put_object(Bucket=BUCKET, Key=key, Body=b"a b")
    assert bucket.put(b"a boat") == content_hash
    assert bucket.get(content_hash) == b"a boat"


@pytest.mark.parametrize("name", ["", "../../etc/passwd", "A" * 64])
def test_only_hashes_are_looked_up(bucket: BlobStore, name: str) -> None:
    for ask in (bucket.get, bucket.delete):
        with pytest.raises(ValueError, match="is no SHA-256"):
            ask(name)


def test_a_store_that_refuses_or_is_away_is_named(
    endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in AWS.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(StorageUnavailable, match=r"the storage s3://none refuses: .*settings"):
        ObjectBlobs("s3://none", endpoint).put(b"a boat")
    away = ObjectBlobs(f"s3://{BUCKET}", "http://127.0.0.1:9")
    for ask in (lambda: away.put(b"a boat"), lambda: away.get("0" * 64)):
        with pytest.raises(StorageUnavailable):
            ask()


def test_a_folder_is_kept_to(tmp_path: Path) -> None:
    for storage, folder in ((None, tmp_path / "blobs"), (str(tmp_path / "b"), tmp_path / "b")):
        blobs = open_blobs(Settings(data=tmp_path, storage=storage))
        assert isinstance(blobs, Blobs)
        assert blobs.folder == folder


def test_what_the_store_needs_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "maquette.library.object_blobs", None)
    with pytest.raises(InvalidSettings, match=r"pip install 'maquette\[s3\]'"):
        open_blobs(Settings(storage="s3://bucket"))
