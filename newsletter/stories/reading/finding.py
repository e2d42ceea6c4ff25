"""Where a site's feed is, and what it holds: one look before a source is added."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

from newsletter.errors import Forbidden
from newsletter.stories import links
from newsletter.stories.reading import encodings, feeds, guard, plain
from newsletter.stories.reading.feeds import Feed
from newsletter.stories.reading.fetching import Answer, Fetcher, Outcome

_TYPES = frozenset(
    {"application/rss+xml", "application/atom+xml", "application/feed+json", "application/rdf+xml", "text/xml"}
)
#: where feeds stand on sites that name none
_USUAL = ("/feed", "/rss", "/feed.xml", "/rss.xml", "/atom.xml", "/index.xml")
#: feeds that a page names and that are looked at
_MOST = 4
#: of comments, or of one person's or one tag's articles: named beside the site's own
_LESSER = re.compile(r"comment|kommentar|/tag/|/author/|/category/", re.IGNORECASE)
_ENTRY = re.compile(r"<(?:\w+:)?(?:item|entry)[\s>]", re.IGNORECASE)
_TITLE = re.compile(r"<(?:\w+:)?title\b[^>]*>(.*?)</(?:\w+:)?title\s*>", re.IGNORECASE | re.DOTALL)
_LANGUAGE = re.compile(
    r"<(?:\w+:)?language\b[^>]*>\s*([\w-]{2,35})\s*<|\bxml:lang\s*=\s*[\"']([\w-]{2,35})", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Look:
    """What stands at an address, or at the feed that was found from there."""

    url: str
    answer: Answer
    feed: Feed
    title: str = ""
    #: a tag such as "en" or "de-CH"; empty where neither the feed nor its entries say
    language: str = ""
    #: other feeds that the page names
    others: tuple[str, ...] = ()

    @property
    def problem(self) -> str:
        """Why nothing can be read there; empty where something can."""
        return self.answer.problem or ("" if self.feed.entries else self.feed.problem)

    @property
    def is_away(self) -> bool:
        """Whether nothing came that could be looked at, which may be different tomorrow."""
        return self.answer.outcome is not Outcome.FRESH


def look(fetcher: Fetcher, url: str, *, now: datetime) -> Look:
    """Visit *url*; where it is a page, the feed that it names, or that stands in a usual place of its site.

    Raises Forbidden for an address that will never be visited.
    """
    _refuse_forbidden(fetcher, url)
    first = _visit(fetcher, url, now)
    if first.answer.outcome is not Outcome.FRESH or first.feed.entries or not _is_page(first.answer):
        return first
    named = list(dict.fromkeys(_named(first.answer)))
    tried = named[:_MOST] or [urljoin(first.answer.url, place) for place in _USUAL]
    for candidate in tried:
        found = _visit(fetcher, candidate, now)
        if not found.problem and not _is_page(found.answer):
            return replace(found, others=tuple(one for one in named if one != candidate))
    why = "is a web page that names no feed" if not named else "is a web page, and no feed that it names can be read"
    return replace(first, feed=Feed(problem=f"{why}: look for the feed's own address on it"))


def _refuse_forbidden(fetcher: Fetcher, url: str) -> None:
    parts = urlsplit(url)
    try:
        port = parts.port or {"https": 443}.get(parts.scheme, 80)
        guard.addresses(parts.hostname or "", port, allow_loopback=fetcher.settings.allow_loopback)
    except Forbidden as error:
        if not fetcher.settings.allow_loopback and _is_here(parts.hostname or "", port):
            raise Forbidden(f"{error}; for a feed served on this machine set allow_loopback under [fetch]") from error
        raise
    except (OSError, ValueError):
        return  # the visit will say what is wrong


def _is_here(host: str, port: int) -> bool:
    """Whether *host* is this machine and nothing else."""
    try:
        guard.addresses(host, port, allow_loopback=True)
    except (Forbidden, OSError):
        return False
    return True


def _visit(fetcher: Fetcher, url: str, now: datetime) -> Look:
    answer = fetcher.feed(url)
    if answer.outcome is not Outcome.FRESH:
        return Look(url, answer, Feed())
    feed = feeds.parse(answer.body, url=answer.url, content_type=answer.content_type, now=now)
    title, language = _head(encodings.text(answer.body, answer.content_type), feed)
    return Look(answer.moved_to or url, answer, feed, title, language)


def _head(text: str, feed: Feed) -> tuple[str, str]:
    """What the feed says of itself: its title, and its language or that of most entries."""
    title, language = _said(text)
    spoken = Counter(entry.language for entry in feed.entries if entry.language)
    return plain.line(title, 200), language or next((tag for tag, _ in spoken.most_common(1)), "")


def _said(text: str) -> tuple[str, str]:
    if text.lstrip().startswith("{"):
        try:
            said = json.loads(text)
        except (ValueError, RecursionError):
            return "", ""
        return str(said.get("title") or ""), str(said.get("language") or "")[:35]
    entry = _ENTRY.search(text)
    head = text[: entry.start() if entry else 20_000]
    title, language = _TITLE.search(head), _LANGUAGE.search(head)
    words = title[1].replace("<![CDATA[", "").replace("]]>", "") if title else ""
    return words, (language[1] or language[2]) if language else ""


def _is_page(answer: Answer) -> bool:
    return "html" in answer.content_type.lower() or b"<html" in answer.body[:2000].lower()


def _named(answer: Answer) -> Iterator[str]:
    """The feeds that a page names in its head, the site's own before those of comments and tags."""
    reader = _Alternates()
    reader.feed(encodings.text(answer.body, answer.content_type)[:500_000])
    base = urljoin(answer.url, reader.base)
    found = [url for href in reader.found if (url := links.web(urljoin(base, href)))]
    yield from sorted(found, key=lambda url: bool(_LESSER.search(url)))


class _Alternates(HTMLParser):
    """Reads `<link rel="alternate" type="application/rss+xml" href="…">`, and `<base>`."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self.base = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: (value or "").strip() for name, value in attrs}
        if tag == "base" and not self.base:
            self.base = said.get("href", "")
        kind = said.get("type", "").partition(";")[0].strip().lower()
        if tag == "link" and "alternate" in said.get("rel", "").lower().split() and kind in _TYPES and said.get("href"):
            self.found.append(said["href"])
