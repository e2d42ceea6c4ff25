"""A counted link, as a reader follows it from their mail in a real Chromium."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, sync_playwright

from newsletter.tracking.links.counts import Tally
from tests.links.conftest import House
from tests.rendering.camera import chromium

pytestmark = pytest.mark.skipif(chromium() is None, reason="no chromium, chromium-browser or google-chrome on the PATH")


@pytest.fixture
def mail(house: House) -> Iterator[Page]:
    """Ada's copy on a screen; its links lead to the pages of this test, and the world outside is one page."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium(), args=["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]
        )
        page = browser.new_page(user_agent="Mozilla/5.0 (Macintosh) AppleWebKit/537.36 Chrome/120.0 Safari/537.36")
        page.set_default_timeout(120_000)
        page.route(
            "https://*.example/**", lambda route: route.fulfill(body="<h1>The story</h1>", content_type="text/html")
        )
        here = str(house.site.base_url).rstrip("/")
        html = house.text_of(house.ada).partition("<!doctype html>")[2]
        page.set_content("<!doctype html>" + html.replace("https://news.example.com", here))
        yield page
        browser.close()


def test_a_reader_comes_from_the_mail_to_the_story_and_is_counted_as_a_person(house: House, mail: Page) -> None:
    mail.get_by_text("Walmart goes live").and_(mail.locator("a")).first.click()
    mail.wait_for_url("https://retaildive.example/1")
    assert (mail.locator("h1").inner_text(), house.counts().by_story()[1]) == ("The story", Tally(human=1, people=1))


def test_nobody_sees_the_link_that_nobody_shall_see(mail: Page) -> None:
    decoy = mail.locator("a[aria-hidden=true]")
    assert (decoy.count(), decoy.is_visible(), decoy.inner_text()) == (1, False, "")


def test_no_key_reaches_it(mail: Page) -> None:
    reached = []
    for _ in range(mail.locator("a").count() + 2):
        mail.keyboard.press("Tab")
        reached.append(mail.evaluate("document.activeElement.getAttribute('aria-hidden')"))
    assert "true" not in reached
