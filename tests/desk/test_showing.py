"""A link that shows an edition to somebody without an account: one revision, some days, nothing of a reader."""

import re
from datetime import datetime

import httpx
import pytest
from sqlalchemy import select

from newsletter.app import App
from newsletter.editions import showing
from newsletter.editions.models import Edition, Showing, State
from newsletter.errors import BadInput, WrongState
from newsletter.rendering import proofs
from newsletter.staff.models import Act, Role
from tests.factories import a_subscriber, an_edition
from tests.staff.conftest import Browser, Clock, a_colleague

SECRET = "a secret for tests"


@pytest.fixture
def edition(app: App) -> int:
    with app.database.write() as session:
        return an_edition(session, "Getir buys Weezy").id


def _made(app: App, edition: int, now: datetime, days: int = 7) -> str:
    """The path of a new link."""
    with app.database.write() as session:
        link = showing.make(session, session.get_one(Edition, edition), days=days, by="Eva", now=now)
        return f"/show/{showing.sign(SECRET, link)}"


def test_an_editor_makes_a_link_and_a_stranger_looks(
    app: App, edition: int, browser: Browser, other_browser: Browser, now: datetime
) -> None:
    browser.sign_in(a_colleague(app, now=now))
    browser.open(f"/editions/{edition}")
    browser.send(f"/editions/{edition}/showings", days="3")
    page = browser.open(f"/editions/{edition}").text
    found = re.search(r'value="https://news.example.com(/show/[^"]+)"', page)
    assert found
    shown, look = other_browser.open(found[1]), other_browser.open(f"{found[1]}/light")
    assert ("until Sunday 28 November" in shown.text, "Getir buys Weezy" in look.text) == (True, True)
    with app.database.read() as session:
        assert session.scalars(select(Act.did).where(Act.did.contains("link"))).all() == ["made a link to show"]


def test_a_withdrawn_link_says_so(
    app: App, edition: int, browser: Browser, other_browser: Browser, now: datetime
) -> None:
    path = _made(app, edition, now)
    browser.sign_in(a_colleague(app, now=now))
    page = browser.open(f"/editions/{edition}").text
    found = re.search(r'action="(/editions/\d+/showings/\d+/withdraw)"', page)
    assert found
    browser.send(found[1])
    for each in (path, f"{path}/light"):
        answer = other_browser.open(each)
        assert (answer.status_code, "This link was withdrawn" in answer.text, "Weezy" in answer.text) == (
            400,
            True,
            False,
        )


def test_a_link_is_good_for_as_long_as_it_says(
    app: App, edition: int, other_browser: Browser, clock: Clock, now: datetime
) -> None:
    path = _made(app, edition, now, days=2)
    clock.turn(days=1, hours=23)
    before = other_browser.open(path).status_code
    clock.turn(hours=1)
    after = other_browser.open(path)
    assert (before, after.status_code, "was good until 27 November 2021" in after.text) == (200, 400, True)


def test_a_link_to_what_was_changed_since_says_so_and_shows_nothing(
    app: App, edition: int, other_browser: Browser, now: datetime
) -> None:
    path = _made(app, edition, now)
    with app.database.write() as session:
        session.get_one(Edition, edition).revision += 1
    answers = [other_browser.open(path), other_browser.open(f"{path}/text")]
    assert [("changed since" in each.text, "Weezy" in each.text) for each in answers] == [(True, False)] * 2


def test_what_was_approved_is_shown_frozen(app: App, edition: int, other_browser: Browser, now: datetime) -> None:
    path = _made(app, edition, now)
    with app.database.write() as session:
        shown = session.get_one(Edition, edition)
        proofs.make(session, shown, app.newsletter(), app.settings, now=now)
        shown.state = State.APPROVED
        shown.stories[0].headline = "Altered without a word"
    assert "Getir buys Weezy" in other_browser.open(f"{path}/light").text


@pytest.mark.parametrize(
    "path", ["/show/x", "/show/WzEsMSwxXQ.AAAA", "/show/%00", f"/show/{'a' * 199}", "/show/x/light"]
)
def test_a_wrong_link_is_answered_in_a_sentence(edition: int, other_browser: Browser, path: str) -> None:
    answer = other_browser.open(path)
    assert (answer.status_code, "This link is not complete" in answer.text) == (400, True)


