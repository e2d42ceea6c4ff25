"""Pages of operations, over real HTTP and in a real browser."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser as Chromium

from tests.browsing import launched
from tests.mailbox.conftest import of_files as of_files
from tests.staff.conftest import browser as browser
from tests.staff.conftest import clock as clock
from tests.staff.conftest import desk as desk
from tests.staff.conftest import other_browser as other_browser


@pytest.fixture(scope="module")
def chromium() -> Iterator[Chromium]:
    with launched() as browser:
        yield browser
