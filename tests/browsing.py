"""A real Chromium, and a hand on its mouse: what leads to another page is pressed, and that page is waited for."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Locator, Page, sync_playwright

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
QUIET = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip


@contextmanager
def launched() -> Iterator[Browser]:
    """A browser of its own while the block lasts."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        yield browser
        browser.close()


def press(page: Page, what: Locator) -> None:
    """Press *what* leads to another page, and wait until that one is there.

    A click alone comes back before the page it asked for has begun to load: whoever looks then sees the old one,
    or none.
    """
    with page.expect_navigation():
        what.click()
