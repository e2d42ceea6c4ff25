"""The demo week: what is served, what the picker makes of it, and that it holds the facts it should."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import feedparser
import httpx
import pytest
from trafilatura import extract

from newsletter.app import App
from newsletter.config import Fetch
from newsletter.demo import server, sources
from newsletter.demo.sources import FEEDS
from newsletter.stories.picking import choosing
from newsletter.stories.reading import collecting
from tests.factories import FRIDAY

THURSDAY = datetime(2021, 11, 25, 16, tzinfo=UTC)


@pytest.fixture(scope="module")
def base() -> Iterator[str]:
    with server.serve() as base:
        yield base


@pytest.fixture(scope="module")
def entries(base: str) -> list[feedparser.FeedParserDict]:
    """All articles of all feeds, as feedparser reads them."""
    return [entry for feed in FEEDS for entry in feedparser.parse(httpx.get(base + feed.path).content).entries]


@pytest.mark.parametrize("feed", FEEDS, ids=lambda feed: feed.name)
def test_each_feed_is_well_formed(base: str, feed: sources.Feed) -> None:
    parsed = feedparser.parse(httpx.get(base + feed.path).content)
    assert (parsed.bozo, parsed.version) in {(False, "rss20"), (False, "atom10")}


def test_the_sources_are_all_the_feeds_there_are() -> None:
    served = {f"/feeds/{file.name}" for file in (server.WEEK / "feeds").iterdir()}
    assert served == {feed.path for feed in FEEDS}


def test_there_are_about_sixty_articles_with_addresses_of_their_own(entries: list[feedparser.FeedParserDict]) -> None:
    assert len({entry.link for entry in entries}) == len(entries) == 61


def test_every_article_is_of_the_week(entries: list[feedparser.FeedParserDict]) -> None:
    days = {entry.published_parsed[:3] for entry in entries}
    assert days == {(2021, 11, day) for day in range(19, 26)}


def test_nothing_is_younger_than_the_demos_thursday(entries: list[feedparser.FeedParserDict]) -> None:
    assert max(entry.published_parsed[:5] for entry in entries) < THURSDAY.timetuple()[:5]


def test_every_article_has_its_page(base: str, entries: list[feedparser.FeedParserDict]) -> None:
    with httpx.Client() as client:
        answers = {entry.title: client.get(entry.link) for entry in entries}
    missing = [title for title, answer in answers.items() if answer.status_code != 200]
    bare = [title for title, answer in answers.items() if not extract(answer.text)]
    assert (missing, bare) == ([], [])


def test_a_page_tells_the_whole_article(base: str) -> None:
    page = httpx.get(f"{base}/shelf-and-signal/walmart-twitter-livestream").text
    assert page.index("28 November") < page.index("as public a rehearsal as it could wish for.")


def test_every_picture_that_is_named_is_served(base: str, entries: list[feedparser.FeedParserDict]) -> None:
    named = {url for entry in entries for url in re.findall(rf"{base}/images/[a-z]+\.png", str(entry))}
    with httpx.Client() as client:
        types = {client.get(url).headers["Content-Type"] for url in named}
    assert (len(named), types) == (5, {"image/png"})


@pytest.mark.parametrize("picture", sorted((server.WEEK / "images").iterdir()), ids=lambda file: file.stem)
def test_pictures_are_small_files_of_the_size_that_sharing_wants(picture: Path) -> None:
    png = picture.read_bytes()
    assert len(png) <= 25_000
    assert (int.from_bytes(png[16:20]), int.from_bytes(png[20:24])) == (1200, 630)


def test_what_is_known_is_not_sent_again(base: str) -> None:
    url = base + FEEDS[0].path
    first = httpx.get(url)
    by_tag = httpx.get(url, headers={"If-None-Match": first.headers["ETag"]})
    by_date = httpx.get(url, headers={"If-Modified-Since": first.headers["Last-Modified"]})
    assert [(answer.status_code, answer.content) for answer in (by_tag, by_date)] == [(304, b""), (304, b"")]


def test_an_old_tag_gets_the_whole_feed(base: str) -> None:
    assert httpx.get(base + FEEDS[0].path, headers={"If-None-Match": '"old"'}).status_code == 200


@pytest.mark.parametrize("path", ["/", "/nothing", "/../../../etc/passwd", "/feeds/../server.py", "/images/"])
def test_nothing_else_is_served(base: str, path: str) -> None:
    assert httpx.get(base + path).status_code == 404


@pytest.mark.parametrize(
    ("company", "facts"),
    [
        ("Walmart", ["Jason Derulo", "28 November", "Cyber Week", "Twitter", "first"]),
        ("Carrefour", ["AiFi", "11 avenue Parmentier", "24 November", "en seconds"]),
        ("Getir", ["Weezy", r"\$20 million", "15 (UK )?cities", "undisclosed|not disclosed", "2021"]),
        ("Richemont", ["Amazon Web Services", "5,000 virtual machines", "120 (SAP )?instances", "end of 2022"]),
        ("Ocado", ["Boots", "Mode", "Bitcoin", "18 November", "distance"]),
    ],
)
def test_the_facts_of_each_leading_story_are_told_by_several_sources(
    entries: list[feedparser.FeedParserDict], company: str, facts: list[str]
) -> None:
    texts = [f"{entry.title} {entry.content[0].value}" for entry in entries if "content" in entry]
    telling = [text for text in texts if company in text and all(re.search(fact, text) for fact in facts)]
    assert len(telling) >= 3


def test_the_picker_chooses_the_five_leading_stories_and_counts_no_reprint(app: App) -> None:
    interests = {"livestream": 2, "cashierless": 2, "grocery": 1, "cloud": 2, "bitcoin": 1}
    newsletter = app.newsletter().model_copy(update={"interests": interests})
    fetch = Fetch(allow_loopback=True, host_gap=0)
    with server.serve() as base:
        with app.database.write() as session:
            sources.add_all(session, base, now=THURSDAY)
        collecting.collect(app.database, fetch, public_url="https://news.example.com", now=THURSDAY)
    with app.database.write() as session:
        window = choosing.window(newsletter, FRIDAY)
        ranking = choosing.rank(session, newsletter, FRIDAY, window=window, now=THURSDAY)
        chosen = {story.company: story.reprints for story in choosing.stories(session, ranking) if story.chosen}
    assert chosen == {"Walmart": 2, "Carrefour": 1, "Getir": 1, "Richemont": 0, "Boots": 0}
