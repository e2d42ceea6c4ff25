"""A hand on the mouse in real Chromium: what leads to another page is pressed, and that page is waited for."""

from playwright.sync_api import Locator, Page


def press(page: Page, what: Locator) -> None:
    """Press *what* leads to another page, and wait until that one is there.

    A click alone comes back before the page it asked for has begun to load: whoever looks then sees the old one,
    or none.
    """
    with page.expect_navigation():
        what.click()
