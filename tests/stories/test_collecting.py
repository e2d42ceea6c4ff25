"""A round of collecting, over a real server, on both databases."""

import base64
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from newsletter.config import Fetch
from newsletter.db import Database
from newsletter.stories.models import Article, Health, Source
from newsletter.stories.reading import collecting, sources
from newsletter.stories.reading.collecting import Report, Result
from tests.stories.newsstand import Newsstand
from tests.stories.test_pages import ARTICLE, LEAD, MORE

BODY = "word " * 80


def feed(*titles: str, text: str = BODY) -> str:
    items = (
        f"<item><guid>{number}</guid><title>{title}</title><link>/{number}</link><description>{text}</description></item>"
        for number, title in enumerate(titles, start=1)
    )
    return f'<rss version="2.0"><channel>{"".join(items)}</channel></rss>'


def add(database: Database, url: str, now: datetime, name: str = "Post") -> None:
    with database.write() as session:
        sources.add(session, url, name=name, now=now)


def collect(database: Database, settings: Fetch, now: datetime, *, force: bool = False) -> Report:
    return collecting.collect(database, settings, public_url="https://news.example.com", now=now, force=force)


def kept(database: Database) -> list[Article]:
    with database.read() as session:
        return list(session.scalars(select(Article).order_by(Article.id)))


def source(database: Database) -> Source:
    with database.read() as session:
        return session.scalars(select(Source)).one()


@pytest.fixture
def with_pages(polite: Fetch) -> Fetch:
    return polite.model_copy(update={"pages": True})


def test_what_is_new_is_kept(database: Database, stand: Newsstand, polite: Fetch, now: datetime) -> None:
    add(database, stand.serve("/feed", feed("One", "Two")), now)
    report = collect(database, polite, now)
    assert (report.new, [article.title for article in kept(database)]) == (2, ["One", "Two"])


def test_nothing_is_kept_twice(database: Database, stand: Newsstand, polite: Fetch, now: datetime) -> None:
    add(database, stand.serve("/feed", feed("One", "Two")), now)
    collect(database, polite, now)
    report = collect(database, polite, now, force=True)
    assert (report.new, report.updated, len(kept(database))) == (0, 0, 2)


def test_what_was_corrected_is_mended(database: Database, stand: Newsstand, polite: Fetch, now: datetime) -> None:
    add(database, stand.serve("/feed", feed("Grocer oepns")), now)
    collect(database, polite, now)
    stand.serve("/feed", feed("Grocer opens"))
    report = collect(database, polite, now + timedelta(hours=6))
    assert (report.updated, [article.title for article in kept(database)]) == (1, ["Grocer opens"])


def test_a_correction_does_not_make_a_story_newer(
    database: Database, stand: Newsstand, polite: Fetch, now: datetime
) -> None:
    add(database, stand.serve("/feed", feed("Grocer oepns")), now)
    collect(database, polite, now)
    stand.serve("/feed", feed("Grocer opens"))
    collect(database, polite, now + timedelta(hours=6))
    assert [article.published_at for article in kept(database)] == [now]


def test_what_has_no_date_on_the_first_visit_may_be_old(
    database: Database, stand: Newsstand, polite: Fetch, now: datetime
) -> None:
    add(database, stand.serve("/feed", feed("One")), now)
    collect(database, polite, now)
    stand.serve("/feed", feed("One", "Two"))
    collect(database, polite, now + timedelta(hours=6))
    assert [article.dated_by for article in kept(database)] == ["unknown", "first seen"]


def test_a_source_is_not_visited_before_it_is_due(
    database: Database, stand: Newsstand, polite: Fetch, now: datetime
) -> None:
    add(database, stand.serve("/feed", feed("One")), now)
    collect(database, polite, now)
    assert collect(database, polite, now + timedelta(minutes=30)).visited == ()


def test_a_source_that_nothing_changed_in_says_so(
    database: Database, stand: Newsstand, polite: Fetch, now: datetime
) -> None:
    add(database, stand.serve_until_known("/feed", feed("One"), etag='"1"'), now)
    collect(database, polite, now)
    report = collect(database, polite, now, force=True)
    assert (report.unchanged, report.visited[0].result) == (1, Result.UNCHANGED)


