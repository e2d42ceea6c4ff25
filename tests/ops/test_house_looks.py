"""Operations' house in real Chromium, as axe-core sees it: phone and desk, light and dark; and by keyboard."""

import pytest
from playwright.sync_api import Page, expect

from newsletter.app import App
from newsletter.staff.models import Role
from tests.browsing import press
from tests.ops.house import clock, week
from tests.readers import test_looks as looks
from tests.staff.conftest import PASSWORD, Clock, a_colleague
from tests.staff.test_looks import page

__all__ = ["clock", "page", "week"]

pytestmark = looks.pytestmark


@pytest.fixture
def boss(app: App, page: Page, week: int, clock: Clock) -> Page:
    """An admin, signed in."""
    a_colleague(app, "boss@example.com", Role.ADMIN, now=clock())
    page.goto("/desk/sign-in")
    page.get_by_label("Address").fill("boss@example.com")
    page.get_by_label("Password").fill(PASSWORD)
    press(page, page.get_by_role("button", name="Sign in"))
    return page


@pytest.mark.parametrize("path", ["/ops/scheduler", "/ops/alarms", "/ops/doctor", "/ops/acts"])
def test_it_is_right_for_everybody(boss: Page, path: str) -> None:
    boss.goto(path)
    assert looks.look(boss) == []


def test_a_round_is_begun_by_keyboard(boss: Page) -> None:
    boss.goto("/ops/scheduler")
    boss.locator('button[value="collect"]').focus()
    with boss.expect_navigation():
        boss.keyboard.press("Enter")
    expect(boss.get_by_role("status")).to_contain_text("at its next tick")


def test_a_page_that_is_left_open_tells_when_the_clock_stops(boss: Page, clock: Clock) -> None:
    boss.goto("/ops/scheduler")
    clock.turn(minutes=5)
    expect(boss.locator("#stands")).to_contain_text("No scheduler is running", timeout=60_000)
