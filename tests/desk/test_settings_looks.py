"""Newsletters, settings and templates in real Chromium, as axe-core sees them: phone and desk, light and dark."""

from playwright.sync_api import Page

from newsletter.app import App
from newsletter.staff.models import Role
from tests.browsing import press
from tests.factories import an_edition
from tests.readers import test_looks as looks
from tests.staff.conftest import PASSWORD, Clock, a_colleague
from tests.staff.test_looks import chromium, page

__all__ = ["chromium", "page"]
pytestmark = looks.pytestmark


def _sign_in(app: App, page: Page, clock: Clock) -> None:
    a_colleague(app, "boss@example.com", Role.ADMIN, now=clock())
    page.goto("/desk/sign-in")
    page.get_by_label("Address").fill("boss@example.com")
    page.get_by_label("Password").fill(PASSWORD)
    press(page, page.get_by_role("button", name="Sign in"))


def test_a_newsletter_is_given_another_hour_and_gets_its_old_one_back(app: App, page: Page, clock: Clock) -> None:
    _sign_in(app, page, clock)
    press(page, page.get_by_role("link", name="Newsletters").first)
    wrong = looks.look(page)
    press(page, page.get_by_role("link", name="The Friday Five"))
    wrong += looks.look(page)
    page.get_by_label("Goes out, hour").fill("10:30")
    press(page, page.get_by_role("button", name="Save"))
    changed = str(app.current().newsletter("friday").send)
    wrong += looks.look(page)
    press(page, page.get_by_role("button", name="Take it back"))
    assert (wrong, changed, str(app.current().newsletter("friday").send)) == ([], "fri 10:30", "fri 09:00")


def test_what_is_wrong_stands_beside_its_field(app: App, page: Page, clock: Clock) -> None:
    _sign_in(app, page, clock)
    page.goto("/desk/newsletters/friday")
    page.get_by_label("Time zone").fill("Atlantis")
    page.get_by_label("Number of stories").fill("99")
    press(page, page.get_by_role("button", name="Save"))
    described = page.get_by_label("Time zone").get_attribute("aria-describedby") or ""
    says = page.locator(f"#{described.split()[-1]}").inner_text()
    assert (looks.look(page), says) == ([], "'Atlantis' is not a time zone, such as 'Europe/London'")


def test_settings_look_right(app: App, page: Page, clock: Clock) -> None:
    _sign_in(app, page, clock)
    page.goto("/desk/settings")
    assert (looks.look(page), page.get_by_role("heading", name="smtp", exact=True).count()) == ([], 1)


def test_a_template_is_written_tried_used_and_taken_back(app: App, page: Page, clock: Clock) -> None:
    with app.database.write() as session:
        an_edition(session)
    _sign_in(app, page, clock)
    page.goto("/desk/templates")
    wrong = looks.look(page)
    press(page, page.get_by_role("link", name="friday"))
    press(page, page.get_by_role("link", name="subject.txt"))
    field = page.get_by_label("subject.txt of the template friday")
    field.fill("{{ nobody }}")
    page.locator("#lint", has_text="friday/subject.txt:1").wait_for()
    wrong += looks.look(page)
    field.fill("Mine: {{ edition.subject }}")
    page.locator("#lint", has_text="nothing is wrong").wait_for()
    press(page, page.get_by_role("button", name="Save as a new version"))
    press(page, page.get_by_role("button", name="Try version"))
    page.frame_locator("iframe[title='The edition in the new one']").get_by_text("Walmart goes live").first.wait_for()
    wrong += looks.look(page)
    press(page, page.get_by_role("button", name="Use it"))
    wrong += looks.look(page)
    used = app.current().settings.templates_written["friday"]["subject.txt"]
    press(page, page.get_by_role("button", name="Take back to what was in use before"))
    assert (wrong, used, dict(app.current().settings.templates_written)) == ([], "Mine: {{ edition.subject }}", {})


def test_the_look_follows_what_is_typed(app: App, page: Page, clock: Clock) -> None:
    with app.database.write() as session:
        an_edition(session)
    _sign_in(app, page, clock)
    page.goto("/desk/templates/friday?file=story.mjml")
    field = page.get_by_label("story.mjml of the template friday")
    field.fill(field.input_value().replace("Read at", "Go and read at"))
    page.frame_locator("iframe[name=look]").get_by_text("Go and read at").first.wait_for()
    assert page.locator(".lines pre span, .lines pre b").count() == len(field.input_value().split("\n"))
