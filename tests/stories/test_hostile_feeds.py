"""Feeds that are wrong in every way we could think of, each with what becomes of it."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from newsletter.config import Fetch
from newsletter.db import Database
from newsletter.stories.models import Article
from newsletter.stories.reading import collecting, feeds, sources
from newsletter.stories.reading.entries import Entry
from newsletter.stories.reading.feeds import Feed
from tests.stories.newsstand import Newsstand

FOLDER = Path(__file__).parent / "hostile"
NOW = datetime(2021, 11, 25, 16, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Kept:
    """An entry as it was kept: its title, its link as seen from the feed, and its day and time if it had a date."""

    title: str
    link: str
    dated: str = ""


@dataclass(frozen=True)
class Outcome:
    """What became of a feed."""

    kept: tuple[Kept, ...]
    problem: str
    dropped: int


def outcome(*kept: Kept, problem: str = "", dropped: int = 0) -> Outcome:
    return Outcome(kept, problem, dropped)


GROCER = Kept("Grocer opens a shop", "/a")
CAFE = Kept("Café opens — “très bien”, £5", "/a")
NIMES = Kept("Café opens in Nîmes", "/a")
SALE = Kept("Sale today", "/a")
BROKEN_OFF = "breaks off before its end; what stood before was kept"
NO_FEED = "is no feed: it is neither XML nor JSON"
UNKNOWN_XML = "is XML, but no feed that is known"
UNUSABLE = "has entries, but none with a title and a link to a page of the web"

OUTCOMES = {
    "atom-0.3.xml": outcome(Kept("Nought point three", "/03", "24 10:00")),
    "atom-1.0.xml": outcome(Kept("One & only", "/10", "24 10:00")),
    "atom-xhtml-script.xml": outcome(Kept("Sale now", "/a", "24 10:00")),
    "author-script.xml": outcome(GROCER),
    "binary.png": outcome(problem=NO_FEED),
    "blank-titles.xml": outcome(problem=UNUSABLE, dropped=1),
    "bom-only.xml": outcome(problem="is empty"),
    "broken-utf8-in-the-middle.xml": outcome(Kept("Half a letter: Ã( here", "/a")),
    "cdata-tricks.xml": outcome(Kept("One ]]> two three", "/a")),
    "codec-that-is-no-encoding.xml": outcome(CAFE),
    "comparison-in-title.xml": outcome(Kept("Prices < $5 & sizes > 40", "/a")),
    "control-character-references.xml": outcome(Kept("A bell and a nought", "/a")),
    "control-characters.xml": outcome(Kept("A bell and an escape[31m ring", "/a")),
    "data-link.xml": outcome(GROCER, dropped=1),
    "dates-impossible.xml": outcome(
        Kept("Word", "/1"), Kept("Hour", "/2"), Kept("Zero", "/3"), Kept("Before the web", "/4"), Kept("Two ways", "/5")
    ),
    "dates-in-the-future.xml": outcome(Kept("Tomorrow", "/1", "25 16:00"), Kept("Far", "/2", "25 16:00")),
    "dates-with-zones.xml": outcome(
        Kept("EST", "/1", "24 15:00"),
        Kept("Offset", "/2", "24 04:30"),
        Kept("Epoch", "/3", "24 10:00"),
        Kept("Long", "/4", "24 00:00"),
    ),
    "dates-without-zone.xml": outcome(
        Kept("Mail", "/1", "24 10:00"),
        Kept("ISO", "/2", "24 10:00"),
        Kept("Minutes", "/3", "24 10:00"),
        Kept("Day", "/4", "24 00:00"),
    ),
    "deeply-nested.xml": outcome(Kept("Deep", "/a")),
    "duplicate-ids.xml": outcome(Kept("One", "/1"), Kept("Two", "/2")),
    "empty.xml": outcome(problem="is empty"),
    "entity-bomb-quadratic.xml": outcome(Kept("Bomb", "/a")),
    "entity-bomb.xml": outcome(Kept("Bomb &j;", "/a")),
    "escaped-script-in-title.xml": outcome(SALE),
    "event-handler.xml": outcome(Kept("Sale", "/a")),
    "external-doctype.xml": outcome(GROCER),
    "external-entity.xml": outcome(Kept("Secret: &secret;", "/a")),
    "external-parameter-entity.xml": outcome(GROCER),
    "garbage-after-the-end.xml": outcome(GROCER),
    "giant-id.xml": outcome(GROCER),
    "html-entities-undeclared.xml": outcome(Kept("Café – opens now", "/a")),
    "html-page.html": outcome(problem="is a web page, not a feed: look for the feed's own address on it"),
    "iso-2022-jp.xml": outcome(Kept("店が開いた", "/a")),
    "javascript-image.xml": outcome(GROCER),
    "javascript-link-in-disguise.xml": outcome(GROCER, dropped=2),
    "javascript-link.xml": outcome(GROCER, dropped=1),
    "json-feed-1.1.json": outcome(Kept("One", "/1", "24 09:00")),
    "json-feed-1.json": outcome(Kept("One", "/1", "24 10:00")),
    "json-feed-javascript.json": outcome(Kept("Good", "/2"), dropped=1),
    "json-feed-wrong-types.json": outcome(Kept("Good", "/2"), dropped=1),
    "json-no-feed.json": outcome(problem="is JSON, but no JSON Feed: its version is missing"),
    "json-not-an-object.json": outcome(problem="is JSON, but no JSON Feed: its version is missing"),
    "json-without-items.json": outcome(problem="is a JSON Feed without items"),
    "koi8-r.xml": outcome(Kept("Магазин открылся", "/a")),
    "latin1-but-utf8-declared.xml": outcome(NIMES),
    "latin1-undeclared.xml": outcome(NIMES),
    "latin1.xml": outcome(NIMES),
    "link-impossible.xml": outcome(Kept("d", "http://a/"), dropped=3),
    "link-in-guid-only.xml": outcome(Kept("Perma", "/perma")),
    "link-that-ends-an-attribute.xml": outcome(Kept("Quote", "/a%22onmouseover=%22alert(1)%3Cscript%3E")),
    "link-very-long.xml": outcome(GROCER, dropped=1),
    "link-with-password.xml": outcome(GROCER, dropped=1),
    "lone-surrogates.json": outcome(Kept("Half a pair", "/a")),
    "long-title.xml": outcome(Kept(f"{'word ' * 58}word…", "/a")),
    "missing-ids.xml": outcome(Kept("One", "/1"), Kept("Two", "/2")),
    "nested-html.xml": outcome(Kept("Sale", "/a")),
    "no-entries-atom.xml": outcome(),
    "no-items.xml": outcome(),
    "no-titles.xml": outcome(Kept("A grocer opened a shop.", "/1"), dropped=1),
    "nul-bytes.xml": outcome(Kept("Nought in the title", "/a")),
    "numeric-script-in-title.xml": outcome(SALE),
    "only-titles.xml": outcome(problem=UNUSABLE, dropped=2),
    "opml.xml": outcome(problem=UNKNOWN_XML),
    "other-schemes.xml": outcome(problem=UNUSABLE, dropped=4),
    "pixel-image.xml": outcome(GROCER),
    "plain-text.txt": outcome(problem=NO_FEED),
    "prefixed-atom.xml": outcome(Kept("Prefixed", "/a")),
    "relative-links.xml": outcome(
        Kept("One", "/one"),
        Kept("Two", "/two.html"),
        Kept("Three", "http://other.example/three"),
        Kept("Four", "/?four=4"),
    ),
    "right-to-left-override.xml": outcome(Kept("Invoice fdp.exe paid", "/a")),
    "rss-0.90.xml": outcome(Kept("Ninety", "/90")),
    "rss-0.91.xml": outcome(Kept("Ninety-one", "/91")),
    "rss-0.92.xml": outcome(Kept("Ninety-two", "/92")),
    "rss-1.0.xml": outcome(Kept("One point nought", "/10", "24 09:00")),
    "rss-without-version.xml": outcome(Kept("No version", "/a")),
    "same-entry-twice.xml": outcome(Kept("Newer wording", "/1")),
    "script-in-title.xml": outcome(SALE),
    "script-inside-script.xml": outcome(Kept("ipt>alert(1)ipt>Sale", "/a")),
    "seven-times-escaped-script.xml": outcome(
        Kept("Sale &amp;amp;amp;amp;amp;lt;script&amp;amp;amp;amp;amp;gt;alert(1)", "/a")
    ),
    "sitemap.xml": outcome(problem=UNKNOWN_XML),
    "soap-fault.xml": outcome(problem=UNKNOWN_XML),
    "strange-namespaces.xml": outcome(problem=UNKNOWN_XML),
    "style-and-comments.xml": outcome(Kept("Sale on", "/a")),
    "stylesheet-instruction.xml": outcome(GROCER),
    "titles-as-cdata-html.xml": outcome(Kept("Big news", "/a")),
    "tracking-links.xml": outcome(Kept("One", "http://Feed.Example:80/x/../one?b=2&a=1#top")),
    "truncated-before-any-item.xml": outcome(problem=BROKEN_OFF),
    "truncated-in-a-tag.xml": outcome(Kept("First shop", "/1"), problem=BROKEN_OFF),
    "truncated-in-cdata.xml": outcome(Kept("First shop", "/1"), problem=BROKEN_OFF),
    "truncated-in-second-item.xml": outcome(Kept("First shop", "/1"), problem=BROKEN_OFF),
    "truncated.json": outcome(problem="is JSON that breaks off or is not well-formed"),
    "twice-escaped-script-in-title.xml": outcome(SALE),
    "two-feeds-in-one.xml": outcome(Kept("First shop", "/1"), Kept("Second shop", "/2")),
    "unclosed-tags.xml": outcome(Kept("First shop", "/1"), Kept("Second shop", "/2")),
    "unescaped-ampersands.xml": outcome(Kept("Marks & Spencer & Co", "/a?b=1&c=2")),
    "unknown-encoding.xml": outcome(CAFE),
    "upper-case-tags.xml": outcome(Kept("Loud", "/a")),
    "utf16-be-bom.xml": outcome(CAFE),
    "utf16-declared-but-utf8.xml": outcome(CAFE),
    "utf16-le-bom.xml": outcome(CAFE),
    "utf16-without-bom.xml": outcome(CAFE),
    "utf8-bom-but-latin1-declared.xml": outcome(CAFE),
    "utf8-bom.xml": outcome(CAFE),
    "warnings-before-the-feed.xml": outcome(GROCER),
    "whitespace-title.xml": outcome(Kept("Spread over lines", "/a")),
    "whitespace.xml": outcome(problem="is empty"),
    "windows1252.xml": outcome(CAFE),
    "xinclude.xml": outcome(Kept("Include", "/a")),
    "xml-base.xml": outcome(Kept("Based", "http://base.example/x/deep/a.html")),
}

#: what would run, or lead out of the web, if it were shown as HTML
LIVE = re.compile(r"<[a-z!/]|&lt;|javascript:|vbscript:", re.IGNORECASE)


@pytest.mark.parametrize("name", sorted(OUTCOMES))
def test_a_hostile_feed_has_a_known_outcome(name: str) -> None:
    feed = feeds.parse((FOLDER / name).read_bytes(), url="http://feed.example/feed.xml", now=NOW)
    assert _seen(feed) == OUTCOMES[name]


def test_every_hostile_feed_has_its_outcome_in_the_table() -> None:
    assert {file.name for file in FOLDER.iterdir()} == set(OUTCOMES)


def test_a_round_over_all_hostile_feeds_reads_every_one(
    database: Database, stand: Newsstand, polite: Fetch, now: datetime
) -> None:
    _add_all(database, stand, now)
    report = collecting.collect(database, polite, public_url="https://news.example.com", now=now)
    failed = {one.name: one.problem for one in report.failed}
    assert failed == {name: expected.problem for name, expected in OUTCOMES.items() if expected.problem}


def test_a_round_over_all_hostile_feeds_stores_nothing_live(
    database: Database, stand: Newsstand, polite: Fetch, now: datetime
) -> None:
    _add_all(database, stand, now)
    collecting.collect(database, polite, public_url="https://news.example.com", now=now)
    with database.read() as session:
        kept = session.scalars(select(Article)).all()
    texts = [text for article in kept for text in (article.title, article.summary, article.text, article.author)]
    assert [text for text in texts if LIVE.search(text)] == []


def test_a_round_over_all_hostile_feeds_stores_only_links_of_the_web(
    database: Database, stand: Newsstand, polite: Fetch, now: datetime
) -> None:
    _add_all(database, stand, now)
    collecting.collect(database, polite, public_url="https://news.example.com", now=now)
    with database.read() as session:
        kept = session.execute(select(Article.url, Article.image_url)).all()
    assert [row for row in kept if not re.fullmatch(r"https?://[^\s\"'<>]+", row.url + row.image_url)] == []


def _add_all(database: Database, stand: Newsstand, now: datetime) -> None:
    with database.write() as session:
        for name in OUTCOMES:
            url = stand.serve(f"/{name}", (FOLDER / name).read_bytes(), content_type="text/xml")
            sources.add(session, url, name=name, now=now)


def _seen(feed: Feed) -> Outcome:
    return outcome(*(_kept(entry) for entry in feed.entries), problem=feed.problem, dropped=feed.dropped)


def _kept(entry: Entry) -> Kept:
    dated = f"{entry.published_at:%d %H:%M}" if entry.dated_by == "feed" else ""
    return Kept(entry.title, entry.url.removeprefix("http://feed.example"), dated)
