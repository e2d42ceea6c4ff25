"""The edition beside its words in real Chromium: typing changes the look, and each look differs in what it should."""

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import httpx
import pytest
from playwright.sync_api import Browser, FrameLocator, Page, expect, sync_playwright

from tests.readers import test_looks as looks
from tests.web.conftest import World, site, world
from tests.web.test_in_a_browser import CHROMIUM, QUIET

__all__ = ["site", "world"]

pytestmark = looks.pytestmark


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        yield browser
        browser.close()


@pytest.fixture
def page(chromium: Browser, site: httpx.Client, world: World) -> Iterator[Page]:
    """The page of an edition, on a desk."""
    context = chromium.new_context(base_url=str(site.base_url), viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.goto(f"/editions/{world.edition_id}")
    yield page
    context.close()


def _frame(page: Page) -> FrameLocator:
    return page.frame_locator("iframe[name=look]")


def _type(page: Page, **words: str) -> None:
    """Type *words* as the editor's page does: into a form, which says so."""
    page.evaluate(
        "words => { const form = document.createElement('form');"
        " for (const [name, value] of Object.entries(words)) form.append(Object.assign("
        "document.createElement('textarea'), {name, value}));"
        " document.dispatchEvent(new CustomEvent('newsletter:words', {detail: {form}})); }",
        words,
    )


def _choose(page: Page, name: str) -> None:
    """Look at the look of that *name*, and wait until it is there."""
    page.get_by_role("link", name=name, exact=True).click()
    expect(page.locator(".looks a[aria-current]")).to_have_text(name)
    expect(page.locator(".looks[aria-busy]")).to_have_count(0)


def test_typing_changes_the_look(page: Page) -> None:
    _type(page, title="Written this very moment")
    expect(_frame(page).get_by_role("heading", name="Written this very moment")).to_be_visible()


def test_what_can_not_be_shown_leaves_the_last_good_look(page: Page) -> None:
    _type(page, title="Good so far")
    expect(_frame(page).get_by_role("heading", name="Good so far")).to_be_visible()
    _type(page, title="Good so far", subject="")
    expect(page.locator(".looks-sorry")).to_have_text("the edition needs a subject")
    expect(_frame(page).get_by_role("heading", name="Good so far")).to_be_visible()


def test_the_dark_look_is_dark_and_the_light_one_is_not(page: Page) -> None:
    colours = []
    for name in ("Dark", "Light"):
        _choose(page, name)
        colours.append(_frame(page).locator("body").evaluate("body => getComputedStyle(body).backgroundColor"))
    assert [_lightness(colour) > 128 for colour in colours] == [False, True]


def _lightness(colour: str) -> float:
    parts = [float(part) for part in colour[colour.index("(") + 1 : -1].split(",")[:3]]
    return sum(parts) / 3


def test_without_scripts_a_look_is_a_link(chromium: Browser, site: httpx.Client, world: World) -> None:
    context = chromium.new_context(base_url=str(site.base_url), java_script_enabled=False)
    page = context.new_page()
    page.goto(f"/editions/{world.edition_id}")
    page.get_by_role("link", name="Text", exact=True).click()
    expect(_frame(page).get_by_text("Unsubscribe:")).to_be_visible()
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_is_wrong_with_it_for_those_who_listen(
    chromium: Browser, site: httpx.Client, world: World, scheme: Literal["light", "dark"], width: int
) -> None:
    context = chromium.new_context(
        base_url=str(site.base_url), viewport={"width": width, "height": 900}, color_scheme=scheme, bypass_csp=True
    )
    context.add_init_script(path=Path(looks.AXE))
    page = context.new_page()
    page.goto(f"/editions/{world.edition_id}")
    wrong = looks.look(page)
    context.close()
    assert wrong == []
