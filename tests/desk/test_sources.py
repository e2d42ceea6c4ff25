"""The sources at the desk: how each fares, a feed found and looked at first, lists in and out, pause and removal."""

import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from html import unescape
from threading import Event
from typing import Any

import httpx
import pytest
from sqlalchemy import event

from newsletter import db
from newsletter.app import App
from newsletter.config import Settings
from newsletter.editions.models import State
from newsletter.jobs import faring
from newsletter.jobs.looking import Lookout
from newsletter.staff import acts
from newsletter.staff.models import Role
from newsletter.stories.models import Health, RankedStory, Ranking, Source
from newsletter.stories.reading import sources
from newsletter.testing.serving import serving
from newsletter.web.app import create
from newsletter.web.desk.house.sources import bars
from tests.factories import FRIDAY, a_source, an_article, an_edition
from tests.staff.conftest import Browser, Clock, a_colleague
from tests.stories.conftest import stand
from tests.stories.newsstand import Newsstand
from tests.stories.test_collecting import feed

__all__ = ["stand"]

PAGE = "/desk/sources"
DAY = timedelta(days=1)


@pytest.fixture
def app(settings: Settings) -> Iterator[App]:
    """As everywhere, and feeds of this machine may be read."""
    fetch = settings.fetch.model_copy(update={"allow_loopback": True, "host_gap": 0, "pages": False})
    database = db.connect(settings.database_url)
    yield App(settings.model_copy(update={"fetch": fetch}), database)
    database.close()


@pytest.fixture
def here(app: App, browser: Browser, now: datetime) -> Browser:
    """An operator before the sources."""
    browser.sign_in(a_colleague(app, role=Role.OPERATOR, now=now))
    browser.open(PAGE)
    return browser


def names(app: App) -> list[str]:
    with app.database.read() as session:
        return [source.name for source in sources.all(session)]


def follow(browser: Browser, answer: httpx.Response) -> str:
    """The page that *answer* leads to."""
    assert answer.status_code == 303
    return unescape(browser.open(answer.headers["location"].partition("#")[0]).text)


# a feed found


def test_a_sites_feed_is_shown_before_it_is_added(app: App, here: Browser, stand: Newsstand) -> None:
    stand.serve("/feed", feed("One <b>story</b>", "Another"))
    page = b'<html><head><link rel="alternate" type="application/rss+xml" href="/feed"></head></html>'
    site = stand.serve("/", page, content_type="text/html")
    seen = here.send(PAGE, do="look", address=site).text
    before = names(app)
    added = follow(here, here.send(PAGE, do="add", name="The Post", kind="vendor"))
    assert ("2 entries" in seen, "One" in seen, before, names(app)) == (True, True, [], ["The Post"])
    assert ("It is added" in added, "http" in seen) == (True, True)
    with app.database.read() as session:
        assert sources.all(session)[0].url == f"{site}feed"


@pytest.mark.parametrize(
    ("address", "status", "says"),
    [
        ("", 400, "is not the address of a feed"),
        ("javascript:alert(1)", 400, "is not the address of a feed"),
        ("http://user:secret@feed.example/", 400, "is not the address of a feed"),
        ("http://169.254.169.254/latest", 400, "is not on the public internet"),
    ],
)
def test_what_is_no_address_is_refused(app: App, here: Browser, address: str, status: int, says: str) -> None:
    answer = here.send(PAGE, do="look", address=address)
    assert (answer.status_code, says in unescape(answer.text), names(app)) == (status, True, [])


def test_what_is_there_already_is_said(app: App, here: Browser, stand: Newsstand) -> None:
    url = stand.serve("/feed", feed("One"))
    here.send(PAGE, do="look", address=url)
    follow(here, here.send(PAGE, do="add", address=url, name="Post"))
    answer = here.send(PAGE, do="look", address=url)
    assert (answer.status_code, "is a source already: Post" in answer.text) == (409, True)


def test_a_page_that_names_no_feed_can_not_be_added(here: Browser, stand: Newsstand) -> None:
    site = stand.serve("/", b"<html><title>Nothing</title></html>", content_type="text/html")
    text = here.send(PAGE, do="look", address=site).text
    assert ("names no feed" in text, "Add it</button>" in text) == (True, False)


