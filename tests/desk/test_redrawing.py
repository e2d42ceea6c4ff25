"""An edition looked at as it is written: from the message that would go out, and what is typed shows nowhere else."""

from datetime import datetime

import httpx
import pytest

from newsletter.app import App
from newsletter.editions.models import Edition, State
from newsletter.rendering import proofs
from tests.factories import an_edition
from tests.web.conftest import World, site, world

__all__ = ["site", "world"]


@pytest.fixture
def draft(app: App) -> str:
    """Where the looks of a draft are."""
    with app.database.write() as session:
        return f"/editions/{an_edition(session, 'Getir buys Weezy', 'Boots and Mode').id}/look"


def test_a_draft_is_shown_before_anything_is_kept(draft: str, site: httpx.Client) -> None:
    assert "Getir buys Weezy" in site.get(f"{draft}/light").text


def test_what_is_typed_is_shown_and_not_kept(app: App, draft: str, site: httpx.Client) -> None:
    typed = site.post(f"{draft}/light", data={"stories-0-headline": "Getir *buys* <b>Weezy</b> & more"}).text
    kept = site.get(f"{draft}/light").text
    assert ("&lt;b&gt;Weezy" in typed, "& more" in kept, "Boots and Mode" in typed) == (True, False, True)


@pytest.mark.parametrize("look", ["light", "dark", "pictures-off", "text", "inbox"])
def test_every_look_shows_what_is_typed(draft: str, site: httpx.Client, look: str) -> None:
    shown = site.post(f"{draft}/{look}", data={"subject": "Today", "preheader": "Typed now", "title": "Five"})
    assert (shown.status_code, "Typed now" in shown.text) == (200, True)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"stories-0-headline": " "}, "story 1 needs a headline"),
        ({"subject": ""}, "the edition needs a subject"),
        ({"stories-1-url": "javascript:alert(1)"}, "is not a link that readers can follow"),
        ({"stories": "0"}, "an edition needs at least one story"),
    ],
)
def test_what_can_not_be_shown_is_said_in_a_sentence(
    draft: str, site: httpx.Client, typed: dict[str, str], said: str
) -> None:
    answer = site.post(f"{draft}/light", data=typed)
    assert (answer.status_code, said in answer.text, "data-sorry" in answer.text) == (422, True, True)


def test_a_mistake_in_a_template_is_named_with_its_line(app: App, draft: str, site: httpx.Client) -> None:
    mine = app.settings.home / "templates" / "friday"
    mine.mkdir(parents=True)
    (mine / "story.mjml").write_text("{% macro tell(story) %}\n{{ story.headlin }}\n{% endmacro %}")
    app.settings.__dict__["templates"] = mine.parent
    assert "friday/story.mjml:2" in site.get(f"{draft}/light").text


def test_what_was_approved_is_what_is_shown(app: App, world: World, site: httpx.Client) -> None:
    with app.database.write() as session:
        session.get_one(Edition, world.edition_id).stories[0].headline = "Altered since"
    assert "Altered since" not in site.get(f"/editions/{world.edition_id}/look/light").text


def test_what_is_typed_over_what_was_approved_is_shown_as_typed(
    app: App, draft: str, site: httpx.Client, now: datetime
) -> None:
    with app.database.write() as session:
        edition = session.get_one(Edition, int(draft.split("/")[2]))
        proofs.make(session, edition, app.newsletter(), app.settings, now=now)
        edition.state = State.APPROVED
    assert "Typed since" in site.post(f"{draft}/light", data={"subject": "Typed since", "title": "Typed since"}).text


def test_the_page_of_an_approved_edition_says_that_it_is_frozen(world: World, site: httpx.Client) -> None:
    assert "frozen" in site.get(f"/editions/{world.edition_id}").text


@pytest.mark.parametrize(("look", "rule"), [("dark", "@media (min-width: 0px)"), ("light", "@media (max-width: 0px)")])
def test_a_look_is_dark_or_light_whatever_the_editors_screen_is(
    world: World, site: httpx.Client, look: str, rule: str
) -> None:
    page = site.get(f"/editions/{world.edition_id}/look/{look}").text
    assert (rule in page, "prefers-color-scheme" in page) == (True, False)


@pytest.mark.parametrize("look", ["light", "dark", "pictures-off", "text", "inbox"])
def test_a_look_may_be_framed_by_us_and_act_in_nothing(world: World, site: httpx.Client, look: str) -> None:
    policy = site.get(f"/editions/{world.edition_id}/look/{look}").headers["content-security-policy"]
    said = {words[0]: words[1:] for part in policy.split(";") if (words := part.split())}
    assert {name: said[name] for name in ("default-src", "frame-ancestors", "form-action")} == {
        "default-src": ["'none'"],
        "frame-ancestors": ["'self'"],
        "form-action": ["'none'"],
    }
    assert ("script-src" in said, "allow-scripts" in said["sandbox"]) == (False, False)


def test_a_form_of_another_site_draws_nothing(draft: str, site: httpx.Client) -> None:
    answer = site.post(f"{draft}/light", data={"subject": "x"}, headers={"Origin": "https://evil.example"})
    assert answer.status_code == 403
