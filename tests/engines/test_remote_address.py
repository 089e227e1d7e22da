"""Where other servers are asked, and found: not at addresses that a machine keeps to itself."""

import json
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from maquette.core.errors import InvalidRequest
from maquette.engines import found_servers
from maquette.engines.found_servers import FoundServer, find_servers
from maquette.engines.remote_address import check_url, is_refused
from maquette.engines.remote_server import TextServer
from maquette.engines.remote_text import RemoteText
from tests.engines.text_server import say, serving


@pytest.mark.parametrize(
    "address",
    [
        *("169.254.169.254", "0.0.0.0", "224.0.0.1", "255.255.255.255", "100.100.100.200"),
        *("fe80::1", "::", "fd00:ec2::254", "ff02::1", "::ffff:169.254.169.254"),
        *("64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::1"),
    ],
)
def test_no_request_goes_to_what_a_machine_keeps_to_itself(address: str) -> None:
    assert is_refused(address)
    host = f"[{address}]" if ":" in address else address
    with pytest.raises(InvalidRequest, match="is no server's address; give another"):
        RemoteText(TextServer(f"http://{host}/v1")).models()


def test_an_address_by_another_spelling_is_the_same_address() -> None:
    with pytest.raises(InvalidRequest, match=r"leads to 169\.254\.169\.254"):
        RemoteText(TextServer("http://2852039166/v1")).models()
    for private in ("10.0.0.5", "127.0.0.1", "::1", "192.168.1.2", "fd12::1"):
        assert not is_refused(private)


@pytest.mark.parametrize(
    ("url", "line"),
    [
        ("", "is no address"),
        ("127.0.0.1:11434", "is no"),
        ("http://", "is no address"),
        ("http://a b/", "is no address"),
        ("http://a:99999999/", "is no address"),
        ("http://[::1/v1", "is no address"),
        ("http://a/" + "x" * 500, "is no address"),
        ("file:///etc/passwd", "is no address"),
        ("ftp://a/v1", "ftp: is not asked"),
        ("http://ann:secret@a/v1", "holds no name and no password"),
        ("https://a/v1?key=secret", "ends before"),
    ],
)
def test_what_is_no_address_is_refused(url: str, line: str) -> None:
    with pytest.raises(InvalidRequest, match=line) as told:
        check_url(url)
    assert "secret" not in told.value.message


def _models(handler: BaseHTTPRequestHandler, _: dict[str, Any]) -> None:
    say(handler, json.dumps({"data": [{"id": "llama"}, {"id": "qwen"}, {"id": 7}, {"id": "\n"}]}))


def _ours(handler: BaseHTTPRequestHandler, _: dict[str, Any]) -> None:
    say(handler, json.dumps({"data": [{"id": "starter", "owned_by": "maquette"}]}))


def test_servers_on_their_usual_ports_are_found_and_others_are_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with (
        serving(_models) as (url, _),
        serving(lambda handler, _: say(handler, "<html>")) as (page, _),
        serving(_ours) as (studio, _),
    ):
        ports = [int(one.rsplit(":", 1)[1].removesuffix("/v1")) for one in (url, page, studio)]
        usual = dict(zip("abcd", [*ports, 1], strict=True))
        monkeypatch.setattr(found_servers, "USUAL_PORTS", usual)
        assert find_servers() == [FoundServer("a", url, ["llama", "qwen"])]
