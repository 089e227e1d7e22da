"""A body over the limit is refused before it is read whole, whether its length is told or not."""

import io
import json
import socket

import pytest
from PIL import Image

from maquette.api.assets import MOST_UPLOAD_BYTES
from tests.api.conftest import Rooms, served

MIB = 2**20


def _answer(connection: socket.socket) -> tuple[int, dict[str, str]]:
    """Status and body of an answer, from a server that leaves the connection open."""
    with connection.makefile("rb") as file:
        status = int(file.readline().split()[1])
        length = 0
        while (line := file.readline()) != b"\r\n":
            name, _, value = line.decode().partition(":")
            length = int(value) if name.lower() == "content-length" else length
        return status, json.loads(file.read(length))


@pytest.mark.parametrize(
    ("path", "most_mib"), [("/v1/generations", 1), ("/v1/pictures", 32), ("/v1/nothing", 1)]
)
def test_what_is_told_to_be_too_large_is_not_even_waited_for(
    rooms: Rooms, path: str, most_mib: int
) -> None:
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: {2**40}"
    with served(rooms.app) as port, socket.create_connection(("127.0.0.1", port), 30) as connection:
        connection.sendall(f"{head}\r\n\r\n".encode())
        status, body = _answer(connection)
    assert status == 413
    assert body == {"error": f"a body over {most_mib} MiB is not taken here; send less"}


@pytest.mark.parametrize(("path", "most_mib"), [("/v1/generations", 1), ("/v1/pictures", 32)])
def test_what_comes_in_pieces_is_refused_as_soon_as_it_is_too_much(
    rooms: Rooms, path: str, most_mib: int
) -> None:
    head = (
        f"POST {path} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
        "Content-Type: multipart/form-data; boundary=b\r\n\r\n"
    )
    start = b'--b\r\nContent-Disposition: form-data; name="picture"; filename="p"\r\n\r\n'
    with served(rooms.app) as port, socket.create_connection(("127.0.0.1", port), 30) as connection:
        connection.sendall(head.encode())
        for content in (start, *[b"x" * MIB] * (most_mib + 1)):
            connection.sendall(b"%x\r\n%s\r\n" % (len(content), content))
        status, body = _answer(connection)  # and its last chunk has not come
    assert (status, list(body)) == (413, ["error"])


def test_a_picture_may_be_as_large_as_is_said(rooms: Rooms) -> None:
    content = io.BytesIO()
    Image.new("RGB", (64, 64), "teal").save(content, "PNG")
    whole = content.getvalue().ljust(MOST_UPLOAD_BYTES, b"\0")
    assert rooms.client.post("/v1/pictures", files={"picture": whole}).status_code == 201