def test_an_altered_link_opens_nothing(app: App, edition: int, other_browser: Browser, now: datetime) -> None:
    path = _made(app, edition, now)
    letters = [place for place in range(6, len(path)) if path[place].isalnum()]
    altered = [path[:place] + ("a" if path[place] != "a" else "b") + path[place + 1 :] for place in letters[::7]]
    assert {other_browser.open(each).status_code for each in altered} == {400}


def test_a_link_of_one_edition_opens_no_other(app: App, edition: int, now: datetime) -> None:
    path = _made(app, edition, now)
    with app.database.write() as session:
        link = session.scalars(select(Showing)).one()
        link.edition_id = an_edition(session, date=datetime(2021, 12, 3).date()).id
        with pytest.raises(BadInput, match="not here any more"):
            showing.opened(session, SECRET, path.removeprefix("/show/"), now=now)


def test_nothing_of_a_reader_is_in_what_strangers_see(
    app: App, edition: int, other_browser: Browser, now: datetime
) -> None:
    with app.database.write() as session:
        a_subscriber(session, "grace@personal.example", name="Grace")
    path = _made(app, edition, now)
    page = other_browser.client.get(f"{path}/light", params={"reader": "grace@personal.example"}).text
    posted = other_browser.client.post(f"{path}/light", data={"reader": "grace@personal.example"})
    assert ("personal.example" in page, posted.status_code) == (False, 405)


def test_strangers_are_not_shown_what_is_for_colleagues(
    app: App, edition: int, other_browser: Browser, now: datetime
) -> None:
    assert other_browser.open(f"{_made(app, edition, now)}/since-last").status_code == 404


@pytest.mark.parametrize("look", ["", "/light", "/text"])
def test_it_is_listed_nowhere_kept_nowhere_and_acts_in_nothing(
    app: App, edition: int, other_browser: Browser, now: datetime, look: str
) -> None:
    headers = other_browser.open(_made(app, edition, now) + look).headers
    policy = headers["content-security-policy"]
    assert (headers["x-robots-tag"], headers["cache-control"], headers["referrer-policy"]) == (
        "noindex",
        "no-store",
        "no-referrer",
    )
    assert ("default-src 'none'" in policy, "script-src" in policy, "; sandbox" in policy) == (True, False, bool(look))


def test_an_operator_makes_no_links(app: App, edition: int, browser: Browser, now: datetime) -> None:
    browser.sign_in(a_colleague(app, role=Role.OPERATOR, now=now))
    page = browser.open(f"/editions/{edition}").text
    assert ("showings" in page, browser.send(f"/editions/{edition}/showings", days="3").status_code) == (False, 403)


@pytest.mark.parametrize("days", ["0", "31", "", "-1", "7.5", "٣", "9" * 40])
def test_days_that_are_none_are_refused(app: App, edition: int, browser: Browser, now: datetime, days: str) -> None:
    browser.sign_in(a_colleague(app, now=now))
    browser.open(f"/editions/{edition}")
    assert browser.send(f"/editions/{edition}/showings", days=days).status_code == 400


@pytest.mark.parametrize("number", ["0", "99", "9" * 40, "-1", "x"])
def test_a_link_that_is_not_there_can_not_be_withdrawn(
    app: App, edition: int, browser: Browser, now: datetime, number: str
) -> None:
    browser.sign_in(a_colleague(app, now=now))
    browser.open(f"/editions/{edition}")
    assert browser.send(f"/editions/{edition}/showings/{number}/withdraw").status_code == 404


def test_an_edition_has_only_so_many_links_at_once(app: App, edition: int, now: datetime) -> None:
    for _ in range(showing.MOST):
        _made(app, edition, now)
    with pytest.raises(WrongState, match="withdraw one first"):
        _made(app, edition, now)


def test_a_link_outlives_no_edition(app: App, edition: int, other_browser: Browser, now: datetime) -> None:
    path = _made(app, edition, now)
    with app.database.write() as session:
        session.delete(session.get_one(Edition, edition))
    answer: httpx.Response = other_browser.open(path)
    assert (answer.status_code, "not here any more" in answer.text) == (400, True)
