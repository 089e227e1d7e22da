"""Where another server may be asked: never at addresses that a machine keeps to itself."""

import asyncio
import socket
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

from maquette.core.errors import InvalidRequest, RemoteUnavailable

MOST_URL_CHARACTERS = 500
# What answers there is no server that anyone runs: this network, neighbours on the wire and what
# clouds tell a machine of itself (keys among it), many at once, and what is not given out.
REFUSED = tuple(
    ip_network(one)
    for one in (
        *("0.0.0.0/8", "169.254.0.0/16", "192.0.0.192/32", "100.100.100.200/32"),
        *("224.0.0.0/4", "240.0.0.0/4", "::/128", "fe80::/10", "fd00:ec2::254/128", "ff00::/8"),
    )
)
NAT64 = ip_network("64:ff9b::/96")  # an IPv4 address in the last 32 bits, RFC 6052


@dataclass(frozen=True, slots=True)
class Place:
    """One address of a server: what is connected to, and what it is called there."""

    url: str  # with the address in the name's place, so that no second look-up gives another
    host: str
    netloc: str


def check_url(url: str) -> str:
    """A server's address without a stroke at its end. Raises InvalidRequest."""
    found = None
    try:
        found = urlsplit(url)
        port = found.port
    except ValueError:
        port = -1
    plain = url.isascii() and url.isprintable() and " " not in url
    if not found or port == -1 or not plain or len(url) > MOST_URL_CHARACTERS or not found.hostname:
        raise InvalidRequest(f"{url[:80]!a} is no address; give one as http://127.0.0.1:11434/v1")
    if found.scheme not in ("http", "https"):
        raise InvalidRequest(f"{found.scheme}: is not asked; give an address of http or https")
    if found.username is not None or found.password is not None:
        raise InvalidRequest("an address holds no name and no password; give the key beside it")
    if found.query or found.fragment:
        raise InvalidRequest("an address ends before ? and #; leave them out")
    return url.rstrip("/")


async def places_of(url: str, called: str) -> list[Place]:
    """All that a server's name leads to now, in the order of the system. Raises InvalidRequest
    where one of it is refused, RemoteUnavailable where there is none.
    """
    found = urlsplit(url)
    host = str(found.hostname)
    port = found.port or (443 if found.scheme == "https" else 80)
    try:
        known = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise RemoteUnavailable(
            f"{called} is not found, for no one knows the name {host}; see that its address is "
            "right"
        ) from None
    addresses = [*dict.fromkeys(str(one[4][0]).partition("%")[0] for one in known)]
    for address in addresses:
        if is_refused(address):
            raise InvalidRequest(
                f"{called} leads to {address}, which is no server's address; give another"
            )
    bare = [f"[{one}]" if ":" in one else one for one in addresses]
    return [Place(f"{found.scheme}://{one}:{port}{found.path}", host, found.netloc) for one in bare]


def is_refused(address: str) -> bool:
    """Whether an address is none of a server, in whichever way it is written down."""
    one = ip_address(address)
    if isinstance(one, IPv6Address):
        one = _inside(one) or one
    return any(one.version == net.version and one in net for net in REFUSED)


def _inside(one: IPv6Address) -> IPv4Address | None:
    """The IPv4 address that an IPv6 one stands for."""
    if one in NAT64:
        return IPv4Address(int(one) & 0xFFFFFFFF)
    return one.ipv4_mapped or one.sixtofour
