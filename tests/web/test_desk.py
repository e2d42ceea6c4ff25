"""The desk: what it shows, and to whom."""

import socket
from datetime import datetime

import httpx
import pytest

from newsletter.app import App
from newsletter.delivery.models import BatchState
from newsletter.editions.models import Heartbeat
from newsletter.tracking import events
from newsletter.web.visitors import is_local
from tests.tracking.ledger import SENT_AT, a_sending, an_event
from tests.web.conftest import World


def test_the_editions_are_listed(world: World, site: httpx.Client) -> None:
    page = site.get("/").text
    assert (f'href="/editions/{world.edition_id}"' in page, "Walmart goes live" in page) == (True, True)


def test_an_empty_desk_says_what_comes_next(site: httpx.Client) -> None:
    assert "There is no edition yet" in site.get("/").text


@pytest.mark.parametrize(
    "path", ["/editions/999", "/editions/999/log", "/editions/999/look/light", "/editions/x", "/x"]
)
def test_what_is_not_there_is_404(site: httpx.Client, path: str) -> None:
    assert site.get(path).status_code == 404


def test_the_log_names_each_reader_with_status_and_words(app: App, site: httpx.Client) -> None:
    with app.database.write() as session:
        edition_id, [ada, _] = a_sending(session, "ada@example.com", "bob@example.com", state=BatchState.ACCEPTED)
        bounce = an_event(edition_id, ada, "bounce", reason="550 5.1.1 no such user")
        events.record(session, [bounce], now=SENT_AT)
    page = site.get(f"/editions/{edition_id}/log").text
    assert [word in page for word in ("ada@example.com", "550 5.1.1 no such user", "bob@example.com")] == [True] * 3


def test_the_log_can_be_narrowed_to_a_status(app: App, site: httpx.Client) -> None:
    with app.database.write() as session:
        edition_id, [ada, _] = a_sending(session, "ada@example.com", "bob@example.com", state=BatchState.ACCEPTED)
        events.record(session, [an_event(edition_id, ada, "delivered")], now=SENT_AT)
    page = site.get(f"/editions/{edition_id}/log", params={"status": "delivered"}).text
    assert ("ada@example.com" in page, "bob@example.com" in page) == (True, False)


def test_the_log_can_be_searched_for_an_address(app: App, site: httpx.Client) -> None:
    with app.database.write() as session:
        edition_id, _ = a_sending(session, "ada@example.com", "bob@example.com", state=BatchState.ACCEPTED)
    page = site.get(f"/editions/{edition_id}/log", params={"q": "BOB@"}).text
    assert ("ada@example.com" in page, "bob@example.com" in page) == (False, True)


def test_the_log_is_paged(app: App, site: httpx.Client) -> None:
    with app.database.write() as session:
        edition_id, ids = a_sending(
            session, *(f"r{number:03}@example.com" for number in range(150)), state=BatchState.ACCEPTED
        )
    second = site.get(f"/editions/{edition_id}/log", params={"after": ids[99]}).text
    assert ("r099@" in second, "r100@" in second, "r149@" in second) == (False, True, True)


def test_the_log_of_what_was_not_planned_says_so(world: World, site: httpx.Client) -> None:
    assert "Nothing of this edition was planned yet" in site.get(f"/editions/{world.edition_id}/log").text


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
