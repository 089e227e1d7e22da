"""A real S3-compatible server on this machine: OpenStack Swift with its S3 interface, by pip.

`python -m tests.library.object_store FOLDER [PORT]` runs one until it is interrupted; `SWIFT` names
the environment it is installed in, if that is not this one. Needs a file system with attributes.
"""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3

from tests.waiting import PATIENCE_S, wait_until

BUCKET = "maquette"
KEY_ID, SECRET = "studio:maquette", "a-secret"
SERVERS = ("account", "container", "object")
COMMON = """[DEFAULT]
bind_ip = 127.0.0.1
bind_port = {port}
swift_dir = {folder}
devices = {folder}/devices
mount_check = false
user = {user}
workers = 0
log_name = {server}
[pipeline:main]
"""
STORE = COMMON + "pipeline = {server}-server\n[app:{server}-server]\nuse = egg:swift#{server}\n"
PROXY = (
    COMMON
    + """pipeline = catch_errors cache s3api tempauth slo proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:cache]
use = egg:swift#memcache
[filter:s3api]
use = egg:swift#s3api
[filter:slo]
use = egg:swift#slo
[filter:tempauth]
use = egg:swift#tempauth
user_studio_maquette = {secret} .admin
"""
)
HASHES = (
    "[swift-hash]\nswift_hash_path_suffix = tests\n[storage-policy:0]\nname = one\ndefault = yes\n"
)


def program(name: str) -> str | None:
    """Where a program of Swift is, here or in the environment that SWIFT names."""
    folders = [os.environ.get("SWIFT", ""), str(Path(sys.executable).parent)]
    return shutil.which(name, path=os.pathsep.join(one for one in folders if one))


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return free.getsockname()[1]


def _configure(folder: Path, port: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "devices" / "one").mkdir(parents=True, exist_ok=True)
    (folder / "swift.conf").write_text(HASHES)
    values = {"folder": folder, "user": subprocess.getoutput("id -un"), "secret": SECRET}
    for server in SERVERS:
        own = _free_port()
        text = STORE.format(port=own, server=server, **values)
        (folder / f"{server}.conf").write_text(text)
        ring = str(folder / f"{server}.builder")
        build = program("swift-ring-builder") or ""
        for words in (
            ["create", "4", "1", "1"],
            ["add", f"r1z1-127.0.0.1:{own}/one", "1"],
            ["rebalance"],
        ):
            subprocess.run([build, ring, *words], check=False, capture_output=True)
    text = PROXY.format(port=port, server="proxy", **values)
    (folder / "proxy.conf").write_text(text)


@contextmanager
def object_store(folder: Path, port: int | None = None) -> Iterator[str]:
    """The endpoint of a server with an empty bucket, while this is open."""
    assert program("swift-proxy-server"), "no Swift here; run: pip install swift"
    port = port or _free_port()
    _configure(folder, port)
    with (folder / "log").open("a") as log:
        processes = [
            subprocess.Popen(
                [program(f"swift-{server}-server") or "", str(folder / f"{server}.conf"), "-v"],
                stdout=log,
                stderr=log,
            )
            for server in (*SERVERS, "proxy")
        ]
        endpoint = f"http://127.0.0.1:{port}"
        try:
            wait_until(lambda: _answers(endpoint))
            yield endpoint
        finally:
            for process in processes:
                process.terminate()
            for process in processes:
                process.wait(PATIENCE_S)


def _answers(endpoint: str) -> bool:
    try:
        urllib.request.urlopen(f"{endpoint}/", timeout=5)
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True


def client(endpoint: str) -> Any:
    """What others would use to look at it."""
    return boto3.client(
        "s3",
        endpoint_url=endpoint,
        aws_access_key_id=KEY_ID,
        aws_secret_access_key=SECRET,
        region_name="us-east-1",
    )


def make_bucket(endpoint: str) -> None:
    client(endpoint).create_bucket(Bucket=BUCKET)


if __name__ == "__main__":
    where, *ports = sys.argv[1:]
    with object_store(Path(where).absolute(), int(ports[0]) if ports else None) as url:
        make_bucket(url)
        print(f"ready at {url}, bucket {BUCKET}", flush=True)
        while True:
            time.sleep(3600)
