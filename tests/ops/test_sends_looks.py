"""Sendings in real Chromium, as axe-core sees them: phone and desk, light and dark; watched, paused, by keyboard."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import update

from newsletter.app import App
from newsletter.delivery.models import Batch, BatchState, Sending, SendingState
from newsletter.staff.models import Role
from tests.browsing import press
from tests.desk.aftermath import NINE
from tests.ops.going import LATER, a_sending
from tests.readers import test_looks as looks
from tests.staff.conftest import PASSWORD, a_colleague

pytestmark = looks.pytestmark
_SHAPES = [(390, 844, "light"), (390, 844, "dark"), (1280, 800, "light"), (1280, 800, "dark")]
_SOON = 60_000


@pytest.fixture
def now() -> datetime:
    return LATER


@pytest.fixture
def going(app: App) -> int:
    a_colleague(app, "olga@example.com", Role.OPERATOR, now=LATER)
    return a_sending(app)


@pytest.fixture(params=_SHAPES, ids=[f"{width} {scheme}" for width, _, scheme in _SHAPES])
def shaped(chromium: Browser, desk: str, going: int, request: pytest.FixtureRequest) -> Iterator[Page]:
    """An operator, on a screen of each kind."""
    width, height, scheme = request.param
    context = chromium.new_context(
        base_url=desk, viewport={"width": width, "height": height}, color_scheme=scheme, bypass_csp=True
    )
    context.add_init_script(path=looks.AXE)
    yield _signed_in(context.new_page())
    context.close()


@pytest.fixture
def page(chromium: Browser, desk: str, going: int) -> Iterator[Page]:
    """An operator at a desk, under our own policy."""
    context = chromium.new_context(base_url=desk)
    yield _signed_in(context.new_page())
    context.close()


def _signed_in(page: Page) -> Page:
    page.goto("/desk/sign-in")
    page.get_by_label("Address").fill("olga@example.com")
    page.get_by_label("Password").fill(PASSWORD)
    press(page, page.get_by_role("button", name="Sign in"))
    return page


def _accept(app: App, *numbers: int) -> None:
    with app.database.write() as session:
        accepted = {"state": BatchState.ACCEPTED, "settled_at": LATER}
        session.execute(update(Batch).where(Batch.number.in_(numbers)).values(accepted))


def test_every_page_of_a_sending_is_right_for_everybody(shaped: Page, going: int) -> None:
    wrong = []
    verbs = ("/pause", "/cancel", "/retry?code=550", "/assume-accepted", "/resend", "/resume")
    for path in ("/ops", *(f"/ops/sends/{going}{rest}" for rest in ("", "?batches=all", *verbs))):
        shaped.goto(path)
        wrong += [f"{path}: {found}" for found in looks.look(shaped)]
    assert wrong == []


def test_an_empty_house_is_right_for_everybody(app: App, shaped: Page) -> None:
    with app.database.write() as session:
        session.delete(session.get_one(Sending, 1))
    shaped.goto("/ops")
    assert (looks.look(shaped), shaped.get_by_text("Nothing was ever sent from here").count()) == ([], 1)


def test_it_is_watched_without_a_reload(app: App, page: Page, going: int) -> None:
    page.goto(f"/ops/sends/{going}")
    page.get_by_text("As a table").click()
    page.evaluate("window.still = true")
    expect(page.get_by_text("70 % dealt with")).to_be_visible()
    _accept(app, 8)
    expect(page.get_by_text("80 % dealt with")).to_be_visible(timeout=_SOON)
    # what somebody has opened stays open
    assert page.evaluate("window.still && document.querySelector('.as-table').open")


def test_the_first_page_is_watched_too(app: App, page: Page, going: int) -> None:
    page.goto("/ops")
    expect(page.get_by_text("70 % dealt with")).to_be_visible()
    _accept(app, 8, 9)
    expect(page.get_by_text("90 % dealt with")).to_be_visible(timeout=_SOON)


def test_when_it_is_over_the_page_says_so_and_asks_no_more(app: App, page: Page, going: int) -> None:
    page.goto(f"/ops/sends/{going}")
    with app.database.write() as session:
        session.execute(update(Batch).values(state=BatchState.ACCEPTED, settled_at=NINE + timedelta(minutes=9)))
        session.execute(update(Sending).values(state=SendingState.COMPLETE, complete_at=LATER))
    expect(page.get_by_role("heading", level=1)).to_contain_text("complete", timeout=_SOON)
    expect(page.get_by_role("link", name="Pause…")).to_have_count(0)
    assert page.locator("[hx-get]").count() == 0


def test_it_is_paused_by_keyboard(app: App, page: Page, going: int) -> None:
    page.goto(f"/ops/sends/{going}")
    page.get_by_role("link", name="Pause…").focus()
    with page.expect_navigation():
        page.keyboard.press("Enter")
    expect(page.locator(".answer")).to_have_text("100 readers wait, until somebody lets it go on.")
    page.get_by_label("Why, for those who ask later").focus()
    page.keyboard.type("a wrong price")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    expect(page.get_by_text("Nothing moves: paused by Eva: a wrong price")).to_be_visible()


def test_what_is_unknown_is_resolved_without_scripts(chromium: Browser, app: App, desk: str, going: int) -> None:
    context = chromium.new_context(base_url=desk, java_script_enabled=False)
    try:
        page = _signed_in(context.new_page())
        page.goto("/ops")
        for name in ("Walmart goes live, Carrefour goes cashierless", "Count them as accepted…"):
            press(page, page.get_by_role("link", name=name))
        press(page, page.get_by_role("button", name="Count them as accepted"))
        assert page.get_by_text("resolve assume-accepted").count() == 1
        assert page.get_by_role("heading", name="unknown").count() == 0
    finally:
        context.close()