def test_one_source_that_fails_does_not_stop_the_others(
    database: Database, stand: Newsstand, polite: Fetch, now: datetime
) -> None:
    add(database, stand.answer("/missing", 404), now, "Gazette")
    add(database, stand.serve("/feed", feed("One")), now, "Post")
    report = collect(database, polite, now)
    assert [(one.name, one.result, one.new) for one in report.visited] == [
        ("Gazette", Result.FAILED, 0),
        ("Post", Result.READ, 1),
    ]


def test_a_source_that_fails_is_marked_with_the_reason(
    database: Database, stand: Newsstand, polite: Fetch, now: datetime
) -> None:
    add(database, stand.serve("/feed", "<!DOCTYPE html><html><body>Sign in</body></html>"), now)
    collect(database, polite, now)
    failing = source(database)
    assert (failing.health, failing.problem, failing.failures) == (
        Health.FAILING,
        "is a web page, not a feed: look for the feed's own address on it",
        1,
    )


def test_the_stories_before_a_break_are_kept(
    database: Database, stand: Newsstand, polite: Fetch, now: datetime
) -> None:
    whole = feed("One", "Two")
    add(database, stand.serve("/feed", whole[: whole.index("Two")]), now)
    report = collect(database, polite, now)
    assert (report.new, report.visited[0].problem) == (1, "breaks off before its end; what stood before was kept")


def test_retry_after_puts_off_the_next_visit(
    database: Database, stand: Newsstand, polite: Fetch, now: datetime
) -> None:
    add(database, stand.answer("/feed", 503, retry_after="36000"), now)
    collect(database, polite, now)
    assert source(database).next_fetch_at == now + timedelta(hours=10)


def test_a_source_that_is_gone_is_never_visited_again(
    database: Database, stand: Newsstand, polite: Fetch, now: datetime
) -> None:
    add(database, stand.answer("/feed", 410), now)
    results = [collect(database, polite, now, force=True).visited[0].result for _ in range(3)]
    assert results == [Result.FAILED, Result.FAILED, Result.GONE]
    assert collect(database, polite, now + timedelta(days=30), force=True) == Report()


def test_a_source_that_moved_for_good_is_visited_where_it_is(
    database: Database, stand: Newsstand, polite: Fetch, now: datetime
) -> None:
    stand.serve("/new", feed("One"))
    add(database, stand.redirect("/old", "/new", 301), now)
    for _ in range(3):
        collect(database, polite, now, force=True)
    assert source(database).url == stand.url("/new")


def test_a_source_that_moved_to_another_source_stays(
    database: Database, stand: Newsstand, polite: Fetch, now: datetime
) -> None:
    add(database, stand.serve("/new", feed("One")), now, "New")
    add(database, stand.redirect("/old", "/new", 301), now, "Old")
    for _ in range(3):
        collect(database, polite, now, force=True)
    with database.read() as session:
        assert sources.find(session, "Old").url == stand.url("/old")


def test_every_visit_is_told_as_it_ends(database: Database, stand: Newsstand, polite: Fetch, now: datetime) -> None:
    for name in ("a", "b"):
        add(database, stand.serve(f"/{name}", feed("One")), now, name)
    told: list[tuple[int, int]] = []
    collecting.collect(
        database, polite, public_url="https://news.example.com", now=now, on_progress=lambda *step: told.append(step)
    )
    assert told == [(0, 2), (1, 2), (2, 2)]


def test_a_thin_entry_is_completed_from_its_page(
    database: Database, stand: Newsstand, with_pages: Fetch, now: datetime
) -> None:
    stand.serve("/1", ARTICLE, content_type="text/html")
    add(database, stand.serve("/feed", feed("One", text="Thin.")), now)
    report = collect(database, with_pages, now)
    article = kept(database)[0]
    assert (report.pages_read, article.summary, article.text, article.image_url) == (
        1,
        "Thin.",
        f"{LEAD}\n\n{MORE}",
        stand.url("/shop.jpg"),
    )


PICTURE = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAABLAAAAJ2CAYAAAA=") + bytes(200_000)


def test_a_picture_is_measured_by_its_first_bytes_when_its_article_is_taken_in(
    database: Database, stand: Newsstand, with_pages: Fetch, now: datetime
) -> None:
    picture = stand.serve("/p.png", PICTURE, content_type="image/png")
    add(database, stand.serve("/feed", feed("One", text=f'<![CDATA[<img src="/p.png">{BODY}]]>')), now)
    for hours in (0, 6):
        collect(database, with_pages, now + timedelta(hours=hours))
    article = kept(database)[0]
    assert (article.image_url, article.image_width, article.image_height) == (picture, 1200, 630)
    assert [visit["Range"] for visit in stand.visits["/p.png"]] == ["bytes=0-131071"]