def test_a_slow_site_does_not_hold_the_page(app: App, clock: Clock, now: datetime) -> None:
    released = Event()
    a_colleague(app, role=Role.OPERATOR, now=now)

    async def never(scope: Any, _receive: Any, _send: Any) -> None:
        if scope["type"] == "http":
            import anyio.to_thread

            await anyio.to_thread.run_sync(released.wait, 20)

    web = create(app, clock=clock)
    object.__setattr__(web.state.ground, "lookout", Lookout(patience=0.2, at_once=1))
    with serving(never) as slow, serving(web) as url, httpx.Client(base_url=url, trust_env=False, timeout=60) as client:
        browser = Browser(client)
        browser.sign_in("eva@example.com")
        browser.open(PAGE)
        began = time.monotonic()
        first = browser.send(PAGE, do="look", address=slow)
        second = browser.send(PAGE, do="look", address=f"{slow}/other")
        took = time.monotonic() - began
        released.set()
    assert ("It did not answer in time" in first.text, "Add it</button>" in first.text) == (True, True)
    assert (second.status_code, "try it again in a moment" in second.text) == (409, True)
    assert took < 15  # the site says nothing for twenty seconds


# lists


OPML = b"""<opml version="2.0"><body>
<outline text="Post" xmlUrl="http://post.example/feed"/><outline text="Gazette" xmlUrl="http://gazette.example/feed"/>
<outline text="&lt;script&gt;" xmlUrl="javascript:alert(1)"/></body></opml>"""


def test_a_list_is_shown_first_and_then_taken_in(app: App, here: Browser, now: datetime) -> None:
    with app.database.write() as session:
        sources.add(session, "http://post.example/feed", name="Post", now=now)
    origin = {"Origin": str(here.client.base_url)}
    csrf = here.page.text.partition('name="csrf" value="')[2].partition('"')[0]
    seen = here.client.post(
        f"{PAGE}/opml", data={"csrf": csrf, "do": "look"}, files={"file": ("a.opml", OPML)}, headers=origin
    ).text
    before = names(app)
    text = unescape(seen.partition('name="list"')[2].partition(">")[2].partition("</textarea>")[0])
    here.client.post(
        f"{PAGE}/opml", data={"csrf": csrf, "do": "take in", "list": text}, files={"none": b""}, headers=origin
    )
    assert ("1 of 3 would be added" in seen, "there already" in seen, "not usable" in seen) == (True, True, True)
    assert ("<script>" in seen, before, names(app)) == (False, ["Post"], ["Gazette", "Post"])


@pytest.mark.parametrize("body", [b"", b"no xml", b"<opml/>", b'<!DOCTYPE a [<!ENTITY b "c">]><opml/>', b"<rss/>"])
def test_what_is_no_list_is_refused(app: App, here: Browser, body: bytes) -> None:
    csrf = here.page.text.partition('name="csrf" value="')[2].partition('"')[0]
    answer = here.client.post(
        f"{PAGE}/opml",
        data={"csrf": csrf, "do": "look"},
        files={"file": ("a.opml", body)},
        headers={"Origin": str(here.client.base_url)},
    )
    assert (answer.status_code, names(app)) == (400, [])


def test_the_list_of_ours_is_taken_in_by_feed_readers(here: Browser, app: App) -> None:
    with app.database.write() as session:
        a_source(session, "Post & <Co>")
    answer = here.open(f"{PAGE}/opml")
    assert 'title="Post &amp; &lt;Co&gt;"' in answer.text
    assert answer.headers["content-disposition"] == 'attachment; filename="sources.opml"'


# one source


def test_a_source_is_removed_and_brought_back(app: App, here: Browser) -> None:
    with app.database.write() as session:
        number = a_source(session, "Post").id
    gone = follow(here, here.send(f"{PAGE}/{number}", do="remove"))
    without = names(app)
    back = follow(here, here.send(f"{PAGE}/{number}", do="restore"))
    assert ("is removed, with its articles" in gone, without, "It is back" in back) == (True, [], True)
    assert names(app) == ["Post"]


def test_a_source_is_paused_changed_and_visited_again(app: App, here: Browser) -> None:
    with app.database.write() as session:
        number = a_source(session, "Post").id
    paused = follow(here, here.send(f"{PAGE}/{number}", do="pause"))
    twice = here.send(f"{PAGE}/{number}", do="pause").status_code
    fields = {"name": "The Post", "owner": "Media Ltd", "kind": "national", "authority": "125"}
    follow(here, here.send(f"{PAGE}/{number}", do="change", **fields))
    follow(here, here.send(f"{PAGE}/{number}", do="resume"))
    with app.database.read() as session:
        one = session.get_one(Source, number)
        did = [act.did for act in acts.lately(session, limit=3)]
    assert (">paused<" in paused, twice) == (True, 409)
    assert (one.name, one.owner, one.kind, one.authority, one.paused_at) == (
        "The Post",
        "Media Ltd",
        "national",
        125,
        None,
    )
    assert did == ["visits a source again", "changed a source", "paused a source"]


