"""Every page of the desk in the demo's week, as axe-core sees it: before the approval, and after it went out."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from newsletter import jobs
from newsletter.app import App
from newsletter.demo import afternoon, friday, server
from newsletter.demo.afternoon import WeekClock
from tests.browsing import press
from tests.desk import sheet
from tests.readers import test_looks as looks
from tests.staff.conftest import PASSWORD
from tests.web.site import served

NEEDS_CHROMIUM, *NEEDS_AXE, _ = looks.pytestmark
pytestmark = [NEEDS_CHROMIUM, *NEEDS_AXE]


@pytest.fixture(scope="module")
def week(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[App, WeekClock]]:
    """The demo's week with its draft, and somebody who may do everything."""
    with server.serve() as base:
        home = tmp_path_factory.mktemp("demo") / "demo"
        with friday.prepare(home, port=int(base.rpartition(":")[2])) as app:
            friday.draft(app, base, lambda step: None, lambda done, total: None)
            clock = afternoon.begin(app)
            sheet.account(app, clock)
            yield app, clock


def _signed_in(browser: Browser, url: str, width: int, scheme: str) -> Page:
    context = browser.new_context(
        base_url=url,
        viewport={"width": width, "height": 844},
        color_scheme=scheme,  # type: ignore[arg-type]
        bypass_csp=True,
    )
    context.set_default_timeout(120_000)
    context.add_init_script(path=looks.AXE)
    page = context.new_page()
    page.goto("/desk/sign-in")
    page.get_by_label("Address").fill(sheet.BOSS)
    page.get_by_label("Password").fill(PASSWORD)
    press(page, page.get_by_role("button", name="Sign in"))
    return page


def _wrong(browser: Browser, url: str, paths: tuple[str, ...]) -> dict[str, list[str]]:
    """Path → what is wrong with it, on a phone in the dark and at a desk in daylight."""
    found: dict[str, list[str]] = {}
    for width, scheme in ((390, "dark"), (1280, "light")):
        page = _signed_in(browser, url, width, scheme)
        for path in paths:
            answer = page.goto(path, wait_until="load")
            said = looks.look(page) + ([] if answer is not None and answer.ok else ["it did not answer"])
            found.setdefault(path, []).extend(f"{width} px: {one}" for one in said)
        page.context.close()
    return {path: said for path, said in found.items() if said}


def test_nothing_is_wrong_with_any_page_before_the_approval_and_after_it_went_out(
    week: tuple[App, WeekClock], browser: Browser
) -> None:
    app, clock = week
    with served(app, clock) as site:
        url = str(site.base_url)
        before = _wrong(browser, url, (*sheet.BEFORE, "/", "/editions/1/edit/text"))
        jobs.approve(app, 1, by="a test", now=clock())
        clock.put_forward(friday.FRIDAY_MORNING)
        jobs.send(app, 1, by="a test", owner="test", clock=clock)
        after = _wrong(browser, url, (*sheet.AFTER, "/editions/1/why?who=reader001@example.com"))
    assert [*before.items(), *after.items()] == []


def test_a_page_that_is_none_would_be_seen(week: tuple[App, WeekClock], browser: Browser) -> None:
    app, clock = week
    with served(app, clock) as site:
        assert list(_wrong(browser, str(site.base_url), ("/nothing",))) == ["/nothing"]
