"""Whose network a visitor comes from, where that says something; the address itself is forgotten at once."""

from bisect import bisect_right
from collections.abc import Iterable
from enum import StrEnum
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network


class Bearing(StrEnum):
    """What coming from a network means."""

    #: mail is looked through there, and nobody reads
    SCANNER = "scanner"
    #: so it is, but people may browse through it too, isolated from what they look at
    PROBABLY = "probably a scanner"
    #: pictures are fetched there for people
    PROXY = "proxy"


#: what is kept of a visitor's address → what it means
BEARINGS = {
    "microsoft-protection": Bearing.SCANNER,
    "barracuda": Bearing.SCANNER,
    "proofpoint": Bearing.PROBABLY,
    "mimecast": Bearing.PROBABLY,
    "google": Bearing.PROXY,
}
#: as their owners publish them; where: docs/tracking.md
_NETWORKS: dict[str, Iterable[str]] = {
    # Microsoft 365 endpoint sets 9 and 10, spf.protection.outlook.com; not Exchange Online, whose users browse from it
    "microsoft-protection": ("40.92.0.0/15", "40.107.0.0/16", "52.100.0.0/14", "52.238.78.88/32", "104.47.0.0/17",
                             "2a01:111:f400::/48", "2a01:111:f403::/48"),
    "barracuda": ("64.235.144.0/20", "209.222.80.0/21", "3.24.133.128/25", "15.222.16.128/25", "35.157.190.224/27",
                  "18.185.115.192/26", "18.184.203.224/27", "13.200.136.128/25", "35.176.92.96/27", "18.133.136.128/26",
                  "18.133.136.96/27"),
    "proofpoint": ("67.231.144.0/20", "148.163.128.0/19"),
    "mimecast": ("91.220.42.0/24", "205.139.110.0/24", "207.211.30.0/24"),
    # what fetches pictures for Gmail
    "google": ("66.102.0.0/20", "66.249.64.0/19", "64.233.160.0/19", "74.125.0.0/16"),
}  # fmt: skip


@lru_cache(maxsize=8192)
def name(address: str) -> str:
    """The network that *address* belongs to; empty where it is none of those."""
    try:
        ip = ip_address(address)
    except ValueError:
        return ""
    mapped = getattr(ip, "ipv4_mapped", None) or ip
    starts, found = _TABLES[mapped.version]
    index = bisect_right(starts, int(mapped)) - 1
    if index < 0:
        return ""
    end, owner = found[index]
    return owner if int(mapped) <= end else ""


def _table(version: int) -> tuple[list[int], list[tuple[int, str]]]:
    parsed: list[tuple[IPv4Network | IPv6Network, str]] = [
        (ip_network(network), owner) for owner, networks in _NETWORKS.items() for network in networks
    ]
    rows = sorted(
        (int(network.network_address), int(network.broadcast_address), owner)
        for network, owner in parsed
        if network.version == version
    )
    return [start for start, _, _ in rows], [(end, owner) for _, end, owner in rows]


_TABLES = {version: _table(version) for version in (4, 6)}
