"""Who may see the desk: until there are accounts, only people at this very machine."""

import re
from collections.abc import Mapping
from ipaddress import ip_address

from fastapi import HTTPException, Request

_LOCAL_HOST = re.compile(r"(localhost|127(?:\.\d{1,3}){3}|\[::1\])(:\d+)?", re.IGNORECASE)
#: what proxies add: behind one, everybody seems to come from this machine
_PROXIES = frozenset({"forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip"})


def at_this_machine(request: Request) -> None:
    """Refuse with 403 whoever does not sit at this machine."""
    peer = request.client.host if request.client else ""
    # no browser speaks HTTP/1.0 any more, and nginx does, with a Host of its own, unless it is told otherwise
    from_a_proxy = request.scope.get("http_version") == "1.0"
    if from_a_proxy or not is_local(peer, request.headers):
        raise HTTPException(403, "The desk opens only on this machine, at http://127.0.0.1, until there are accounts.")


def is_local(peer: str, headers: Mapping[str, str]) -> bool:
    """Whether *peer* is this machine, meant this machine, and came without a proxy.

    The Host header is checked because a page elsewhere can point its own name at 127.0.0.1.
    """
    if _PROXIES & {name.lower() for name in headers}:
        return False
    return _is_loopback(peer) and _LOCAL_HOST.fullmatch(headers.get("host", "")) is not None


def _is_loopback(peer: str) -> bool:
    try:
        return ip_address(peer).is_loopback
    except ValueError:
        return False
