"""What readers' links do, over real HTTP."""

import re

import httpx
import pytest
from sqlalchemy import select

from newsletter.app import App
from newsletter.rendering import links
from subscribers import roll
from subscribers.models import Consent, ConsentEvent, List
from tests.factories import LONG_AGO
from tests.web.conftest import SECRET, World

ONE_CLICK = {"List-Unsubscribe": "One-Click"}
STAYED = {"events": Consent.CONFIRMED, "weekly": Consent.CONFIRMED}
LEFT = {"events": Consent.CONFIRMED, "weekly": Consent.UNSUBSCRIBED}


def test_one_click_unsubscribes_at_once(world: World, site: httpx.Client) -> None:
    response = site.post(f"/u/{world.token}", data=ONE_CLICK)
    assert (response.status_code, world.consents()) == (200, LEFT)


def test_one_click_may_come_as_multipart(world: World, site: httpx.Client) -> None:
    site.post(f"/u/{world.token}", files={"List-Unsubscribe": (None, "One-Click")})
    assert world.consents() == LEFT


def test_a_second_click_does_no_harm(world: World, site: httpx.Client) -> None:
    site.post(f"/u/{world.token}", data=ONE_CLICK)
    again = site.post(f"/u/{world.token}", data=ONE_CLICK)
    assert (again.status_code, world.consents()) == (200, LEFT)


def test_unsubscribing_sets_no_cookie(world: World, site: httpx.Client) -> None:
    assert "set-cookie" not in site.post(f"/u/{world.token}", data=ONE_CLICK).headers


def test_looking_at_the_unsubscribe_link_changes_nothing(world: World, site: httpx.Client) -> None:
    response = site.get(f"/u/{world.token}")
    assert ("Unsubscribe?" in response.text, world.consents()) == (True, STAYED)


def test_the_page_shows_no_whole_address(world: World, site: httpx.Client) -> None:
    assert "ada@example.com" not in site.get(f"/u/{world.token}").text


@pytest.mark.parametrize(("query", "source"), [("", "one-click"), ("?by=page", "unsubscribe page")])
def test_the_history_says_by_which_way_somebody_left(world: World, site: httpx.Client, query: str, source: str) -> None:
    site.post(f"/u/{world.token}{query}", data=ONE_CLICK)
    with world.app.database.read() as session:
        assert session.scalars(select(ConsentEvent.source)).all() == [source]


def _undo(page: str) -> str:
    match = re.search(r'name="undo" value="([^"]+)"', page)
    assert match
    return match[1]


def test_a_slip_of_the_finger_can_be_undone(world: World, site: httpx.Client) -> None:
    page = site.post(f"/u/{world.token}?by=page").text
    site.post(f"/u/{world.token}/undo", data={"undo": _undo(page)})
    assert world.consents() == STAYED


def test_a_link_alone_undoes_nothing(world: World, site: httpx.Client) -> None:
    site.post(f"/u/{world.token}")
    response = site.post(f"/u/{world.token}/undo")
    assert (response.status_code, world.consents()) == (400, LEFT)


def test_an_undo_of_somebody_elses_is_refused(world: World, site: httpx.Client) -> None:
    undo = _undo(site.post(f"/u/{world.token}").text)
    other = links.token(SECRET, world.edition_id, world.ada + 1)
    assert site.post(f"/u/{other}/undo", data={"undo": undo}).status_code == 400


@pytest.mark.parametrize("path", ["u", "p", "e", "c"])
def test_a_link_that_is_not_ours_is_refused_in_a_sentence(site: httpx.Client, path: str) -> None:
    response = site.get(f"/{path}/{'0' * 42}")
    assert (response.status_code, "open it from the email" in response.text) == (400, True)


def test_who_was_erased_gets_a_page_all_the_same(world: World, site: httpx.Client) -> None:
    with world.app.database.write() as session:
        roll.erase(session, world.ada, now=LONG_AGO)
    assert [site.get(f"/{path}/{world.token}").status_code for path in "upe"] == [200, 200, 200]


def test_preferences_show_what_the_reader_is_on(world: World, site: httpx.Client) -> None:
    page = site.get(f"/p/{world.token}").text
    assert re.findall(r'value="(\w+)"( checked)?', page)[:2] == [("events", " checked"), ("weekly", " checked")]


def test_what_is_not_ticked_is_left(world: World, site: httpx.Client) -> None:
    site.post(f"/p/{world.token}", data={"lists": ["weekly"]})
    assert world.consents() == {"events": Consent.UNSUBSCRIBED, "weekly": Consent.CONFIRMED}


def test_leaving_everything_leaves_everything(world: World, site: httpx.Client) -> None:
    site.post(f"/p/{world.token}", data={"lists": ["weekly"], "everything": "leave"})
    assert set(world.consents().values()) == {Consent.UNSUBSCRIBED}


def test_a_reader_can_come_back_by_preferences(world: World, site: httpx.Client) -> None:
    site.post(f"/u/{world.token}")
    site.post(f"/p/{world.token}", data={"lists": ["weekly", "events"]})
    assert world.consents() == STAYED


def test_nobody_gets_onto_a_list_that_was_not_offered(world: World, site: httpx.Client) -> None:
    with world.app.database.write() as session:
        roll.create_list(session, "staff", now=LONG_AGO)
    site.post(f"/p/{world.token}", data={"lists": ["weekly", "events", "staff"]})
    assert world.consents() == STAYED


def test_the_edition_opens_in_a_browser_as_the_readers_own(world: World, site: httpx.Client) -> None:
    page = site.get(f"/e/{world.token}").text
    assert ("Walmart goes live" in page, world.token in page, "zqHTML" in page) == (True, True, False)


def test_personal_pages_are_kept_by_nobody(world: World, site: httpx.Client) -> None:
    headers = site.get(f"/u/{world.token}").headers
    assert (headers["cache-control"], headers["referrer-policy"], headers["x-robots-tag"]) == (
        "no-store",
        "no-referrer",
        "noindex",
    )


def test_pages_run_no_scripts_and_stand_in_no_frame(world: World, site: httpx.Client) -> None:
    policy = site.get(f"/u/{world.token}").headers["content-security-policy"]
    assert ("script-src" in policy, "default-src 'none'" in policy, "frame-ancestors 'none'" in policy) == (
        False,
        True,
        True,
    )


def test_words_of_others_are_not_markup(app: App, world: World, site: httpx.Client) -> None:
    with app.database.write() as session:
        session.scalars(select(List).where(List.slug == "weekly")).one().title = "<script>alert(1)</script>"
    assert "<script" not in site.get(f"/p/{world.token}").text
