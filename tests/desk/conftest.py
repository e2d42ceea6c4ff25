"""A desk with an edition on it, and two people who write."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import sync_playwright

from newsletter.app import App
from newsletter.staff import keys, users
from newsletter.staff.models import Role
from tests.factories import an_edition
from tests.staff.conftest import BOSS, PASSWORD
from tests.staff.conftest import browser as browser
from tests.staff.conftest import clock as clock
from tests.staff.conftest import desk as desk
from tests.staff.conftest import other_browser as other_browser
from tests.web.test_in_a_browser import CHROMIUM, QUIET


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
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        yield browser
        browser.close()
