"""From which address on the network a request came, through the proxies that the settings name and no others."""

from collections.abc import Sequence
from ipaddress import ip_address, ip_network

from fastapi import Request


def of(request: Request, proxies: Sequence[str]) -> str:
    """The visitor's address; empty where it can't be told."""
    peer = request.client.host if request.client else ""
    forwarded = ",".join(request.headers.getlist("x-forwarded-for"))
    return nearest(peer, forwarded, proxies)


def nearest(peer: str, forwarded: str, proxies: Sequence[str]) -> str:
    """The last address on the way that is none of *proxies*: what stands before it, anybody may have written."""
    way = [part.strip() for part in forwarded.split(",") if part.strip()]
    address = peer
    while way and _is_of(address, proxies):
        address = _bare(way.pop())
    return address if _is_address(address) else ""


def _is_of(address: str, networks: Sequence[str]) -> bool:
    return _is_address(address) and any(
        ip_address(address) in ip_network(network, strict=False) for network in networks
    )


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _bare(part: str) -> str:
    """Some proxies write a port behind, and brackets around, an address."""
    if part.startswith("["):
        return part[1:].partition("]")[0]
    return part.rpartition(":")[0] if part.count(":") == 1 else part
