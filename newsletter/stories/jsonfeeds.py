"""JSON Feed 1 and 1.1 (jsonfeed.org), as leniently as XML is read."""

import html
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from newsletter.stories.entries import Raw


def read(text: str) -> tuple[list[Raw], str]:
    """The entries of the feed *text*, and what is wrong with it."""
    try:
        feed = json.loads(text)
    except (ValueError, RecursionError):
        return [], "is JSON that breaks off or is not well-formed"
    if "jsonfeed.org" not in _text(feed.get("version")):
        return [], "is JSON, but no JSON Feed: its version is missing"
    items = feed.get("items")
    if not isinstance(items, list):
        return [], "is a JSON Feed without items"
    return [_raw(item, feed) for item in items if isinstance(item, dict)], ""


def _raw(item: dict[str, Any], feed: dict[str, Any]) -> Raw:
    as_html, as_text = _text(item.get("content_html")), html.escape(_text(item.get("content_text")), quote=False)
    return Raw(
        id=_text(item.get("id")),
        links=tuple(_text(item.get(name)) for name in ("url", "external_url", "id")),
        title=_text(item.get("title")),
        summary=_text(item.get("summary")),
        content=as_html or as_text,
        images=tuple(_images(item)),
        author=_author(item) or _author(feed),
        language=_text(item.get("language")) or _text(feed.get("language")),
        published=_time(item.get("date_published")) or _time(item.get("date_modified")),
    )


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


def _time(value: object) -> datetime | None:
    try:
        moment = datetime.fromisoformat(_text(value))
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _list(value: object) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _text(value: object) -> str:
    """Strings as they are; numbers too, for some feeds number their items."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    return str(value)
