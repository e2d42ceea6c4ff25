"""An edition looked at as it is written: from the message that would go out, and what is typed shows nowhere else."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any

import httpx
import pytest
from sqlalchemy import event

from newsletter.app import App
from newsletter.editions.models import Edition, State
from newsletter.rendering import links, proofs
from newsletter.rendering.looks import Look
from newsletter.staff.models import Role
from tests.factories import a_subscriber, an_edition
from tests.staff.conftest import Browser, a_colleague
from tests.web.conftest import SECRET, World, site, world

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


@pytest.mark.parametrize("look", ["light", "dark", "thunderbird", "gmail", "pictures-off", "text", "inbox"])
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


@pytest.mark.parametrize("look", list(Look))
def test_a_look_may_be_framed_by_us_and_act_in_nothing(world: World, site: httpx.Client, look: Look) -> None:
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


def _before(app: App, *headlines: str, day: date = date(2021, 11, 19)) -> None:
    with app.database.write() as session:
        for story in an_edition(session, *headlines, date=day, state=State.SENT).stories:
            story.url = f"https://retaildive.example/{day}/{story.position}"


def test_a_story_told_before_is_named_with_its_day(app: App, draft: str, site: httpx.Client) -> None:
    _before(app, "Getir buys Weezy, its rival", "Alibaba counts its Singles’ Day", day=date(2021, 11, 12))
    _before(app, "Asda tries robots")
    page = site.get(f"{draft}/since-last").text
    assert "told on 12 November as “Getir buys Weezy, its rival”" in page
    assert ('Boots and Mode <span class="new">new' in page, "<li>Asda tries robots</li>" in page) == (True, True)


def test_a_story_is_the_same_where_it_leads_to_the_same_article(app: App, draft: str, site: httpx.Client) -> None:
    _before(app, "Quite another headline")
    page = site.post(
        f"{draft}/since-last", data={"stories-1-url": "https://retaildive.example/2021-11-19/1?utm_source=x"}
    ).text
    assert page.count("as “Quite another headline”") == 1


def test_words_that_readers_have_read_before_are_named(app: App, draft: str, site: httpx.Client) -> None:
    _before(app)
    page = site.post(f"{draft}/since-last", data={"subject": "Another subject"}).text
    assert page.count("as it was") == 3  # preheader, title and introduction


def test_the_first_edition_says_that_it_is_the_first(draft: str, site: httpx.Client) -> None:
    assert "No edition has gone out before this one" in site.get(f"{draft}/since-last").text


def test_a_draft_does_not_count_as_told(app: App, draft: str, site: httpx.Client) -> None:
    with app.database.write() as session:
        an_edition(session, "Getir buys Weezy", date=date(2021, 11, 19), state=State.SKIPPED)
    assert "No edition has gone out before this one" in site.get(f"{draft}/since-last").text


def test_an_edition_is_looked_at_as_one_of_its_readers(app: App, draft: str, site: httpx.Client) -> None:
    with app.database.write() as session:
        grace = a_subscriber(session, "grace@example.com", name="Grace <Hopper>").id
    page = site.post(f"{draft}/light", data={"reader": " GRACE@example.com "}).text
    theirs = links.token(SECRET, int(draft.split("/")[2]), grace)
    assert ("Sent to grace@example.com" in page, theirs in page) == (True, False)


def test_who_asked_for_text_alone_is_shown_text_alone(app: App, draft: str, site: httpx.Client) -> None:
    with app.database.write() as session:
        a_subscriber(session, "grace@example.com").plain_text = True
    page = site.post(f"{draft}/dark", data={"reader": "grace@example.com"}).text
    assert ("<pre>" in page, "Sent to grace@example.com" in page) == (True, True)


@pytest.mark.parametrize("address", ["nobody@example.com", "no address", "no\x00body", "ä" * 5000])
def test_an_address_that_nobody_has_is_said_to_be_nobodys(draft: str, site: httpx.Client, address: str) -> None:
    answer = site.post(f"{draft}/light", data={"reader": address})
    assert (answer.status_code, "data-sorry" in answer.text) == (404, True)


@pytest.mark.parametrize(("role", "status"), [(Role.EDITOR, 403), (Role.APPROVER, 200), (Role.OPERATOR, 200)])
def test_whose_role_it_is_not_sees_no_reader(
    app: App, draft: str, browser: Browser, now: datetime, role: Role, status: int
) -> None:
    with app.database.write() as session:
        a_subscriber(session, "grace@example.com")
    browser.sign_in(a_colleague(app, role=role, now=now))
    page = browser.open(draft.removesuffix("/look")).text
    shown = browser.send(f"{draft}/light", reader="grace@example.com")
    assert (shown.status_code, "looks-reader" in page, "grace@" in shown.text) == (status, status == 200, status == 200)


def test_a_look_asks_the_database_no_more_for_more_stories(app: App, site: httpx.Client) -> None:
    asked = []
    for day, count in ((date(2021, 12, 3), 1), (date(2021, 12, 10), 12)):
        with app.database.write() as session:
            edition = an_edition(session, *(f"Story {number} of {day}" for number in range(count)), date=day).id
        with _counted(app) as queries:
            site.get(f"/editions/{edition}/look/since-last")
        asked.append(sum("FROM edition" in query for query in queries))
    assert (asked[0] > 0, asked[0]) == (True, asked[1])


@contextmanager
def _counted(app: App) -> Iterator[list[str]]:
    """Every statement that the desk sends meanwhile."""
    seen: list[str] = []

    def note(*said: Any) -> None:
        seen.append(said[2])

    event.listen(app.database.reader, "before_cursor_execute", note)
    yield seen
    event.remove(app.database.reader, "before_cursor_execute", note)


def test_gigantic_words_are_said_to_be_too_long(draft: str, site: httpx.Client) -> None:
    assert site.post(f"{draft}/light", data={"introduction": "x" * 5_000_000}).status_code == 413


def test_words_of_no_mail_are_counted_instead_of_shown(app: App, draft: str, site: httpx.Client) -> None:
    with app.database.write() as session:
        session.get_one(Edition, int(draft.split("/")[2])).introduction = "x" * 300_000
    answer = site.post(f"{draft}/light", data={"subject": "Long"})
    assert (answer.status_code, "no more than 200,000 are shown" in answer.text) == (422, True)


@pytest.mark.parametrize(
    "words", ["[" * 20_000, "*" * 20_000, "![](" * 5_000, "`" * 20_000, "<" * 20_000, "> " * 9_000]
)
def test_broken_markdown_is_shown_as_it_would_go_out(draft: str, site: httpx.Client, words: str) -> None:
    assert site.post(f"{draft}/thunderbird", data={"introduction": words}).status_code == 200
