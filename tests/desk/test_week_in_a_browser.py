"""This week in real Chromium: by keyboard, by hand, with a script and without one; and how axe-core sees it."""

from collections.abc import Iterator
from datetime import datetime

import pytest
from playwright.sync_api import Browser, Page, expect

from newsletter import jobs
from newsletter.app import App
from newsletter.stories.models import Rule
from newsletter.stories.picking import choosing, decisions, naming
from tests.factories import FRIDAY, a_source, an_article
from tests.readers import test_looks as looks
from tests.scheduler.world import a_week, utc
from tests.staff.conftest import PASSWORD, Clock, a_colleague

pytestmark = looks.pytestmark
MOON = "A shop opens on the moon"


@pytest.fixture
def now() -> datetime:
    return utc("2021-11-25 17:00")


@pytest.fixture
def week(app: App, now: datetime) -> App:
    a_week(app)
    with app.database.write() as session:
        an_article(session, a_source(session, "Seventh Source"), MOON, MOON)
    jobs.assemble(app, app.newsletter(), FRIDAY, now=now, by="clock")
    a_colleague(app, now=now)
    return app


def _sign_in(page: Page) -> Page:
    page.goto("/desk/sign-in?next=/week")
    page.get_by_label("Address").fill("eva@example.com")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/week")
    return page


@pytest.fixture
def page(chromium: Browser, desk: str, week: App) -> Iterator[Page]:
    """The page, at a desk in New York."""
    context = chromium.new_context(
        # high enough that a hand that drags need not scroll
        base_url=desk,
        viewport={"width": 1280, "height": 1500},
        timezone_id="America/New_York",
    )
    yield _sign_in(context.new_page())
    context.close()


def _chosen(app: App) -> list[str]:
    with app.database.read() as session:
        ranking = choosing.latest(session, "friday", FRIDAY)
        assert ranking is not None
        return [naming.name(story) for story in choosing.stories(session, ranking) if story.chosen]


def _shown(page: Page) -> list[str]:
    """The stories of the slots, as the page has them."""
    found: list[str] = page.locator(".slots .row").evaluate_all("rows => rows.map(row => row.dataset.story)")
    return found


def _said(page: Page, words: str) -> None:
    expect(page.locator("#said")).to_contain_text(words)


def _press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def test_a_candidate_is_placed_by_keyboard_and_taken_back(week: App, page: Page) -> None:
    before = _chosen(week)
    _press(page, "k", *("j" for _ in range(5)), "2")
    _said(page, f"“{MOON}” has place 2.")
    placed = _shown(page)
    focused = page.evaluate("document.activeElement.dataset.slot")
    _press(page, "z")
    _said(page, "Your last act is taken back.")
    assert (placed, focused, _shown(page)) == (
        [before[0], placed[1], *before[1:4]],
        "2",
        before,
    )
    assert placed[1] not in before


def test_two_places_are_changed_by_keyboard(week: App, page: Page) -> None:
    before = _chosen(week)
    _press(page, "k", "3")
    _said(page, "has place 3.")
    assert _shown(page) == [before[2], before[1], before[0], *before[3:]]


def test_keys_that_come_quickly_are_all_done(week: App, page: Page) -> None:
    before = _chosen(week)
    _press(page, "k", "2", "3", "4")
    expect(page.locator(".slots .row").nth(3)).to_have_attribute("data-story", before[0])
    expect(page.locator("#board[aria-busy]")).to_have_count(0)
    assert sorted(_shown(page)) == sorted(before)


def test_a_story_is_left_out_with_a_reason_and_let_in_again(week: App, page: Page) -> None:
    before = _chosen(week)
    _press(page, "k", "x")
    page.keyboard.type("old news")
    _press(page, "Enter")
    _said(page, "is left out.")
    with week.database.read() as session:
        (decision,) = decisions.standing(session, "friday", FRIDAY)
    row = page.locator(f"#row-{before[0]}")
    expect(row).to_contain_text("left out by Eva: old news")
    row.focus()
    _press(page, "x")
    _said(page, "stands where its score puts it.")
    assert (decision.rule, decision.reason, _shown(page)) == (Rule.EXCLUDE, "old news", before)


def test_points_are_given_by_keyboard(week: App, page: Page) -> None:
    _press(page, "k", "j", "+")
    _said(page, "has +10 points.")
    _press(page, "+")
    _said(page, "has +20 points.")
    _press(page, "-")
    _said(page, "has +10 points.")


def test_two_stories_are_merged_and_an_article_is_split_off_by_keyboard(week: App, page: Page) -> None:
    before = _chosen(week)
    _press(page, "k", "m", "j", "m")
    _said(page, "are one story.")
    merged = _shown(page)
    _press(page, "s")
    expect(page.locator("[value^='split ']").first).to_be_focused()
    _press(page, "Enter")
    _said(page, "is a story of its own.")
    assert len(set(before[:2]) & set(merged)) == 1


