"""JSON Feed 1 and 1.1 (jsonfeed.org), as leniently as XML is read."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from newsletter.stories import links
from newsletter.stories.reading import dates, jsontext, loose, people, pictures
from newsletter.stories.reading.entries import Found, Raw, newest
from newsletter.stories.reading.pictures import Picture
from newsletter.stories.reading.plain import Form, Written

_WRAPPED = re.compile(r"(?<!\s)\s*<(b|i|em|strong|span|p|h[1-6])>[^<]*</\1>\s*", re.IGNORECASE)


def read(text: str, *, url: str, most: int) -> Found:
    """The entries of the feed *text*, found at *url*, the *most* newest ones; and what is wrong with it."""
    try:
        feed, is_whole = jsontext.read(text)
    except ValueError:
        return Found(problem="is JSON that breaks off or is not well-formed")
    if not isinstance(feed, dict) or not _is_feed(feed):
        return Found(problem="is JSON, but no JSON Feed: its version is missing")
    items = feed.get("items")
    if not isinstance(items, list):
        return Found(problem="is a JSON Feed without items")
    found = _found([item for item in items if isinstance(item, dict)], feed, url, most)
    return (
        found if is_whole else replace(found, problem="breaks off or is not well-formed; the items that are were kept")
    )


def _is_feed(feed: dict[str, Any]) -> bool:
    """By its version, or where it names none by its items: some that write feeds by hand leave it out."""
    version = _text(feed.get("version")).lower()
    if "jsonfeed.org" in version or version in {"1", "1.0", "1.1"}:
        return True
    items = _list(feed.get("items"))
    return not version and any(
        {"content_html", "content_text", "date_published", "url"} & item.keys() for item in items
    )


def _found(items: Sequence[dict[str, Any]], feed: dict[str, Any], url: str, most: int) -> Found:
    written = [
        [text for name in ("date_published", "date_modified") if (text := _date(item.get(name)))] for item in items
    ]
    habit = loose.habit((one for each in written for one in each), language=_text(feed.get("language")), url=url)
    moments = [next((moment for one in each if (moment := dates.read(one, habit))), None) for each in written]
    kept = newest(list(zip(moments, items, strict=True)), most)
    unread = sum(bool(each) and moment is None for each, moment in zip(written, moments, strict=True))
    base = links.web(_text(feed.get("home_page_url")), url) or url
    raws = [_raw(item, feed, base, moment) for moment, item in kept]
    return Found(raws, left=len(items) - len(kept), unread_dates=unread)


def _raw(item: dict[str, Any], feed: dict[str, Any], base: str, published: Any) -> Raw:
    content = Written(_text(item.get("content_html"))) or Written(_text(item.get("content_text")), Form.TEXT)
    in_text = pictures.in_markup(content.value) if content.form is Form.HTML else iter(())
    return Raw(
        id=_text(item.get("id")),
        links=tuple(_links(item, base)),
        title=_title(_text(item.get("title"))),
        summary=Written(_text(item.get("summary")), Form.TEXT),
        content=content,
        pictures=[*([one] for one in _pictures(item)), *in_text],
        author=people.names(_authors(item)) or people.names(_authors(feed)),
        language=_text(item.get("language")) or _text(feed.get("language")),
        published=published,
    )


def _title(text: str) -> Written:
    """Plain text by the format; but one that stands in tags as a whole was meant to be markup."""
    return Written(text, Form.HTML if _WRAPPED.fullmatch(text) else Form.TEXT)


def _links(item: dict[str, Any], base: str) -> Iterator[str]:
    identity = _text(item.get("id"))
    named = (_text(item.get("url")), _text(item.get("external_url")))
    permalink = identity if identity.lower().startswith(("http://", "https://")) else ""
    return (link for one in (*named, permalink) if (link := links.web(links.mended(one), base)))


def _pictures(item: dict[str, Any]) -> Iterator[Picture]:
    for name in ("image", "banner_image"):
        said = item.get(name)
        yield Picture(_text(said.get("url") if isinstance(said, dict) else said), type="image")
    for attachment in _list(item.get("attachments")):
        yield Picture(_text(attachment.get("url")), type=_text(attachment.get("mime_type")))


def _authors(of: dict[str, Any]) -> Iterator[str]:
    """Version 1.1 has `authors`, version 1 had `author`; some write one where a list is meant, or a name alone."""
    for named in (of.get("authors"), of.get("author")):
        for one in named if isinstance(named, list) else [named]:
            yield _text(one.get("name")) if isinstance(one, dict) else _text(one)


def _list(value: object) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _date(value: object) -> str:
    """Strings, and seconds since 1970."""
    return str(value) if isinstance(value, float) else _text(value)


def _text(value: object) -> str:
    """Strings as they are; numbers too, for some feeds number their items."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    return str(value)
