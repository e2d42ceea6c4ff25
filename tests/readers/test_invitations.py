"""Double opt-in by link: the GET asks, the POST confirms."""

from datetime import UTC, datetime

import httpx
import pytest

from newsletter.app import App
from newsletter.jobs import invitations
from subscribers import roll
from subscribers.models import Consent
from tests.factories import a_subscriber

NOW = datetime(2021, 11, 25, 15, 59, tzinfo=UTC)


@pytest.fixture
def bob(app: App) -> int:
    """Bob asked to be on the weekly list and has not confirmed."""
    with app.database.write() as session:
        return a_subscriber(session, "bob@example.com", consent=Consent.PENDING).id


def _consents(app: App, subscriber_id: int) -> dict[str, Consent]:
    with app.database.read() as session:
        return roll.subscriptions(session, subscriber_id)


def _path(app: App, subscriber_id: int) -> str:
    return invitations.link(app.settings, subscriber_id, ["weekly"], at=NOW).removeprefix(app.settings.public_url)


def test_looking_confirms_nothing(app: App, bob: int, site: httpx.Client) -> None:
    page = site.get(_path(app, bob)).text
    assert ("Yes, subscribe me" in page, _consents(app, bob)) == (True, {"weekly": Consent.PENDING})


def test_the_button_confirms(app: App, bob: int, site: httpx.Client) -> None:
    site.post(_path(app, bob))
    assert _consents(app, bob) == {"weekly": Consent.CONFIRMED}


def test_a_second_press_says_the_same(app: App, bob: int, site: httpx.Client) -> None:
    site.post(_path(app, bob))
    assert "Welcome. You’re in." in site.post(_path(app, bob)).text


def test_an_old_link_does_not_bring_back_who_left(app: App, bob: int, site: httpx.Client, now: datetime) -> None:
    with app.database.write() as session:
        roll.unsubscribe(session, bob, source="test", now=now)
    page = site.post(_path(app, bob)).text
    assert ("nothing to confirm" in page, _consents(app, bob)) == (True, {"weekly": Consent.UNSUBSCRIBED})


def test_a_link_for_one_thing_is_no_link_for_another(app: App, bob: int, site: httpx.Client) -> None:
    assert site.get(_path(app, bob).replace("/c/", "/u/")).status_code == 400
