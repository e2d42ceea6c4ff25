"""The desk's own doors in real Chromium, as axe-core sees them: phone and desk, light and dark."""

from collections.abc import Iterator

import pyotp
import pytest
from playwright.sync_api import Browser, Page

from newsletter.app import App
from newsletter.staff import keys
from newsletter.staff.models import Role
from tests.browsing import launched, press
from tests.readers import test_looks as looks
from tests.staff.conftest import PASSWORD, Clock, a_colleague

pytestmark = looks.pytestmark
BOSS = "boss@example.com"


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with launched() as browser:
        yield browser


@pytest.fixture(params=[(390, 844, "dark"), (1280, 800, "light")], ids=["phone, dark", "desk, light"])
def page(chromium: Browser, desk: str, request: pytest.FixtureRequest) -> Iterator[Page]:
    width, height, scheme = request.param
    context = chromium.new_context(
        base_url=desk, viewport={"width": width, "height": height}, color_scheme=scheme, bypass_csp=True
    )
    context.add_init_script(path=looks.AXE)
    yield context.new_page()
    context.close()


def _sign_in(page: Page) -> None:
    page.goto("/desk/sign-in")
    page.get_by_label("Address").fill(BOSS)
    page.get_by_label("Password").fill(PASSWORD)
    press(page, page.get_by_role("button", name="Sign in"))


def test_the_first_account_is_made_and_has_a_second_factor(app: App, page: Page, clock: Clock) -> None:
    with app.database.write() as session:
        path = keys.path(keys.make(session, None, now=clock()))
    page.goto(path)
    wrong = looks.look(page)
    page.get_by_label("Your address").fill(BOSS)
    page.get_by_label("Your name").fill("The boss")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_label("The same once more").fill(PASSWORD)
    press(page, page.get_by_role("button", name="Make the account"))
    press(page, page.get_by_role("link", name="Set it up"))
    wrong += looks.look(page)
    secret = page.locator(".secret code").inner_text().replace(" ", "")
    page.get_by_label("The code it shows now").fill(pyotp.TOTP(secret).at(clock()))
    press(page, page.get_by_role("button", name="Turn it on"))
    wrong += looks.look(page)
    press(page, page.get_by_role("link", name="I have kept them"))
    assert (wrong + looks.look(page), page.get_by_text("On. 10 recovery codes left.").count()) == ([], 1)


def test_signing_in_looks_right(app: App, page: Page, clock: Clock) -> None:
    a_colleague(app, BOSS, now=clock())
    page.goto("/desk/sign-in")
    wrong = looks.look(page)
    page.get_by_label("Address").fill(BOSS)
    page.get_by_label("Password").fill("not the right one")
    press(page, page.get_by_role("button", name="Sign in"))
    assert (wrong + looks.look(page), page.get_by_role("alert").count()) == ([], 1)


def test_a_colleague_is_asked_in_by_an_admin(app: App, page: Page, clock: Clock) -> None:
    a_colleague(app, BOSS, Role.ADMIN, now=clock())
    _sign_in(page)
    press(page, page.get_by_role("link", name="People"))
    page.get_by_label("Address").fill("new@example.com")
    page.get_by_label("approver also").check()
    press(page, page.get_by_role("button", name="Make an account"))
    wrong = looks.look(page)
    press(page, page.get_by_role("link", name="What everybody did"))
    assert (wrong + looks.look(page), page.locator("tbody").get_by_text("made an account").count()) == ([], 2)
