"""A desk with an edition on it, and two people who write."""

from collections.abc import Iterator
from datetime import UTC, datetime

import httpx
import pytest
from playwright.sync_api import Browser as Chromium

from newsletter.app import App
from newsletter.staff import keys, users
from newsletter.staff.models import Role
from tests.browsing import launched
from tests.factories import an_edition
from tests.staff.conftest import BOSS, PASSWORD
from tests.staff.conftest import browser as browser
from tests.staff.conftest import clock as clock
from tests.staff.conftest import desk as desk
from tests.staff.conftest import other_browser as other_browser


@pytest.fixture
def edition_id(app: App) -> int:
    with app.database.write() as session:
        return an_edition(session, "Walmart goes live", "Carrefour opens a shop", "Getir buys Weezy").id


def called(app: App, name: str, role: Role = Role.EDITOR) -> str:
    """A colleague of that *name*, who has chosen PASSWORD."""
    now = datetime(2021, 11, 25, 16, 0, tzinfo=UTC)
    email = f"{name.lower()}@example.com"
    with app.database.write() as session:
        users.add(session, email, role, name=name, by=BOSS, now=now)
        keys.use(session, keys.make(session, users.get(session, email), now=now), PASSWORD, now=now)
    return email


@pytest.fixture(scope="module")
def chromium() -> Iterator[Chromium]:
    with launched() as browser:
        yield browser


@pytest.fixture
def site(desk: str) -> Iterator[httpx.Client]:
    """Somebody who has not signed in."""
    with httpx.Client(base_url=desk, trust_env=False, timeout=60) as client:
        yield client
