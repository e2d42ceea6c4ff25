"""RSS 0.90 to 2.0, RDF and Atom, by feedparser, which is given bytes that are certainly UTF-8."""

import html
import itertools
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import feedparser

from newsletter.stories.reading import dates
from newsletter.stories.reading.entries import Raw

_BEGIN = re.compile(r"<(?:[!?]|\w)")
_END = re.compile(r"</\s*(?:\w+:)?(?:rss|feed|rdf)\s*>", re.IGNORECASE)
_ITEM = re.compile(r"<(?:\w+:)?(item|entry)(?=[\s>])", re.IGNORECASE)
_ITEM_END = re.compile(r"</\s*(?:\w+:)?(?:item|entry)\s*>", re.IGNORECASE)
_MOST_ITEMS = 2_000
_MANY = 50_000
_PAGE = re.compile(r"<!doctype\s+html|<html[\s>]", re.IGNORECASE)
_IMAGE = re.compile(r"<img\b[^<>]{0,2000}", re.IGNORECASE)
_SRC = re.compile(r"""\bsrc\s*=\s*["']([^"'<>\s]{1,2000})["']""", re.IGNORECASE)
#: a picture one pixel wide counts readers
_PIXEL = re.compile(r"""\b(?:width|height)\s*=\s*["']?[01](?:px)?["'\s/]""", re.IGNORECASE)


def read(text: str) -> tuple[list[Raw], str]:
    """The entries of the feed *text*, and what is wrong with it."""
    begin = _BEGIN.search(text[:5000])
    if not begin:
        return [], "is no feed: it is neither XML nor JSON"
    # some servers print warnings of their own before the feed
    text = _shortened(text[begin.start() :])
    if _is_absurd(text):
        return [], "is not like a feed: most of its tags are never closed"
    parsed = _parse(text)
    found = [_raw(entry, parsed.feed) for entry in parsed.entries]
    problem = _problem(text, parsed)
    # half an entry has half a link
    return found[:-1] if problem and _ends_inside_an_entry(text) else found, problem


def _shortened(text: str) -> str:
    """*text* without the items beyond those that will be kept: reading them all could take minutes."""
    surplus = next(itertools.islice(_ITEM.finditer(text), _MOST_ITEMS, None), None)
    if surplus is None:
        return text
    closing = {"entry": "</feed>", "item": "</channel></rss>"}[surplus[1].lower()]
    return text[: surplus.start()] + closing


def _is_absurd(text: str) -> bool:
    """Markup that takes the parser the square of its length, and that no feed has."""
    opened, unfinished = text.count("<"), text.count("&") - text.count(";")
    return (opened > _MANY and text.count("</") < opened / 4) or unfinished > _MANY


def _parse(text: str) -> Any:
    # without the address of the feed: ids must not change when it moves, and links are resolved afterwards
    headers = {"content-type": "application/xml; charset=utf-8"}
    # everything is made plain text afterwards, so feedparser need not clean HTML first
    return feedparser.parse(text.encode(), response_headers=headers, sanitize_html=False, resolve_relative_uris=False)


def _ends_inside_an_entry(text: str) -> bool:
    *_, last = (-1, *(begin.start() for begin in _ITEM.finditer(text)))
    return last >= 0 and not _ITEM_END.search(text, last)


def _problem(text: str, parsed: Any) -> str:
    if not parsed.entries and not parsed.version and _PAGE.search(text[:2000]):
        return "is a web page, not a feed: look for the feed's own address on it"
    if not parsed.entries and not parsed.version:
        return "is XML, but no feed that is known"
    if parsed.bozo and not _END.search(text):
        return "breaks off before its end; what stood before was kept"
    if parsed.bozo and not parsed.entries:
        return f"is not well-formed XML: {_first_line(parsed.get('bozo_exception'))}"
    return ""


def _first_line(error: object) -> str:
    return str(error).splitlines()[0][:200] if str(error) else "it has no entries that can be read"


def _raw(entry: Any, feed: Any) -> Raw:
    content = max((part.get("value") or "" for part in entry.get("content", ())), key=len, default="")
    summary = dict.get(entry, "summary") or ""
    return Raw(
        id=_text(entry.get("id")),
        links=tuple(_links(entry)),
        title=_markup(entry, "title"),
        summary=summary if summary != content else "",
        content=content,
        images=tuple(_images(entry, content + summary)),
        author=_text(entry.get("author") or feed.get("author")),
        language=_text(entry.get("language") or feed.get("language")),
        published=_published(entry),
    )


def _markup(entry: Any, name: str) -> str:
    """The value of *name* as HTML, whatever it was declared to be."""
    value = _text(entry.get(name))
    detail = entry.get(f"{name}_detail") or {}
    # Atom's type="text" is the one place where "<b>" means the four characters
    is_text = detail.get("type") == "text/plain" and "<" not in value
    return html.escape(value) if is_text and "&" not in value else value


def _links(entry: Any) -> Iterator[str]:
    yield _text(entry.get("feedburner_origlink"))
    yield _text(entry.get("link"))
    for link in entry.get("links", ()):
        if link.get("rel", "alternate") == "alternate":
            yield _text(link.get("href"))
    identity = _text(entry.get("id"))
    if identity.startswith(("http://", "https://")):
        yield identity


def _images(entry: Any, markup: str) -> Iterator[str]:
    for media in (*entry.get("media_content", ()), *entry.get("media_thumbnail", ())):
        kind = f"{media.get('medium', '')} {media.get('type', '')}"
        if "video" not in kind and "audio" not in kind:
            yield _text(media.get("url"))
    for link in entry.get("links", ()):
        if link.get("rel") == "enclosure" and _text(link.get("type")).startswith("image/"):
            yield _text(link.get("href"))
    yield _text((entry.get("image") or {}).get("href"))
    for image in _IMAGE.finditer(markup[:100_000]):
        source = _SRC.search(image[0])
        if source and not _PIXEL.search(image[0] + " "):
            yield html.unescape(source[1])


def _published(entry: Any) -> datetime | None:
    """The time of publication in UTC; feedparser is asked only for what we can't read, for it guesses."""
    for name in ("published", "updated", "created"):
        # dict.get, because feedparser's own lends `updated` the value of `published`, with a warning
        moment = dates.read(dict.get(entry, name)) or _guessed(dict.get(entry, f"{name}_parsed"))
        if moment:
            return moment
    return None


def _guessed(parts: Any) -> datetime | None:
    if not parts:
        return None
    try:
        return datetime(parts[0], parts[1], parts[2], parts[3], parts[4], min(parts[5], 59), tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
