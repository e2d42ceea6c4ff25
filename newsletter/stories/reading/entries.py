"""One entry of a feed: as it was written, and as it can be kept."""

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TypeVar

from newsletter.stories import links
from newsletter.stories.reading import pictures, plain
from newsletter.stories.reading.pictures import Picture
from newsletter.stories.reading.plain import Form, Written

TITLE, SUMMARY, TEXT, AUTHOR, LANGUAGE, GUID = 300, 1_000, 20_000, 300, 35, 500
#: a date before the web is a mistake
_EARLIEST = datetime(1991, 1, 1, tzinfo=UTC)
_NOTHING = Written()

Thing = TypeVar("Thing")


@dataclass(frozen=True, slots=True)
class Raw:
    """An entry as the feed wrote it: markup, any length, links as seen from the feed."""

    id: str = ""
    #: the likeliest first
    links: Sequence[str] = ()
    title: Written = _NOTHING
    summary: Written = _NOTHING
    content: Written = _NOTHING
    #: in groups, the likeliest first; a group is one picture in several sizes
    pictures: Sequence[Sequence[Picture]] = ()
    author: str = ""
    language: str = ""
    published: datetime | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """What a reader of one format found."""

    raws: Sequence[Raw] = ()
    #: what is wrong with the feed, in words for an editor
    problem: str = ""
    #: entries older than those that were read
    left: int = 0
    #: entries whose date is there and can't be read
    unread_dates: int = 0


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry that can be kept: plain text, an http(s) link, a time that is not in the future."""

    guid: str
    url: str
    title: str
    summary: str
    text: str
    image_url: str
    image_width: int | None
    image_height: int | None
    author: str
    language: str
    published_at: datetime
    #: "feed" or "first seen"
    dated_by: str

    @property
    def digest(self) -> str:
        """Of everything an editor would see change; not of the date, which some feeds make anew each time."""
        seen = (self.url, self.title, self.summary, self.text, self.image_url, self.author)
        return hashlib.sha256("\0".join(seen).encode()).hexdigest()


def tidy(raw: Raw, base: str, now: datetime) -> Entry | None:
    """*raw*, cleaned; None if there is nothing to link to or nothing to read."""
    url = next((links.published(link) for one in raw.links if (link := links.web(one, base))), "")
    content = plain.paragraphs(raw.content, TEXT)
    summary = plain.paragraphs(raw.summary, SUMMARY) or _cut(content)
    title = plain.line(raw.title, TITLE) or plain.line(Written(summary, Form.TEXT), 100)
    if not url or not title:
        return None
    published = raw.published if raw.published and raw.published > _EARLIEST else None
    picture = pictures.best(raw.pictures, base=url, author=raw.author) or Picture("")
    return Entry(
        guid=_guid(raw.id) or _guid(links.identity(url)),
        url=url,
        title=title,
        summary=summary,
        text=content or plain.paragraphs(raw.summary, TEXT),
        image_url=picture.url,
        image_width=picture.width,
        image_height=picture.height,
        author=plain.line(Written(raw.author, Form.TEXT), AUTHOR),
        language=plain.line(Written(raw.language, Form.TEXT), LANGUAGE),
        published_at=min(published or now, now),
        dated_by="feed" if published else "first seen",
    )


def newest(things: Sequence[tuple[datetime | None, Thing]], most: int) -> list[tuple[datetime | None, Thing]]:
    """The *most* newest of *things*, in their order; those without a date come after all others."""
    if len(things) <= most:
        return list(things)
    age = sorted(range(len(things)), key=lambda at: _rank(things[at][0]), reverse=True)
    return [things[at] for at in sorted(age[:most])]


def _rank(moment: datetime | None) -> float:
    return moment.timestamp() if moment else float("-inf")


def _cut(text: str) -> str:
    return plain.paragraphs(Written(text, Form.TEXT), SUMMARY)


def once(entries: Sequence[Entry]) -> tuple[Entry, ...]:
    """Each entry once; where a feed gives several articles the same id, their links tell them apart."""
    articles_of = Counter(guid for guid, _ in {(entry.guid, entry.url) for entry in entries})
    told_apart = (
        replace(entry, guid=_guid(links.identity(entry.url))) if articles_of[entry.guid] > 1 else entry
        for entry in entries
    )
    return tuple({entry.guid: entry for entry in reversed(list(told_apart))}.values())[::-1]


def _guid(value: str) -> str:
    """*value* as an id that fits, the same each time."""
    value = plain.line(value, 10 * GUID)
    return value if len(value) <= GUID else f"sha256:{hashlib.sha256(value.encode()).hexdigest()}"