def test_a_pin_is_set_and_let_go_with_one_key(week: App, page: Page) -> None:
    _press(page, "k", "p")
    _said(page, "is pinned.")
    _press(page, "p")
    _said(page, "stands where its score puts it.")


def test_the_keys_are_shown_and_can_be_turned_off(week: App, page: Page) -> None:
    _press(page, "?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    page.get_by_label("Single keys act on this page").uncheck()
    page.get_by_role("button", name="Close").click()
    _press(page, "k", "p")
    page.reload()
    _press(page, "k", "p")
    with week.database.read() as session:
        assert decisions.standing(session, "friday", FRIDAY) == []


def test_keys_in_a_field_are_letters(week: App, page: Page) -> None:
    _press(page, "a")
    page.keyboard.type("xpz")
    expect(page.get_by_label("Address of the article")).to_have_value("xpz")
    with week.database.read() as session:
        assert decisions.standing(session, "friday", FRIDAY) == []


def test_a_candidate_is_dragged_to_a_place(week: App, page: Page) -> None:
    before = _chosen(week)
    page.locator(".candidates .row").first.drag_to(page.locator(".slots .row").nth(3))
    _said(page, f"“{MOON}” has place 4.")
    assert [*_shown(page)[:3], *_shown(page)[4:]] == before[:4]


def test_two_places_are_changed_by_hand(week: App, page: Page) -> None:
    before = _chosen(week)
    page.locator(".slots .row").nth(0).drag_to(page.locator(".slots .row").nth(4))
    _said(page, "has place 5.")
    assert _shown(page) == [before[4], *before[1:4], before[0]]


def test_of_two_editors_the_second_is_told_and_nothing_is_done(week: App, page: Page, clock: Clock) -> None:
    clock.turn(minutes=1)
    with week.database.read() as session:
        ranking = choosing.latest(session, "friday", FRIDAY)
        assert ranking is not None
        moon = choosing.stories(session, ranking)[5].article_ids
    jobs.rule(week, "friday", FRIDAY, Rule.PIN, moon, by="Bob", now=clock())
    _press(page, "k", "x", "Enter")
    expect(page.get_by_role("alert")).to_contain_text("Bob changed the ranking meanwhile, so nothing was done.")
    assert _shown(page) == _chosen(week)


def test_who_was_signed_out_meanwhile_is_sent_to_the_door(week: App, page: Page, clock: Clock) -> None:
    clock.turn(days=8)
    _press(page, "k", "p")
    page.wait_for_url("**/desk/sign-in?next=**")
    expect(page.get_by_label("Password")).to_be_visible()


def test_a_moment_is_also_said_on_the_viewers_clock(page: Page) -> None:
    expect(page.locator(".clock li").nth(3)).to_contain_text("Fri 26 Nov, 08:00 (03:00 for you)")


def test_it_works_without_a_script(chromium: Browser, desk: str, week: App) -> None:
    context = chromium.new_context(base_url=desk, java_script_enabled=False)
    page = _sign_in(context.new_page())
    before = _chosen(week)
    page.locator(".slots .row").first.hover()
    page.locator(".slots .row").first.get_by_role("button", name="Place 3").click()
    expect(page.locator("#said")).to_contain_text("You placed a story.")
    page.locator(".slots .row").first.hover()
    page.locator(".slots .row").first.get_by_role("link", name="More").click()
    page.get_by_label("Leave it out, because").fill("old news")
    page.get_by_role("button", name="Leave out", exact=True).click()
    expect(page.locator("#said")).to_contain_text("You left a story out.")
    context.close()
    assert before[2] not in _chosen(week)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_it_looks_right(chromium: Browser, desk: str, week: App, width: int, scheme: str) -> None:
    context = chromium.new_context(
        base_url=desk,
        viewport={"width": width, "height": 850},
        color_scheme="dark" if scheme == "dark" else "light",
        bypass_csp=True,
    )
    context.add_init_script(path=looks.AXE)
    page = _sign_in(context.new_page())
    wrong = looks.look(page)
    _press(page, "k", "3")
    _said(page, "has place 3.")
    _press(page, "Enter")
    expect(page.locator(".story-panel")).to_be_visible()
    for folded in page.locator("details").all():
        folded.evaluate("details => details.open = true")
    wrong += looks.look(page)
    _press(page, "?")
    wrong += looks.look(page)
    _press(page, "Escape")
    page.goto(page.locator(".slots .row [data-open]").first.get_attribute("href") or "")
    wrong += looks.look(page)
    context.close()
    assert wrong == []
