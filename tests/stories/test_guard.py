"""Which addresses may be visited."""

import ipaddress

import pytest

from newsletter.errors import Forbidden
from newsletter.stories.reading import guard

FORBIDDEN = [
    "127.0.0.1",
    "127.8.8.8",
    "0.0.0.0",  # noqa: S104 - not bound to, refused
    "10.0.0.1",
    "100.64.0.1",
    "169.254.169.254",
    "172.16.0.1",
    "192.0.2.1",
    "192.168.1.1",
    "198.18.0.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::808:808",
    "2002:7f00:1::",
    "2002:a00:1::1",
    "2001:0:4136:e378:8000:63bf:80ff:fffe",
    "2001:db8::1",
    "fc00::1",
    "fe80::1",
    "fec0::1",
    "ff02::1",
]
PUBLIC = ["8.8.8.8", "93.184.216.34", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::1"]
#: other ways to write 127.0.0.1
DISGUISES = ["127.1", "0x7f000001", "2130706433", "0177.0.0.1", "localhost", "[::1]".strip("[]")]


@pytest.mark.parametrize("address", FORBIDDEN)
def test_an_address_that_is_nobodys_public_server_is_refused(address: str) -> None:
    with pytest.raises(Forbidden, match="is not visited"):
        guard.check(ipaddress.ip_address(address), 80, allow_loopback=False)


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_is_let_pass(address: str) -> None:
    guard.check(ipaddress.ip_address(address), 443, allow_loopback=False)


@pytest.mark.parametrize("port", [0, 22, 25, 6379, 8080])
def test_a_port_that_is_not_of_the_web_is_refused(port: int) -> None:
    with pytest.raises(Forbidden, match=f"port {port} is not a port of the web"):
        guard.check(ipaddress.ip_address("8.8.8.8"), port, allow_loopback=False)


@pytest.mark.parametrize("host", DISGUISES)
def test_loopback_in_disguise_is_refused(host: str) -> None:
    with pytest.raises(Forbidden):
        guard.addresses(host, 80, allow_loopback=False)


def test_loopback_is_let_pass_at_any_port_where_the_settings_allow_it() -> None:
    found = guard.addresses("127.0.0.1", 8080, allow_loopback=True)
    assert found == [ipaddress.ip_address("127.0.0.1")]


@pytest.mark.parametrize("address", ["10.0.0.1", "169.254.169.254", "0.0.0.1", "fe80::1"])
def test_allowing_loopback_allows_nothing_else(address: str) -> None:
    with pytest.raises(Forbidden):
        guard.check(ipaddress.ip_address(address), 80, allow_loopback=True)
