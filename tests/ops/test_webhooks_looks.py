"""Webhooks in real Chromium, as axe-core sees them: phone and desk, light and dark."""

import pytest
from playwright.sync_api import Page

from newsletter.app import App
from newsletter.editions.models import State
from newsletter.staff.models import Role
from tests.browsing import press
from tests.ops.house import clock
from tests.ops.test_webhooks_page import app, receiver, world
from tests.readers import test_looks as looks
from tests.staff.conftest import PASSWORD, Clock, a_colleague
from tests.staff.test_looks import page
from tests.webhooks import receiver as manners
from tests.webhooks.conftest import World
from tests.webhooks.receiver import Receiver

__all__ = ["app", "clock", "page", "receiver", "world"]

pytestmark = looks.pytestmark


@pytest.fixture
def boss(app: App, page: Page, clock: Clock) -> Page:
    """An admin, signed in."""
    a_colleague(app, "boss@example.com", Role.ADMIN, now=clock())
    page.goto("/desk/sign-in")
    page.get_by_label("Address").fill("boss@example.com")
    page.get_by_label("Password").fill(PASSWORD)
    press(page, page.get_by_role("button", name="Sign in"))
    return page


def test_it_is_right_for_everybody(boss: Page, world: World, receiver: Receiver) -> None:
    boss.goto("/ops/webhooks")
    wrong = looks.look(boss)
    boss.get_by_label("Address").fill(receiver.url)
    press(boss, boss.get_by_role("button", name="Tell it from now on"))
    wrong += looks.look(boss)
    world.edition(State.IN_REVIEW, State.APPROVED)
    world.hear("delivered", "bounce")
    receiver.manners = [manners.status(503, "no room just now, come back later please")]
    world.tell()
    world.wait(seconds=5)
    world.tell()
    boss.goto("/ops/webhooks/1")
    wrong += looks.look(boss)
    for one in boss.locator("summary").all():
        one.click()
    assert wrong + looks.look(boss) == []
