"""An article's own page, where the feed brought little: lead text, image and date. Its robots.txt is obeyed."""

import itertools
import json
import logging
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from protego import Protego

from newsletter.stories import links
from newsletter.stories.reading import pictures, plain
from newsletter.stories.reading.entries import SUMMARY, TEXT, TITLE
from newsletter.stories.reading.fetching import Fetcher, Outcome
from newsletter.stories.reading.pictures import Picture
from newsletter.stories.reading.plain import Form, Written

#: of a robots.txt (RFC 9309 section 2.5 says at least 500 KiB)
_ROBOTS_BYTES = 512 * 1024
_LONGEST_CRAWL_DELAY = 30
_JSON_LD = re.compile(rb"""<script\s[^<>]{0,200}?application/ld\+json[^<>]{0,200}>""", re.IGNORECASE)
_MOST_JSON_LD = 10
_META = re.compile(rb"<meta\s[^<>]{0,4000}", re.IGNORECASE)
#: of a site
_NAME = 100
_MOST_META, _HEAD_BYTES = 200, 200_000


@dataclass(frozen=True, slots=True)
class Page:
    """What an article's page says."""

    text: str = ""
    summary: str = ""
    image_url: str = ""
    image_width: int | None = None
    image_height: int | None = None
    published: datetime | None = None
    #: its headline, and what its site calls itself
    title: str = ""
    site: str = ""
    #: where it was found in the end
    url: str = ""
    #: why there is nothing, in words for an editor
    problem: str = ""


class Robots:
    """The robots.txt of each host, asked once in a run; safe to use from several threads."""

    def __init__(self, fetcher: Fetcher) -> None:
        self._fetcher = fetcher
        self._rules: dict[str, Protego | None] = {}
        self._guard = threading.Lock()

    def allow(self, url: str) -> bool:
        """True if the host of *url* lets this program read it; False too while its robots.txt can't be had."""
        site = "{0.scheme}://{0.netloc}".format(urlsplit(url))
        with self._guard:
            known = site in self._rules
        rules = self._rules[site] if known else self._ask(site)
        return rules is not None and bool(rules.can_fetch(url, self._fetcher.user_agent))

    def _ask(self, site: str) -> Protego | None:
        answer = self._fetcher.page(f"{site}/robots.txt", may_visit=_anything, limit=_ROBOTS_BYTES, accept="text/plain")
        rules = None
        if answer.outcome is Outcome.FRESH:
            rules = Protego.parse(answer.body.decode("utf-8", "replace"))
        elif 400 <= answer.status < 500 and answer.status != 429:
            rules = Protego.parse("")  # there is none, so all is allowed (RFC 9309 section 2.3.1.3)
        if rules is not None and (delay := rules.crawl_delay(self._fetcher.user_agent)):
            self._fetcher.slow_down(site, min(float(delay), _LONGEST_CRAWL_DELAY))
        with self._guard:
            self._rules[site] = rules
        return rules


def read(fetcher: Fetcher, robots: Robots, url: str) -> Page:
    """Visit the article at *url* and take out its lead. Never raises for what the other side does."""
    answer = fetcher.page(url, may_visit=robots.allow)
    if answer.outcome is not Outcome.FRESH:
        return Page(problem=answer.problem or "has nothing to read")
    if "html" not in (answer.content_type or "html").lower():
        return Page(problem=f"is no page but {answer.content_type[:60]}")
    try:
        return extract(answer.body, answer.url)
    except Exception as error:  # noqa: BLE001 - a page can hold anything; one of them must not end the run
        return Page(problem=f"can't be understood ({type(error).__name__})")


def extract(body: bytes, url: str) -> Page:
    """The lead text, image and date of the page *body*, found at *url*."""
    import trafilatura  # takes a while to load, and is needed only here

    found = trafilatura.bare_extraction(
        body, url=url, favor_precision=True, with_metadata=True, include_comments=False, include_tables=False
    )
    if found is None:
        return Page(problem="has no text that could be found")
    said: dict[str, Any] = found if isinstance(found, dict) else found.as_dict()
    lines = _without_title(said.get("text") or "", said.get("title") or "")
    text = plain.paragraphs(Written(lines, Form.TEXT), TEXT)
    lead = plain.paragraphs(Written(said.get("description") or "", Form.EITHER), SUMMARY)
    offered = [Picture(str(said.get("image") or "")), *_pictures_in_data(body)]
    image = next((replace(one, url=seen) for one in offered if (seen := links.web(one.url, url))), Picture(""))
    width, height = _sizes_in_head(body, url).get(image.url, (image.width, image.height))
    return Page(
        text=text,
        summary=lead or plain.paragraphs(Written(text, Form.TEXT), SUMMARY),
        image_url=image.url,
        image_width=width,
        image_height=height,
        published=_day(said.get("date")),
        title=plain.line(Written(said.get("title") or "", Form.EITHER), TITLE),
        site=plain.line(Written(said.get("sitename") or "", Form.EITHER), _NAME),
        url=url,
    )


def forget() -> None:
    """Give back what trafilatura remembers of the pages it read; in a long run it would grow."""
    from trafilatura.meta import reset_caches

    # it calls it an error that some caches of other people's packages have gone
    logging.getLogger("htmldate.meta").setLevel(logging.CRITICAL)
    reset_caches()


def _anything(_url: str) -> bool:
    return True


def _without_title(text: str, title: str) -> str:
    """The body's lines as paragraphs, without the headline, which is kept by itself."""
    lines = [line for line in text.split("\n") if line.strip()]
    if lines and lines[0].strip() == title.strip():
        lines = lines[1:]
    return "\n\n".join(lines)


def _sizes_in_head(body: bytes, url: str) -> dict[str, tuple[int | None, int | None]]:
    """The pictures that <meta> names and the sizes it tells of them (ogp.me: each after the picture it is of)."""
    found: dict[str, tuple[int | None, int | None]] = {}
    picture = ""
    for tag in itertools.islice(_META.finditer(body[:_HEAD_BYTES]), _MOST_META):
        said = pictures.attributes(tag[0].decode("utf-8", "replace"))
        name, value = said.get("property") or said.get("name", ""), said.get("content", "")
        if name in {"og:image", "og:image:url", "og:image:secure_url"}:
            picture = links.web(value, url)
            found.setdefault(picture, (None, None))
        elif name in {"og:image:width", "og:image:height"} and picture:
            width, height = found[picture]
            found[picture] = (
                (pictures.pixels(value), height) if name.endswith("width") else (width, pictures.pixels(value))
            )
    return found


def _pictures_in_data(body: bytes) -> Iterator[Picture]:
    """The images named in JSON-LD, which three pages in four have."""
    for begin in itertools.islice(_JSON_LD.finditer(body), _MOST_JSON_LD):
        end = body.find(b"</script", begin.end())
        try:
            data = json.loads(body[begin.end() : end])
        except (ValueError, RecursionError):
            continue
        for thing in data if isinstance(data, list) else [data]:
            image = thing.get("image") if isinstance(thing, dict) else None
            for one in image if isinstance(image, list) else [image]:
                if isinstance(one, dict):
                    width, height = (pictures.pixels(str(one.get(name))) for name in ("width", "height"))
                    yield Picture(str(one.get("url") or ""), width, height)
                elif isinstance(one, str):
                    yield Picture(one)


def _day(value: object) -> datetime | None:
    try:
        return datetime.fromisoformat(str(value)).replace(tzinfo=UTC) if value else None
    except ValueError:
        return None
