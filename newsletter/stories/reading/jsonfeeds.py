"""JSON Feed 1 and 1.1 (jsonfeed.org), as leniently as XML is read."""

import html
import json
from collections.abc import Iterator
from typing import Any

from newsletter.stories.reading import dates
from newsletter.stories.reading.entries import Raw


def read(text: str) -> tuple[list[Raw], str]:
    """The entries of the feed *text*, and what is wrong with it."""
    try:
        feed = json.loads(text)
    except (ValueError, RecursionError):
        return [], "is JSON that breaks off or is not well-formed"
    if not isinstance(feed, dict) or "jsonfeed.org" not in _text(feed.get("version")):
        return [], "is JSON, but no JSON Feed: its version is missing"
    items = feed.get("items")
    if not isinstance(items, list):
        return [], "is a JSON Feed without items"
    return [_raw(item, feed) for item in items if isinstance(item, dict)], ""


def _raw(item: dict[str, Any], feed: dict[str, Any]) -> Raw:
    as_html, as_text = _text(item.get("content_html")), html.escape(_text(item.get("content_text")), quote=False)
    return Raw(
        id=_text(item.get("id")),
        links=tuple(_links(item)),
        title=_text(item.get("title")),
        summary=_text(item.get("summary")),
        content=as_html or as_text,
        images=tuple(_images(item)),
        author=_author(item) or _author(feed),
        language=_text(item.get("language")) or _text(feed.get("language")),
        published=dates.read(item.get("date_published")) or dates.read(item.get("date_modified")),
    )


def _links(item: dict[str, Any]) -> Iterator[str]:
    yield _text(item.get("url"))
    yield _text(item.get("external_url"))
    identity = _text(item.get("id"))
    if identity.startswith(("http://", "https://")):
        yield identity


def _images(item: dict[str, Any]) -> Iterator[str]:
    yield _text(item.get("image"))
    yield _text(item.get("banner_image"))
    for attachment in _list(item.get("attachments")):
        if _text(attachment.get("mime_type")).startswith("image/"):
            yield _text(attachment.get("url"))


def _author(of: dict[str, Any]) -> str:
    """Version 1.1 has `authors`, version 1 had `author`."""
    authors = _list(of.get("authors")) or _list([of.get("author")])
    return ", ".join(name for author in authors if (name := _text(author.get("name"))))


def _list(value: object) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _text(value: object) -> str:
    """Strings as they are; numbers too, for some feeds number their items."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    return str(value)
