"""Browsers of people's own, worked with a mouse, with the keyboard alone, or with a thumb."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.browsing import launched
from tests.friday.hands import PATIENCE, Keyboard, Mouse, Thumb


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with launched() as browser:
        yield browser


@pytest.fixture
def opened(browser: Browser, url: str, hand: Mouse) -> Iterator[Callable[[], Page]]:
    """A browser of somebody's own."""
    contexts = []

    def open_it() -> Page:
        width, height = hand.size
        context = browser.new_context(base_url=url, viewport={"width": width, "height": height})
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        return context.new_page()

    yield open_it
    for context in contexts:
        context.close()


@pytest.fixture(params=[Mouse, Keyboard, Thumb], ids=["with a mouse", "without a mouse", "on a phone"])
def hand(request: pytest.FixtureRequest) -> Mouse:
    made: Mouse = request.param()
    return made
