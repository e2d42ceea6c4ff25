"""The desk: what it shows, and to whom."""

import socket
from datetime import datetime

import httpx
import pytest

from newsletter.app import App
from newsletter.editions.models import Heartbeat
from newsletter.web.visitors import is_local
from tests.web.conftest import World


def test_the_editions_are_listed(world: World, site: httpx.Client) -> None:
    page = site.get("/").text
    assert (f'href="/editions/{world.edition_id}"' in page, "Walmart goes live" in page) == (True, True)


def test_an_empty_desk_says_what_comes_next(site: httpx.Client) -> None:
    assert "There is no edition yet" in site.get("/").text


@pytest.mark.parametrize("path", ["/editions/999", "/editions/999/look/light", "/editions/x", "/x"])
def test_what_is_not_there_is_404(site: httpx.Client, path: str) -> None:
    assert site.get(path).status_code == 404


@pytest.mark.parametrize(
    ("peer", "headers", "local"),
    [
        ("127.0.0.1", {"host": "127.0.0.1:8025"}, True),
        ("::1", {"host": "[::1]:8025"}, True),
        ("127.0.0.1", {"host": "localhost"}, True),
        ("192.0.2.7", {"host": "127.0.0.1"}, False),
        ("", {"host": "127.0.0.1"}, False),
        ("127.0.0.1", {"host": "news.example.com"}, False),
        ("127.0.0.1", {"host": "127.0.0.1.evil.example"}, False),
        ("127.0.0.1", {}, False),
        ("127.0.0.1", {"host": "127.0.0.1", "X-Forwarded-For": "192.0.2.7"}, False),
        ("127.0.0.1", {"host": "127.0.0.1", "Forwarded": "for=192.0.2.7"}, False),
    ],
)
def test_the_desk_opens_only_on_this_machine(peer: str, headers: dict[str, str], local: bool) -> None:
    assert is_local(peer, headers) is local


@pytest.mark.parametrize(
    "path", ["/", "/editions/1", "/editions/1/log", "/editions/1/look/light", "/editions/1/look/text"]
)
def test_every_page_of_the_desk_is_closed_to_others(site: httpx.Client, path: str) -> None:
    assert site.get(path, headers={"Host": "news.example.com"}).status_code == 403


def test_health_tells_how_long_ago_the_clock_ticked(app: App, site: httpx.Client, now: datetime) -> None:
    with app.database.write() as session:
        session.add(Heartbeat(name="tick", started_at=now))
    assert site.get("/healthz").json() == {"database": "ok", "seconds_since_tick": 0.0, "workers": 0}


def test_health_without_a_clock_is_still_health(site: httpx.Client) -> None:
    assert site.get("/healthz").json() == {"database": "ok", "seconds_since_tick": None, "workers": 0}


def test_a_proxy_that_passes_no_headers_does_not_open_the_desk(world: World, site: httpx.Client) -> None:
    with socket.create_connection((site.base_url.host, site.base_url.port or 80)) as connection:
        connection.sendall(b"GET / HTTP/1.0\r\nHost: 127.0.0.1:8025\r\nConnection: close\r\n\r\n")
        answer = connection.makefile("rb").readline()
    assert answer.split()[1] == b"403"
