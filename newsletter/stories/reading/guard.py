"""Which addresses of the network may be visited; asked at connect time, so that no name can change its mind later."""

import ipaddress
import socket
from collections.abc import Iterator

from newsletter.errors import Forbidden

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
#: NAT64 for local use (RFC 8215), site-local (RFC 3879), and the v4-compatible form (RFC 4291): nobody's public server
_LOCAL = tuple(ipaddress.IPv6Network(net) for net in ("64:ff9b:1::/48", "fec0::/10", "::/96"))
_PORTS = {80, 443}


def addresses(host: str, port: int, *, allow_loopback: bool) -> list[Address]:
    """Resolve *host* and return its addresses, to be connected to as they stand.

    Raises Forbidden if any one of them must not be visited: a name with one good and one bad
    address is an attack or a mistake. Raises OSError where the name has no address.
    """
    found = dict.fromkeys(_resolve(host, port))
    for address in found:
        check(address, port, allow_loopback=allow_loopback)
    return list(found)


def check(address: Address, port: int, *, allow_loopback: bool) -> None:
    """Raise Forbidden unless *address* is a public server's, at a port of the web."""
    inner = list(_unwrapped(address))
    if allow_loopback and all(one.is_loopback for one in inner):
        return
    if not all(_is_public(one) for one in inner):
        way = "; fetch.allow_loopback lets pages of this machine be read" if address.is_loopback else ""
        raise Forbidden(f"{address} is not on the public internet, so it is not visited{way}")
    if port not in _PORTS:
        raise Forbidden(f"port {port} is not a port of the web (80 or 443), so it is not visited")


def _resolve(host: str, port: int) -> Iterator[Address]:
    for *_, place in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
        yield ipaddress.ip_address(str(place[0]).partition("%")[0])


def _unwrapped(address: Address) -> Iterator[Address]:
    """*address*, or the addresses that it carries inside: packets end up there."""
    if isinstance(address, ipaddress.IPv4Address):
        yield address
    elif address.ipv4_mapped:
        yield address.ipv4_mapped
    elif address.sixtofour:
        yield address.sixtofour
    elif address in _NAT64:
        yield ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    else:
        yield address


def _is_public(address: Address) -> bool:
    # is_global alone calls multicast public, and in Python 3.11 some local networks too
    if address.is_multicast or address.is_reserved or not address.is_global:
        return False
    return not any(address in net for net in _LOCAL if address.version == net.version)