def test_a_picture_that_is_not_there_has_no_size(
    database: Database, stand: Newsstand, with_pages: Fetch, now: datetime
) -> None:
    add(database, stand.serve("/feed", feed("One", text=f'<![CDATA[<img src="/gone.png">{BODY}]]>')), now)
    assert collect(database, with_pages, now).failed == ()
    assert (kept(database)[0].image_width, kept(database)[0].image_height) == (None, None)


def test_an_entry_without_a_date_is_dated_by_its_page(
    database: Database, stand: Newsstand, with_pages: Fetch, now: datetime
) -> None:
    stand.serve("/1", ARTICLE, content_type="text/html")
    add(database, stand.serve("/feed", feed("One", text="Thin.")), now)
    collect(database, with_pages, now)
    article = kept(database)[0]
    assert (article.dated_by, article.published_at.date().isoformat()) == ("page", "2021-11-24")


def test_the_page_of_an_entry_with_enough_text_is_not_asked(
    database: Database, stand: Newsstand, with_pages: Fetch, now: datetime
) -> None:
    add(database, stand.serve("/feed", feed("One")), now)
    collect(database, with_pages, now)
    assert stand.visits["/1"] == []


def test_a_page_is_asked_once(database: Database, stand: Newsstand, with_pages: Fetch, now: datetime) -> None:
    add(database, stand.serve("/feed", feed("One", text="Thin.")), now)
    collect(database, with_pages, now)
    collect(database, with_pages, now, force=True)
    assert len(stand.visits["/1"]) == 1


def test_a_page_that_fails_leaves_the_entry_as_the_feed_told_it(
    database: Database, stand: Newsstand, with_pages: Fetch, now: datetime
) -> None:
    add(database, stand.serve("/feed", feed("One", text="Thin.")), now)
    report = collect(database, with_pages, now)
    assert (report.pages_failed, [article.text for article in kept(database)]) == (1, ["Thin."])


def test_what_the_page_told_survives_a_correction_of_the_feed(
    database: Database, stand: Newsstand, with_pages: Fetch, now: datetime
) -> None:
    stand.serve("/1", ARTICLE, content_type="text/html")
    add(database, stand.serve("/feed", feed("One", text="Thin.")), now)
    collect(database, with_pages, now)
    stand.serve("/feed", feed("One corrected", text="Thin."))
    stand.answer("/1", 500)
    collect(database, with_pages, now, force=True)
    article = kept(database)[0]
    assert (article.title, article.text) == ("One corrected", f"{LEAD}\n\n{MORE}")


def test_only_so_many_pages_of_one_host_are_asked_in_a_round(
    database: Database, stand: Newsstand, with_pages: Fetch, now: datetime
) -> None:
    add(database, stand.serve("/feed", feed(*"abcdefghijklmno", text="Thin.")), now)
    report = collect(database, with_pages, now)
    assert report.pages_read + report.pages_failed == collecting.PAGES_PER_HOST


def test_a_source_removed_during_the_round_is_left_out(
    database: Database, stand: Newsstand, polite: Fetch, now: datetime
) -> None:
    add(database, stand.serve("/feed", feed("One")), now)

    def remove(done: int, total: int) -> None:
        if done == 0:
            with database.write() as session:
                sources.remove(session, "Post", now=now)

    report = collecting.collect(database, polite, public_url="https://news.example.com", now=now, on_progress=remove)
    assert [one.problem for one in report.failed] == ["was removed in the meantime"]


def test_a_paused_source_is_not_visited(database: Database, stand: Newsstand, polite: Fetch, now: datetime) -> None:
    add(database, stand.serve("/feed", feed("One")), now)
    with database.write() as session:
        sources.pause(session, "Post", now=now)
    report = collecting.collect(database, polite, public_url="https://news.example.com", now=now, force=True)
    assert (report.visited, report.next_at) == ((), None)


def test_two_rounds_at_once_keep_nothing_twice(
    database: Database, stand: Newsstand, polite: Fetch, now: datetime
) -> None:
    for name in "abcdef":
        add(database, stand.serve(f"/{name}", feed("One", "Two")), now, name)
    with ThreadPoolExecutor(2) as pool:
        rounds = [pool.submit(collect, database, polite, now, force=True) for _ in range(2)]
    assert (sum(one.result().new for one in rounds), len(kept(database))) == (12, 12)
