"""The pages in real Chromium: what a reader presses works, and what an editor looks at is there."""

from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from subscribers.models import Consent
from tests.browsing import CHROMIUM, launched, press
from tests.web.conftest import World

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium here: install chromium, or set CHROMIUM")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with launched() as browser:
        yield browser


@pytest.fixture
def page(browser: Browser, site: httpx.Client) -> Iterator[Page]:
    context = browser.new_context(base_url=str(site.base_url), viewport={"width": 375, "height": 700})
    yield context.new_page()
    context.close()


def test_a_reader_leaves_and_changes_their_mind(world: World, page: Page) -> None:
    page.goto(f"/u/{world.token}")
    press(page, page.get_by_role("button", name="Unsubscribe"))
    expect(page.get_by_role("heading")).to_have_text("You are unsubscribed.")
    left = world.consents()["weekly"]
    press(page, page.get_by_role("button", name="Undo"))
    expect(page.get_by_role("heading")).to_have_text("You are back on the list.")
    assert (left, world.consents()["weekly"]) == (Consent.UNSUBSCRIBED, Consent.CONFIRMED)


def test_a_reader_chooses_lists_with_the_keyboard(world: World, page: Page) -> None:
    page.goto(f"/p/{world.token}")
    page.get_by_label("Events").focus()
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Saved")
    assert world.consents()["events"] is Consent.UNSUBSCRIBED


@pytest.mark.parametrize("path", ["/", "/editions/{id}", "/editions/{id}/log", "/u/{token}", "/p/{token}"])
def test_nothing_is_wider_than_a_phone(world: World, page: Page, path: str) -> None:
    page.goto(path.format(id=world.edition_id, token=world.token))
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