@pytest.mark.parametrize(
    "fields", [{"name": ""}, {"name": "A", "authority": "201"}, {"name": "A", "authority": "x"}, {"kind": "none"}]
)
def test_what_a_source_can_not_be_is_refused(app: App, here: Browser, fields: dict[str, str]) -> None:
    with app.database.write() as session:
        number = a_source(session, "Post").id
    answer = here.send(f"{PAGE}/{number}", do="change", **fields)
    assert (answer.status_code, names(app)) == (400, ["Post"])


@pytest.mark.parametrize(("path", "do"), [("999", "pause"), ("999", "restore"), ("99999999999999999999", "pause")])
def test_a_source_that_is_not_there_is_said(here: Browser, path: str, do: str) -> None:
    assert here.send(f"{PAGE}/{path}", do=do).status_code in {400, 404}


def test_an_editor_looks_and_changes_nothing(app: App, browser: Browser, now: datetime) -> None:
    with app.database.write() as session:
        number = a_source(session, "Post").id
    browser.sign_in(a_colleague(app, now=now))
    page = browser.open(PAGE).text
    assert ("Post" in page, "Remove" in page) == (True, False)
    assert browser.send(f"{PAGE}/{number}", do="remove").status_code == 403


# how each fares


def test_what_a_source_brought_and_what_of_it_was_told(app: App, now: datetime) -> None:
    with app.database.write() as session:
        post = a_source(session, "Post")
        articles = [an_article(session, post, f"Story {ago}", published_at=now - ago * DAY) for ago in (1, 2, 9, 100)]
        ranking = Ranking(newsletter="friday", date=FRIDAY, at=now, weights_version="", input_hash="", notes=[])
        session.add(ranking)
        session.flush()
        for position, chosen in ((1, True), (2, False)):
            story = {"headline": "", "voices": 1, "reprints": 0, "breakdown": {}, "why": "", "score": 1}
            ids = [articles[position - 1].id]
            session.add(RankedStory(ranking_id=ranking.id, position=position, chosen=chosen, article_ids=ids, **story))
        an_edition(session, date=FRIDAY, state=State.SENT).ranking_id = ranking.id
    with app.database.read() as session:
        (fare,) = faring.fares(session, now=now)
    assert (fare.weeks, fare.told, fare.articles) == ((0,) * 10 + (1, 2), 1, 3)
    assert bars(fare)[-2:] == [(80, 12.0, 12.0), (88, 0.0, 24.0)]


@pytest.mark.parametrize(
    ("ages", "health", "silent"),
    [
        ((1, 2, 3), Health.OK, False),
        ((15, 16, 17, 18, 19, 20), Health.OK, False),  # fourteen days are its usual pause
        (tuple(range(20, 80, 2)), Health.OK, True),
        ((80, 50, 20), Health.OK, False),  # once a month
        ((43,), Health.OK, True),
        ((), Health.OK, True),
        ((), Health.FAILING, False),  # what is wrong is said
        ((), Health.NEW, False),
    ],
)
def test_who_has_fallen_silent(app: App, now: datetime, ages: tuple[int, ...], health: Health, silent: bool) -> None:
    with app.database.write() as session:
        post = a_source(session, "Post")
        post.health = health
        for ago in ages:
            an_article(session, post, f"Story {ago}", published_at=now - ago * DAY)
    with app.database.read() as session:
        (fare,) = faring.fares(session, now=now)
    assert fare.is_silent is silent


def test_the_number_of_queries_does_not_grow_with_the_sources(app: App, here: Browser, now: datetime) -> None:
    def asked() -> int:
        counted: list[str] = []

        def count(*given: Any) -> None:
            counted.extend([given[2]] if given[2].startswith("SELECT") and "setting_change" not in given[2] else [])

        event.listen(app.database.reader, "before_cursor_execute", count)
        here.open(PAGE)
        event.remove(app.database.reader, "before_cursor_execute", count)
        return len(counted)

    with app.database.write() as session:
        a_source(session, "First")
    few = asked()
    with app.database.write() as session:
        for number in range(30):
            source = a_source(session, f"Source {number}")
            an_article(session, source, f"Story {number}", published_at=now - DAY)
    assert asked() == few
