"""Every page for readers in real Chromium, as axe-core sees it: phone and desk, light and dark."""

import os
import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page

from newsletter.app import App
from newsletter.editions.models import State
from newsletter.jobs import invitations
from newsletter.rendering import links
from subscribers import preferences, roll
from subscribers.models import Consent, Rhythm, SuppressionReason
from subscribers.preferences import Preferences
from tests.browsing import CHROMIUM, launched, press
from tests.factories import a_subscriber, an_edition
from tests.readers.conftest import Clock, Mailbox, World
from tests.web.conftest import SECRET

_NPM = Path(__file__).parents[1] / "rendering" / "npm"
#: what `npm install --prefix tests/rendering/npm` puts there, or wherever AXE says
AXE = Path(os.environ.get("AXE", _NPM / "node_modules" / "axe-core" / "axe.min.js"))
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium here: install chromium, or set CHROMIUM"),
    pytest.mark.skipif(
        shutil.which("node") is None and not AXE.is_file(), reason="there is no node here, so no axe-core: install npm"
    ),
    pytest.mark.skipif(
        not AXE.is_file(), reason="there is no axe-core here: npm install --prefix tests/rendering/npm, or set AXE"
    ),
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with launched() as browser:
        yield browser


@pytest.fixture(params=[(390, 844, "light"), (390, 844, "dark"), (1280, 800, "light"), (1280, 800, "dark")])
def page(browser: Browser, site: httpx.Client, request: pytest.FixtureRequest) -> Iterator[Page]:
    width, height, scheme = request.param
    # our own policy keeps every script out, axe's too
    context = browser.new_context(
        base_url=str(site.base_url),
        viewport={"width": width, "height": height},
        color_scheme=scheme,
        bypass_csp=True,
    )
    context.add_init_script(path=AXE)
    yield context.new_page()
    context.close()


def look(page: Page) -> list[str]:
    """What axe-core objects to, and whether the page is wider than the screen."""
    found: list[str] = page.evaluate(
        "async tags => (await axe.run(document, {runOnly: tags})).violations"
        ".flatMap(found => found.nodes.map(node => `${found.id}: ${node.html}`))",
        RULES,
    )
    size = page.viewport_size
    wide = size is not None and page.evaluate("document.documentElement.scrollWidth") > size["width"]
    return [*found, *(["wider than the screen"] if wide else [])]


def _on(page: Page, path: str) -> list[str]:
    page.goto(path)
    return look(page)


def test_joining_looks_right(world: World, page: Page, clock: Clock) -> None:
    wrong = _on(page, "/join/friday")
    page.fill("#email", "eva@example")
    page.evaluate("document.querySelector('form').noValidate = true")
    press(page, page.get_by_role("button"))
    wrong += look(page)
    clock.wait(seconds=9)
    page.fill("#email", "eva@example.com")
    press(page, page.get_by_role("button"))
    assert [*wrong, *look(page)] == []


def test_confirming_looks_right(app: App, page: Page, clock: Clock) -> None:
    with app.database.write() as session:
        bob = a_subscriber(session, "bob@example.com", consent=Consent.PENDING)
    link = invitations.sign(app.settings, bob.id, ["weekly"], at=clock())
    wrong = _on(page, f"/c/{link}")
    press(page, page.get_by_role("button"))
    wrong += look(page)
    with app.database.write() as session:
        roll.erase(session, bob.id, now=clock())
    assert [*wrong, *_on(page, f"/c/{link}"), *_on(page, "/c/broken")] == []


def test_leaving_looks_right(world: World, page: Page) -> None:
    wrong = _on(page, f"/u/{world.token}")
    press(page, page.get_by_role("button", name="Unsubscribe"))
    wrong += look(page)
    press(page, page.get_by_role("button", name="It comes too often"))
    wrong += look(page)
    press(page, page.get_by_role("button", name="Undo"))
    assert [*wrong, *look(page)] == []


def test_preferences_look_right(world: World, page: Page, clock: Clock, mailbox: Mailbox) -> None:
    with world.app.database.write() as session:
        bob = a_subscriber(session, "bob@example.com", language="de")
        roll.suppress(session, "bob@example.com", reason=SuppressionReason.COMPLAINT, now=clock())
        wish = Preferences(Rhythm.MONTHLY, date(2021, 12, 24), plain_text=True, language="de", time_zone="Asia/Tokyo")
        preferences.save(session, bob.id, wish, today=clock().date())
    wrong = [*_on(page, f"/p/{world.token}"), *_on(page, f"/p/{links.token(SECRET, world.edition_id, bob.id)}")]
    page.goto(f"/p/{world.token}")
    press(page, page.get_by_role("button", name="Save"))
    wrong += look(page)
    page.fill("#new", "ada@new.example")
    press(page, page.get_by_role("button", name="Change my address"))
    wrong += look(page)
    link = mailbox.link("ada@new.example", "a")
    wrong += _on(page, link)
    press(page, page.get_by_role("button"))
    assert [*wrong, *look(page)] == []


def test_past_editions_look_right(app: App, page: Page) -> None:
    for day in (date(2021, 11, 19), date(2021, 11, 26)):
        with app.database.write() as session:
            edition = an_edition(session, "Walmart goes live", "Carrefour opens a shop", date=day, state=State.SENT)
            edition.subject, edition.preheader = f"News of {day}", "And more"
    wrong = [*_on(page, "/archive/friday"), *_on(page, "/archive/friday/2021-11-19")]
    page.get_by_role("searchbox").fill("carrefour")
    press(page, page.get_by_role("button", name="Search"))
    assert [*wrong, *look(page)] == []


def test_a_reader_on_another_site_joins_chooses_leaves_and_comes_back(
    app: App, page: Page, mailbox: Mailbox, tmp_path: Path, site: httpx.Client
) -> None:
    """The whole of it, without scripts of ours, from a page that is not ours."""
    from newsletter.jobs import wordings
    from newsletter.rendering import languages

    form = wordings.embedded(app.settings, app.newsletter(), languages.words("en"), label="blog")
    elsewhere = tmp_path / "blog.html"
    elsewhere.write_text(f"<h1>A blog</h1>{form.replace(app.settings.public_url, str(site.base_url).rstrip('/'))}")
    page.goto(elsewhere.as_uri())
    page.get_by_label("Email address").fill("eva@example.com")
    press(page, page.get_by_role("button", name="Subscribe"))
    page.goto(mailbox.link("eva@example.com", "c"))
    press(page, page.get_by_role("button"))
    press(page, page.get_by_role("link", name="Choose what you get"))
    page.get_by_label("The first of each month").check()
    press(page, page.get_by_role("button", name="Save"))
    with app.database.read() as session:
        eva = roll.get(session, "eva@example.com")
        chosen = (roll.subscriptions(session, eva.id), eva.rhythm)
    page.goto(f"/u/{links.token(SECRET, 0, eva.id)}")
    press(page, page.get_by_role("button", name="Unsubscribe"))
    press(page, page.get_by_role("button", name="Undo"))
    with app.database.read() as session:
        back = roll.subscriptions(session, eva.id)
    assert (chosen, back) == (({"weekly": Consent.CONFIRMED}, Rhythm.MONTHLY), {"weekly": Consent.CONFIRMED})
