"""Pages of operations, over real HTTP and in a real browser."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser as Chromium
from sqlalchemy import event

from newsletter.app import App
from tests.browsing import launched
from tests.mailbox.conftest import of_files as of_files
from tests.staff.conftest import Browser
from tests.staff.conftest import browser as browser
from tests.staff.conftest import clock as clock
from tests.staff.conftest import desk as desk
from tests.staff.conftest import other_browser as other_browser


@pytest.fixture(scope="module")
def chromium() -> Iterator[Chromium]:
    with launched() as browser:
        yield browser


def queries(app: App, browser: Browser, path: str) -> int:
    """How often the page at *path* asks the database, besides for changed settings, which it does once a second."""
    ran: list[str] = []

    def note(*said: object) -> None:
        ran.append(str(said[2]))

    event.listen(app.database.reader, "before_cursor_execute", note)
    assert browser.open(path).status_code == 200
    event.remove(app.database.reader, "before_cursor_execute", note)
    return sum(statement != "BEGIN" and "setting_change" not in statement for statement in ran)
