"""The checks, a test copy and Stop in real Chromium: as axe-core sees them, by keyboard, and asking while one waits."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from newsletter.app import App
from newsletter.config import Checks, Fetch, Settings
from newsletter.delivery.models import Sending, SendingState
from newsletter.editions import shelf
from newsletter.editions.models import Edition, State
from newsletter.jobs import checking
from newsletter.rendering.preflight import Level
from newsletter.staff.acts import Doer
from tests.browsing import press
from tests.factories import an_edition
from tests.readers import test_looks as looks
from tests.staff.conftest import Clock
from tests.staff.test_looks import page
from tests.stories.newsstand import Newsstand, open_newsstand
from tests.tracking.ledger import a_sending

__all__ = ["page"]

pytestmark = looks.pytestmark
EVA = Doer("Eva", "desk")


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(
        update={
            "fetch": Fetch(allow_loopback=True, host_gap=0, timeout=5),
            "checks": Checks(nameservers=("127.0.0.1:9",), seconds=0.2),
        }
    )


@pytest.fixture
def stand() -> Iterator[Newsstand]:
    stand, close = open_newsstand()
    yield stand
    close()


@pytest.fixture
def edition_id(app: App, stand: Newsstand) -> int:
    """With something red, something amber, and something that nobody can say."""
    with app.database.write() as session:
        edition = an_edition(session, "Walmart goes live", "Getir buys Weezy", state=State.IN_REVIEW)
        edition.stories[0].url = stand.serve("/a", "words")
        edition.stories[1].url = stand.url("/gone")
        return edition.id


@pytest.fixture
def strict_page(chromium: Browser, desk: str) -> Iterator[Page]:
    """A page under our own policy."""
    context = chromium.new_context(base_url=desk, viewport={"width": 390, "height": 844})
    yield context.new_page()
    context.close()


def _one_aside(app: App, edition_id: int, clock: Clock) -> None:
    with app.database.read() as session:
        report = checking.report(session, app, shelf.get(session, edition_id), now=clock())
    amber = report.of(Level.AMBER)[0]
    checking.set_aside(app, edition_id, amber.key, by=EVA, reason="So be it", now=clock())


def test_the_checks_look_right(app: App, page: Page, edition_id: int, clock: Clock) -> None:
    wanted = checking.begin(app, edition_id, by=EVA, now=clock())
    page.goto(f"/editions/{edition_id}/check")
    wrong = looks.look(page)
    checking.go_on(app, edition_id, wanted, began_at=clock(), clock=clock)
    _one_aside(app, edition_id, clock)
    page.goto(f"/editions/{edition_id}/check")
    page.get_by_text("It is no matter").first.click()

    assert [*wrong, *looks.look(page)] == []


def test_a_test_copy_looks_right(page: Page, edition_id: int) -> None:
    page.goto(f"/editions/{edition_id}/test")
    wrong = looks.look(page)
    page.get_by_label("To whom").fill("eva@example.org, nobody")
    press(page, page.get_by_role("button", name="Send the test"))
    wrong += looks.look(page)
    page.get_by_label("To whom").fill("eva@example.org")
    press(page, page.get_by_role("button", name="Send the test"))

    assert ([*wrong, *looks.look(page)], page.get_by_text("eva@example.org").count()) == ([], 1)


def test_another_hour_looks_right(page: Page, edition_id: int) -> None:
    page.goto(f"/editions/{edition_id}/time")
    wrong = looks.look(page)
    page.get_by_label("At, on").fill("00:10")
    press(page, page.get_by_role("button", name="Send it then"))
    page.goto(f"/editions/{edition_id}/time")

    assert [*wrong, *looks.look(page)] == []


def test_the_page_shows_what_was_answered_by_itself(strict_page: Page, edition_id: int) -> None:
    strict_page.goto(f"/editions/{edition_id}/check")
    strict_page.get_by_role("button", name="Check links and pictures").press("Enter")

    expect(strict_page.get_by_text("is not there (404)")).to_be_visible(timeout=60_000)


def test_stop_is_the_first_thing_under_a_thumb_and_under_the_keyboard(
    app: App, strict_page: Page, clock: Clock
) -> None:
    with app.database.write() as session:
        edition_id, _ = a_sending(session)
        session.get_one(Edition, edition_id).state = State.SENDING
    strict_page.goto(f"/editions/{edition_id}")
    stop = strict_page.get_by_role("button", name="Stop")
    box = stop.bounding_box()
    strict_page.locator("#main").evaluate("main => { main.tabIndex = -1; main.focus(); }")
    strict_page.keyboard.press("Tab")
    focused = strict_page.evaluate("document.activeElement.textContent")
    with strict_page.expect_navigation():
        strict_page.keyboard.press("Enter")
    with app.database.read() as session:
        state = session.get_one(Sending, edition_id).state

    assert box is not None
    assert (box["height"] >= 64, box["width"] > 300, box["y"] + box["height"] < 844) == (True, True, True)
    assert (focused, state) == ("Stop", SendingState.PAUSED)
