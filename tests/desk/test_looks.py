"""The edition beside its words in real Chromium: typing changes the look, and each look differs in what it should."""

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import httpx
import pytest
from playwright.sync_api import Browser, FrameLocator, Page, expect

from tests.readers import test_looks as looks
from tests.web.conftest import World, site, world

__all__ = ["site", "world"]

pytestmark = looks.pytestmark


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


@pytest.mark.parametrize(
    ("name", "headline", "ground"),
    [
        ("Dark", "rgb(238, 233, 224)", "rgb(30, 27, 24)"),
        ("Thunderbird, dark", "rgb(88, 201, 255)", "rgb(24, 24, 27)"),
        ("Gmail, dark", "rgb(252, 249, 245)", "rgb(18, 18, 18)"),
    ],
)
def test_each_dark_look_has_its_own_colours(page: Page, name: str, headline: str, ground: str) -> None:
    _choose(page, name)
    assert _frame(page).locator("h2 a").first.evaluate(_COLOURS) == [headline, ground]


#: of the letters, and of the first ground behind them that is one
_COLOURS = """place => {
  const letters = getComputedStyle(place).color;
  while (place && getComputedStyle(place).backgroundColor === "rgba(0, 0, 0, 0)") place = place.parentElement;
  return [letters, place && getComputedStyle(place).backgroundColor];
}"""


def test_a_look_keeps_what_was_typed(page: Page) -> None:
    _type(page, title="Written this very moment", preheader="And this")
    for name in ("In the inbox", "Text", "Gmail, dark"):
        _choose(page, name)
        expect(_frame(page).locator("body")).to_contain_text("And this")


def test_the_page_stays_where_it_was_scrolled_to(page: Page) -> None:
    long = {"introduction": "\n\n".join(["A paragraph."] * 60), "title": "One"}
    _type(page, **long)
    expect(_frame(page).get_by_text("A paragraph.")).to_have_count(60)
    _frame(page).locator("html").evaluate("html => { html.scrollTop = 700; }")
    with page.expect_response("**/look/light"):
        _type(page, **long)
    expect(page.locator(".looks[aria-busy]")).to_have_count(0)
    assert _frame(page).locator("html").evaluate("html => html.scrollTop") == 700


def test_what_is_typed_is_brought_into_view(page: Page) -> None:
    long = "\n\n".join(["A paragraph."] * 60)
    _type(page, introduction=long)
    expect(_frame(page).get_by_text("A paragraph.")).to_have_count(60)
    _type(page, introduction=long, **{"stories-1-headline": "Far below"})
    expect(_frame(page).get_by_text("Far below").first).to_be_in_viewport()


def test_the_look_is_that_of_the_reader_who_was_named(page: Page) -> None:
    page.get_by_label("As", exact=True).fill("ada@example.com")
    page.get_by_role("button", name="Look", exact=True).click()
    expect(_frame(page).get_by_text("Sent to ada@example.com")).to_be_attached()
    page.get_by_label("As", exact=True).fill("nobody@example.com")
    page.get_by_role("button", name="Look", exact=True).click()
    expect(page.locator(".looks-sorry")).to_contain_text("Nobody in the roll has the address nobody@example.com")


def test_nothing_in_a_look_is_against_a_policy(page: Page) -> None:
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    for name in (
        "Dark",
        "Thunderbird, dark",
        "Gmail, dark",
        "Pictures off",
        "Text",
        "In the inbox",
        "New since the last",
    ):
        _choose(page, name)
    assert said == []


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
