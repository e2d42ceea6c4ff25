"""An edition, a reader and the pages, for tests of the web."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import httpx
import pytest

from newsletter.app import App
from newsletter.editions.models import State
from newsletter.rendering import links, proofs
from subscribers import roll
from subscribers.models import Consent
from tests.factories import a_list, a_subscriber, an_edition
from tests.web.site import served

SECRET = "a secret for tests"


@dataclass(frozen=True)
class World:
    """Ada, who is on two lists, and an edition that was mailed to her."""

    app: App
    edition_id: int
    ada: int

    @property
    def token(self) -> str:
        return links.token(SECRET, self.edition_id, self.ada)

    def consents(self) -> dict[str, Consent]:
        with self.app.database.read() as session:
            return roll.subscriptions(session, self.ada)


@pytest.fixture
def world(app: App, now: datetime) -> World:
    with app.database.write() as session:
        ada = a_subscriber(session, "ada@example.com", "weekly", "events")
        a_list(session, "weekly").title = "The weekly"
        edition = an_edition(session, "Walmart goes live", "Carrefour opens a shop", state=State.SENT)
        proofs.make(session, edition, app.newsletter(), app.settings, now=now)
        return World(app, edition.id, ada.id)


@pytest.fixture
def site(app: App, now: datetime) -> Iterator[httpx.Client]:
    """The pages, at the time *now*."""
    with served(app, lambda: now) as client:
        yield client
