"""One entry of a feed: as it was written, and as it can be kept."""

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from newsletter.stories import links
from newsletter.stories.reading import plain

TITLE, SUMMARY, TEXT, AUTHOR, LANGUAGE, GUID = 300, 1_000, 20_000, 300, 35, 500
#: a date before the web is a mistake
_EARLIEST = datetime(1991, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Raw:
    """An entry as the feed wrote it: markup, relative links, any length."""

    id: str = ""
    #: the likeliest first
    links: Sequence[str] = ()
    title: str = ""
    summary: str = ""
    content: str = ""
    images: Sequence[str] = ()
    author: str = ""
    language: str = ""
    published: datetime | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry that can be kept: plain text, an http(s) link, a time that is not in the future."""

    guid: str
    url: str
    title: str
    summary: str
    text: str
    image_url: str
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
    url = next((links.canonical(link) for one in raw.links if (link := links.web(one, base))), "")
    content = plain.paragraphs(raw.content, TEXT)
    summary = plain.paragraphs(raw.summary, SUMMARY) or plain.paragraphs(content, SUMMARY)
    title = plain.line(raw.title, TITLE) or plain.line(summary, 100)
    if not url or not title:
        return None
    published = raw.published if raw.published and raw.published > _EARLIEST else None
    return Entry(
        guid=_guid(raw.id) or _guid(url),
        url=url,
        title=title,
        summary=summary,
        text=content or plain.paragraphs(raw.summary, TEXT),
        image_url=next((image for one in raw.images if (image := links.web(one, base))), ""),
        author=plain.line(raw.author, AUTHOR),
        language=plain.line(raw.language, LANGUAGE),
        published_at=min(published or now, now),
        dated_by="feed" if published else "first seen",
    )


def once(entries: Sequence[Entry]) -> tuple[Entry, ...]:
    """Each entry once; where a feed gives several articles the same id, their links tell them apart."""
    articles_of = Counter(guid for guid, _ in {(entry.guid, entry.url) for entry in entries})
    told_apart = (replace(entry, guid=_guid(entry.url)) if articles_of[entry.guid] > 1 else entry for entry in entries)
    return tuple({entry.guid: entry for entry in reversed(list(told_apart))}.values())[::-1]


def _guid(value: str) -> str:
    """*value* as an id that fits, the same each time."""
    value = plain.line(value, 10 * GUID)
    return value if len(value) <= GUID else f"sha256:{hashlib.sha256(value.encode()).hexdigest()}"
