"""The doctor asks the pages as the world does: the desk must be closed, and the rest must answer."""

from datetime import datetime
from pathlib import Path

import pytest
import trustme
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from newsletter import db
from newsletter.app import App
from newsletter.config import Settings
from newsletter.doctor import Level, from_outside
from newsletter.testing.serving import serving
from newsletter.web.app import create


def test_pages_behind_a_proxy_that_says_so_are_good(app: App, now: datetime) -> None:
    pages = create(app, clock=lambda: now)

    async def behind_a_proxy(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            scope["headers"] = [*scope["headers"], (b"x-forwarded-for", b"192.0.2.7")]
        await pages(scope, receive, send)

    with serving(behind_a_proxy) as url:
        assert [finding.level for finding in from_outside(url)] == [Level.GOOD]


def test_a_desk_that_opens_to_everybody_is_bad(app: App, now: datetime) -> None:
    with serving(create(app, clock=lambda: now)) as url:
        (finding,) = from_outside(url)
    assert (finding.level, "shows the desk to everybody" in finding.text) == (Level.BAD, True)


def test_pages_that_nobody_serves_are_noted() -> None:
    (finding,) = from_outside("http://127.0.0.1:1")
    assert (finding.level, "can't be reached from here" in finding.text) == (Level.NOTE, True)


def test_a_certificate_that_is_not_trusted_is_noted_as_such(tmp_path: Path) -> None:
    trustme.CA().issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(tmp_path / "both.pem")
    with serving(None, ssl_certfile=tmp_path / "both.pem") as url:
        (finding,) = from_outside(url.replace("http:", "https:"))
    assert (finding.level, "certificate that is not trusted here" in finding.text) == (Level.NOTE, True)


def test_an_authority_that_this_machine_knows_is_trusted(
    app: App, now: datetime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = trustme.CA()
    house.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(tmp_path / "both.pem")
    house.cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))  # what OpenSSL takes for the machine's own
    with serving(create(app, clock=lambda: now), ssl_certfile=tmp_path / "both.pem") as url:
        (finding,) = from_outside(url.replace("http:", "https:"))
    assert "shows the desk to everybody" in finding.text


def test_pages_whose_database_is_away_say_so(settings: Settings, now: datetime, tmp_path: Path) -> None:
    away = App(settings, db.connect(f"postgresql://ada@/news?host={tmp_path}"))
    with serving(create(away, clock=lambda: now)) as url:
        (finding,) = from_outside(url)
    assert (finding.level, finding.text) == (Level.BAD, f"{url} answers, and its database does not")


def test_a_proxy_that_finds_nothing_behind_it_is_told_from_other_pages() -> None:
    async def proxy(scope: Scope, receive: Receive, send: Send) -> None:
        await PlainTextResponse("Bad Gateway", 502)(scope, receive, send)

    with serving(proxy) as url:
        (finding,) = from_outside(url)
    text = f"{url} answers 502: a proxy, which finds no pages behind it; is newsletter serve running?"
    assert (finding.level, finding.text) == (Level.NOTE, text)
