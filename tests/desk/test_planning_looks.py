"""The calendar and the sources in real Chromium: dragged, by keyboard, without scripts; and as axe-core sees them."""

import re
from datetime import date, timedelta

import pytest
from playwright.sync_api import Browser, Page, expect

from newsletter.app import App
from newsletter.config import Newsletter
from newsletter.editions.days import Diary
from newsletter.editions.models import State
from newsletter.jobs import setting
from newsletter.staff.models import Role
from newsletter.stories.models import Health
from newsletter.stories.reading import sources
from tests.browsing import press
from tests.factories import a_source, an_article, an_edition
from tests.readers import test_looks as looks
from tests.staff.conftest import BOSS, PASSWORD, Clock, a_colleague
from tests.staff.test_looks import chromium, page

__all__ = ["chromium", "page"]
pytestmark = looks.pytestmark

FRIDAY, WEDNESDAY = date(2021, 12, 10), date(2021, 12, 8)


@pytest.fixture(autouse=True)
def a_house(app: App, clock: Clock) -> None:
    """Holidays, a blackout, an edition in review, and sources of every kind."""
    clock.turn(days=-1)
    values = {"holidays": "GB-ENG", "blackout": ["2021-12-03 the trade fair", "12-24/01-02 closed"]}
    setting.put(app, {f"newsletters.friday.{name}": value for name, value in values.items()}, by=BOSS, now=clock())
    with app.database.write() as session:
        an_edition(session, state=State.IN_REVIEW)
        post, gazette, wire = (
            a_source(session, name) for name in ("Retail Dive", "Essential Retail", "Grocery Gazette")
        )
        for ago in range(80):
            an_article(session, post, f"Story {ago}", published_at=clock() - timedelta(days=ago * ago % 80))
        an_article(session, gazette, "The last one", published_at=clock() - timedelta(days=60))
        wire.health, wire.failures = Health.FAILING, 3
        wire.problem = "was not found (404): is the address still right?"
        wire.next_fetch_at = clock() + timedelta(hours=4)
        sources.pause(session, str(a_source(session, "LSA").id), now=clock())
        post.fetched_at = gazette.fetched_at = wire.fetched_at = clock() - timedelta(minutes=20)


def _sign_in(app: App, page: Page, clock: Clock) -> None:
    a_colleague(app, "boss@example.com", Role.ADMIN, now=clock())
    page.goto("/desk/sign-in")
    page.get_by_label("Address").fill("boss@example.com")
    page.get_by_label("Password").fill(PASSWORD)
    press(page, page.get_by_role("button", name="Sign in"))


def _goes_out(app: App, clock: Clock, week: date) -> date | None:
    newsletter: Newsletter = app.current().newsletter("friday")
    with app.database.read() as session:
        found = Diary(session, newsletter, clock()).of_week(week)
    return found.date if found else None


def test_the_calendar_is_right_for_everybody(app: App, page: Page, clock: Clock) -> None:
    _sign_in(app, page, clock)
    page.goto("/desk/calendar")
    wrong = looks.look(page)
    for details in page.locator("details").all():
        details.evaluate("one => one.open = true")
    assert wrong + looks.look(page) == []


def test_the_sources_are_right_for_everybody(app: App, page: Page, clock: Clock) -> None:
    _sign_in(app, page, clock)
    page.goto("/desk/sources")
    wrong = looks.look(page)
    page.locator("details").first.evaluate("one => one.open = true")
    assert wrong + looks.look(page) == []


def test_an_edition_is_dragged_to_another_day_and_back(app: App, page: Page, clock: Clock) -> None:
    _sign_in(app, page, clock)
    page.goto("/desk/calendar")
    chip = page.locator(f'.chip[data-row="friday-{FRIDAY}"]')
    with page.expect_navigation():
        chip.drag_to(page.locator(f'td[data-day="{WEDNESDAY}"]'))
    moved = _goes_out(app, clock, FRIDAY)
    wrong = looks.look(page)
    expect(page.get_by_role("status")).to_contain_text("goes out on Wednesday 8 December 2021")
    press(page, page.get_by_role("button", name="Undo"))
    assert (moved, _goes_out(app, clock, FRIDAY), wrong) == (WEDNESDAY, FRIDAY, [])


def test_an_edition_is_moved_by_keyboard_alone(app: App, page: Page, clock: Clock) -> None:
    _sign_in(app, page, clock)
    page.goto("/desk/calendar")
    row = page.locator(f"#friday-{FRIDAY}")
    row.locator("summary").focus()
    page.keyboard.press("Enter")
    row.get_by_label("Day").fill(f"{WEDNESDAY}")
    row.get_by_label("Why").focus()
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert _goes_out(app, clock, FRIDAY) == WEDNESDAY


def test_without_scripts_the_form_does_it(app: App, chromium: Browser, desk: str, clock: Clock) -> None:
    context = chromium.new_context(base_url=desk, java_script_enabled=False)
    page = context.new_page()
    _sign_in(app, page, clock)
    page.goto("/desk/calendar")
    row = page.locator(f"#friday-{FRIDAY}")
    row.locator("summary").click()
    row.get_by_label("Day").fill(f"{WEDNESDAY}")
    press(page, row.get_by_role("button", name="Move it there"))
    context.close()
    assert _goes_out(app, clock, FRIDAY) == WEDNESDAY


def test_the_viewers_own_time_stands_beside(app: App, chromium: Browser, desk: str, clock: Clock) -> None:
    context = chromium.new_context(base_url=desk, timezone_id="America/New_York")
    page = context.new_page()
    _sign_in(app, page, clock)
    page.goto("/desk/calendar")
    shown = page.locator(f"#friday-{FRIDAY} .hours li").last.inner_text()
    context.close()
    assert re.search(r"Fri 10 Dec, 09:00.*04:00 for you", shown)
