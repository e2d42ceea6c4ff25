"""POST /hooks/sendgrid, as the look-alike signs and posts it."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import httpx
import pytest
from sqlalchemy import func, select, text

from newsletter.app import App
from newsletter.delivery.models import BatchState, Status
from newsletter.testing.sendgrid_events import Signer
from newsletter.testing.sendgrid_hooks import encode
from newsletter.tracking import quarantine
from newsletter.tracking.models import Event, Watermark
from tests.tracking.ledger import a_sending, an_event, state_of, statuses_of
from tests.web.site import served

SIGNER = Signer()


@pytest.fixture
def site(app: App, now: datetime) -> Iterator[httpx.Client]:
    """The pages with the webhook's key, on the day after the sending."""
    keyed = app.settings.sendgrid.model_copy(update={"webhook_key": SIGNER.public_key})
    hooked = App(app.settings.model_copy(update={"sendgrid": keyed}), app.database)
    with served(hooked, lambda: now) as client:
        yield client


def _post(site: httpx.Client, body: bytes, now: datetime, *, signer: Signer = SIGNER) -> httpx.Response:
    headers = signer.headers(body, str(int(now.timestamp())))
    return site.post("/hooks/sendgrid", content=body, headers=headers)


def _stored(app: App) -> int | None:
    with app.database.read() as session:
        return session.scalar(select(func.count()).select_from(Event))


def test_signed_events_move_statuses_and_settle_batches(app: App, site: httpx.Client, now: datetime) -> None:
    with app.database.write() as session:
        edition_id, [ada] = a_sending(session, state=BatchState.UNKNOWN)
    response = _post(site, encode([an_event(edition_id, ada, "delivered")]), now)
    with app.database.read() as session:
        standing = (state_of(session, edition_id), statuses_of(session, edition_id))
    assert (response.status_code, standing) == (200, (BatchState.ACCEPTED, {ada: Status.DELIVERED}))


def test_a_forged_post_is_401_and_nothing_is_stored(app: App, site: httpx.Client, now: datetime) -> None:
    response = _post(site, encode([{"event": "delivered"}]), now, signer=Signer())
    assert (response.status_code, _stored(app)) == (401, 0)


def test_an_unsigned_post_is_401(site: httpx.Client) -> None:
    assert site.post("/hooks/sendgrid", content=b'[{"event":"delivered"}]').status_code == 401


def test_without_a_key_nothing_is_believed(app: App, now: datetime) -> None:
    with served(app, lambda: now) as site:
        assert _post(site, encode([{"event": "delivered"}]), now).status_code == 401


@pytest.mark.parametrize("body", [b"", b"{}", b"null", b"event=open"])
def test_what_is_no_array_is_400_and_kept_in_quarantine(
    app: App, site: httpx.Client, now: datetime, body: bytes
) -> None:
    status = _post(site, body, now).status_code
    with app.database.read() as session:
        assert (status, quarantine.count(session), session.get(Watermark, "sendgrid")) == (400, 1, None)


@pytest.mark.parametrize("odd", [b"7", b'{"event":7}', b'{"event', b"[" * 100_000, b"9" * 5000])
def test_a_poisoned_post_is_200_and_all_but_the_odd_element_is_stored(
    app: App, site: httpx.Client, now: datetime, odd: bytes
) -> None:
    status = _post(site, b'[{"event":"open","timestamp":1637917200},' + odd, now).status_code
    with app.database.read() as session:
        mark = session.get_one(Watermark, "sendgrid")
        assert (status, _stored(app), quarantine.count(session), mark.trouble_at) == (200, 1, 1, None)


def test_too_long_a_post_is_413(site: httpx.Client) -> None:
    assert site.post("/hooks/sendgrid", content=b" " * (9 * 1024 * 1024)).status_code == 413


def test_our_own_failure_is_503_so_that_sendgrid_comes_again(app: App, site: httpx.Client, now: datetime) -> None:
    with app.database.write() as session:
        session.execute(text("ALTER TABLE event RENAME TO event_elsewhere"))
    body = encode([an_event(1, 1, "delivered")])
    failed = _post(site, body, now).status_code
    with app.database.write() as session:
        session.execute(text("ALTER TABLE event_elsewhere RENAME TO event"))
    assert (failed, _post(site, body, now).status_code, _stored(app)) == (503, 200, 1)


def test_our_own_failure_is_remembered_beside_the_watermark(app: App, site: httpx.Client, now: datetime) -> None:
    with app.database.write() as session:
        session.execute(text("ALTER TABLE event RENAME TO event_elsewhere"))
    _post(site, encode([an_event(1, 1, "delivered")]), now)
    with app.database.read() as session:
        assert session.get_one(Watermark, "sendgrid").trouble_at == now


def test_trouble_is_remembered_even_where_the_database_could_not_be_told(
    app: App, site: httpx.Client, now: datetime
) -> None:
    tables = ("event", "watermark")
    with app.database.write() as session:
        for table in tables:
            session.execute(text(f"ALTER TABLE {table} RENAME TO {table}_elsewhere"))
    _post(site, encode([an_event(1, 1, "delivered")]), now)
    with app.database.write() as session:
        for table in tables:
            session.execute(text(f"ALTER TABLE {table}_elsewhere RENAME TO {table}"))
    _post(site, encode([an_event(1, 1, "delivered", seconds=-86400)]), now)
    with app.database.read() as session:
        assert session.get_one(Watermark, "sendgrid").trouble_at == now


def test_the_home_of_the_pages_is_in_the_package() -> None:
    from newsletter.web.ground import HERE

    assert Path(HERE, "static", "style.css").is_file()
