"""Writing in real Chromium: saved as it is typed, two at once, taken back, lost connections; as axe-core sees it."""

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import FilePayload, Page, Route, expect

from newsletter.app import App
from newsletter.editions import shelf
from newsletter.editions import words as wording
from newsletter.editions.words import Words
from tests.browsing import press
from tests.desk.conftest import called
from tests.desk.test_pictures import a_picture
from tests.readers import test_looks as looks
from tests.staff.conftest import PASSWORD

NEEDS_CHROMIUM, *NEEDS_AXE, ON_SQLITE = looks.pytestmark
pytestmark = [NEEDS_CHROMIUM, ON_SQLITE]

Opened = Callable[..., Page]


@pytest.fixture
def opened(app: App, chromium: Chromium, desk: str, edition_id: int) -> Iterator[Opened]:
    """The writing page, as somebody sees it in a browser of their own."""
    contexts = []

    def open_it(name: str = "Eva", width: int = 1280, scheme: str = "light", **how: object) -> Page:
        email = called(app, name)
        context = chromium.new_context(
            base_url=desk,
            viewport={"width": width, "height": 844},
            color_scheme=scheme,  # type: ignore[arg-type]
            **how,  # type: ignore[arg-type]
        )
        contexts.append(context)
        if how.get("bypass_csp"):
            context.add_init_script(path=looks.AXE)
        page = context.new_page()
        page.goto("/desk/sign-in")
        page.get_by_label("Address").fill(email)
        page.get_by_label("Password").fill(PASSWORD)
        press(page, page.get_by_role("button", name="Sign in"))
        page.goto(f"/editions/{edition_id}/edit")
        return page

    yield open_it
    for context in contexts:
        context.close()


def said(app: App, edition_id: int) -> Words:
    with app.database.read() as session:
        return wording.of(shelf.get(session, edition_id))


def saved(page: Page) -> None:
    """Wait until all that was typed is saved."""
    expect(page.locator("#saved")).to_have_text(re.compile("^Saved"))


# saving


def test_what_is_typed_is_saved_and_seen_beside_it(app: App, opened: Opened, edition_id: int) -> None:
    page = opened()
    page.get_by_label("Headline").first.fill("Walmart sells *live*")
    saved(page)
    expect(page.frame_locator("iframe").get_by_text("Walmart sells *live*").first).to_be_visible()
    assert said(app, edition_id).stories[0].headline == "Walmart sells *live*"


def test_a_page_without_scripts_saves_with_a_button(app: App, opened: Opened, edition_id: int) -> None:
    page = opened(java_script_enabled=False)
    page.get_by_label("Subject").fill("Without scripts")
    press(page, page.get_by_role("button", name="Save"))
    press(page, page.get_by_role("button", name="Move story 2 up"))
    assert (said(app, edition_id).subject, said(app, edition_id).stories[0].headline) == (
        "Without scripts",
        "Carrefour opens a shop",
    )


def test_stories_are_moved_removed_and_added_with_the_keyboard(app: App, opened: Opened, edition_id: int) -> None:
    page = opened()
    page.get_by_role("button", name="Move story 3 up").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Remove story 3").focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Add a story").press("Enter")
    page.keyboard.type("A new one")
    saved(page)
    expect(page.get_by_label("Headline")).to_have_count(3)
    assert [story.headline for story in said(app, edition_id).stories] == [
        "Getir buys Weezy",
        "Walmart goes live",
        "A new one",
    ]


def test_a_save_is_taken_back(app: App, opened: Opened, edition_id: int) -> None:
    page = opened()
    page.get_by_label("Subject").fill("Not this")
    saved(page)
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_label("Subject")).to_have_value("Walmart goes live, Carrefour goes cashierless")
    assert said(app, edition_id).subject == "Walmart goes live, Carrefour goes cashierless"


def test_what_can_not_be_saved_says_why_beside_its_field(app: App, opened: Opened, edition_id: int) -> None:
    page = opened()
    page.get_by_label("Link").first.fill("javascript:alert(1)")
    page.get_by_label("Subject").fill("This can")
    expect(page.locator("#saved")).to_have_text(re.compile("^Not all saved: .*not a link"))
    expect(page.get_by_label("Link").first).to_have_attribute("aria-invalid", "true")
    assert (said(app, edition_id).subject, page.get_by_label("Link").first.input_value()) == (
        "This can",
        "javascript:alert(1)",
    )


def test_a_picture_is_brought_into_its_story(app: App, opened: Opened, edition_id: int) -> None:
    page = opened()
    page.get_by_text("Picture: none").first.click()
    file = FilePayload(name="a.png", mimeType="image/png", buffer=a_picture(90, 60, kind="PNG"))
    page.get_by_label("One of your own").first.set_input_files(files=file)
    expect(page.get_by_text("Picture: 90 × 60")).to_be_visible()
    saved(page)
    assert "/pictures/" in said(app, edition_id).stories[0].image_url


# two at once


def test_two_see_each_other_and_what_each_writes(app: App, opened: Opened, edition_id: int) -> None:
    eva, max_ = opened("Eva"), opened("Max")
    expect(max_.locator("#others")).to_have_text("Eva has it open")
    eva.get_by_label("Preheader").fill("Eva’s preheader")
    saved(eva)
    max_.get_by_label("Subject").fill("Max’s subject")
    saved(max_)
    expect(max_.get_by_label("Preheader")).to_have_value("Eva’s preheader")
    expect(eva.locator("#others")).to_have_text("Max has it open", timeout=30_000)
    assert (said(app, edition_id).subject, said(app, edition_id).preheader) == ("Max’s subject", "Eva’s preheader")


@pytest.mark.parametrize(("whose", "kept"), [("Yours", "Max’s subject"), ("Theirs", "Eva’s subject")])
def test_the_same_field_of_two_is_chosen_by_who_saved_later(
    app: App, opened: Opened, edition_id: int, whose: str, kept: str
) -> None:
    eva, max_ = opened("Eva"), opened("Max")
    eva.get_by_label("Subject").fill("Eva’s subject")
    saved(eva)
    max_.get_by_label("Subject").fill("Max’s subject")
    expect(max_.get_by_text("Eva changed the subject too: whose words?")).to_be_visible()
    unchosen = said(app, edition_id).subject
    max_.get_by_role("radio", name=whose).click()
    saved(max_)
    expect(max_.get_by_label("Subject")).to_have_value(kept)
    assert (unchosen, said(app, edition_id).subject) == ("Eva’s subject", kept)


def test_a_story_that_one_removed_and_the_other_rewrote_is_asked_about(
    app: App, opened: Opened, edition_id: int
) -> None:
    eva, max_ = opened("Eva"), opened("Max")
    eva.get_by_role("button", name="Remove story 1").click()
    saved(eva)
    max_.get_by_label("Headline").first.fill("Rewritten")
    max_.get_by_role("radio", name="Yours").click()
    saved(max_)
    assert sorted(story.headline for story in said(app, edition_id).stories) == [
        "Carrefour opens a shop",
        "Getir buys Weezy",
        "Rewritten",
    ]


# nothing is lost


def _out_of_reach(route: Route) -> None:
    route.abort()


def test_what_could_not_be_saved_stays_and_is_saved_once_the_desk_is_back(
    app: App, opened: Opened, edition_id: int
) -> None:
    page = opened()
    page.route("**/edit", _out_of_reach)
    page.get_by_label("Subject").fill("Typed in a tunnel")
    expect(page.locator("#saved")).to_have_text(re.compile("^Not saved: the desk can’t be reached"))
    page.unroute("**/edit")
    page.keyboard.press("Control+s")
    saved(page)
    assert said(app, edition_id).subject == "Typed in a tunnel"


def test_what_a_page_that_was_closed_had_not_saved_is_there_again(app: App, opened: Opened, edition_id: int) -> None:
    page = opened()
    page.route("**/edit", lambda route: route.abort() if route.request.method == "POST" else route.continue_())
    page.get_by_label("Subject").fill("Typed in a tunnel")
    page.get_by_role("button", name="Add a story").click()
    page.keyboard.type("A story from the tunnel")
    expect(page.locator("#saved")).to_have_text(re.compile("^Not saved"))
    page.on("dialog", lambda dialog: dialog.accept())
    page.goto("/")
    page.unroute("**/edit")
    page.goto(f"/editions/{edition_id}/edit")
    saved(page)
    assert (said(app, edition_id).subject, said(app, edition_id).stories[-1].headline) == (
        "Typed in a tunnel",
        "A story from the tunnel",
    )


def test_who_was_signed_out_is_told_and_loses_nothing(app: App, opened: Opened, edition_id: int) -> None:
    page = opened()
    other = page.context.new_page()
    other.goto("/")
    press(other, other.get_by_role("button", name="Sign out"))
    page.get_by_label("Subject").fill("Typed while signed out")
    expect(page.locator("#saved")).to_have_text(re.compile("^Not saved: you are signed out"))
    other.goto("/desk/sign-in")
    other.get_by_label("Address").fill("eva@example.com")
    other.get_by_label("Password").fill(PASSWORD)
    press(other, other.get_by_role("button", name="Sign in"))
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#saved")).to_have_text(re.compile("of another session"))
    page.get_by_role("button", name="Save").click()
    saved(page)
    assert said(app, edition_id).subject == "Typed while signed out"


# how it looks


@NEEDS_AXE[0]
@NEEDS_AXE[1]
@pytest.mark.parametrize(("width", "scheme"), [(390, "dark"), (390, "light"), (1280, "light"), (1280, "dark")])
def test_the_page_its_conflicts_and_its_versions_look_right(
    opened: Opened, edition_id: int, width: int, scheme: str
) -> None:
    eva = opened("Eva")
    page = opened("Max", width, scheme, bypass_csp=True)
    eva.get_by_label("Subject").fill("Eva’s subject")
    saved(eva)
    page.get_by_text("Picture: none").first.click()
    page.get_by_label("Link").first.fill("not a link")
    page.get_by_label("Subject").fill("Max’s subject")
    expect(page.locator(".conflict")).to_be_visible()
    wrong = looks.look(page)
    versions = page.context.new_page()
    versions.goto(f"/editions/{edition_id}/versions")
    assert wrong + looks.look(versions) == []
