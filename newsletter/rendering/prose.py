"""Plain text, as editors write it, made safe and readable: paragraphs, links, line widths, directions."""

import html
import re
import unicodedata
from collections.abc import Iterator
from urllib.parse import urlsplit

import nh3
from markupsafe import Markup

from newsletter.rendering import slots

#: columns of the text part
WIDTH = 72
_BETWEEN = re.compile(r"\n\s*\n")
_LINK = re.compile(r"https?://[^\s<>\"]+[^\s<>\".,;:!?)\]}'’”]")


def paragraphs(text: str) -> tuple[str, ...]:
    """The paragraphs of *text*, which an empty line parts; each on one line, without markers and controls."""
    parts = _BETWEEN.split(text.replace("\r\n", "\n").replace("\r", "\n"))
    return tuple(line for part in parts if (line := slots.one_line(part)))


def to_html(paragraph: str) -> Markup:
    """*paragraph* as HTML: every character means itself, and addresses of pages become links."""
    escaped = html.escape(slots.one_line(paragraph), quote=False)
    linked = _LINK.sub(lambda link: f'<a href="{link[0]}">{link[0]}</a>', escaped)
    # the last word on what may stand here; nothing above it has to be trusted
    return Markup(  # noqa: S704
        nh3.clean(linked, tags={"a"}, attributes={"a": {"href"}}, url_schemes={"http", "https"}, link_rel=None)
    )


def link(url: str) -> str:
    """*url*, or nothing where it is not an http(s) address."""
    url = slots.one_line(url).replace(" ", "%20")
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return url if parts.scheme in {"http", "https"} and parts.hostname else ""


def host(url: str) -> str:
    """The site's name in *url*, as people say it: "retaildive.com"."""
    return (urlsplit(url).hostname or "").removeprefix("www.") if link(url) else ""


def wrap(text: str, indent: str = "") -> str:
    """*text* in lines of at most `WIDTH` columns, each after *indent*; addresses of pages are never broken."""
    room = WIDTH - len(indent)
    lines = [""]
    for word in _words(text, room):
        if lines[-1] and columns(lines[-1]) + 1 + columns(word) <= room:
            lines[-1] += f" {word}"
        elif lines[-1]:
            lines.append(word)
        else:
            lines[-1] = word
    return "\n".join(f"{indent}{line}" for line in lines)


def columns(text: str) -> int:
    """How many columns *text* takes on a terminal; Chinese and Japanese characters take two."""
    return sum(_width(character) for character in text)


def _words(text: str, room: int) -> Iterator[str]:
    """The words of *text*; one wider than *room* comes in parts, as in scripts that don't part words."""
    for word in text.split():
        if columns(word) <= room or _LINK.search(word):
            yield word
        else:
            yield from _parts(word, room)


def _parts(word: str, room: int) -> Iterator[str]:
    part, width = "", 0
    for character in word:
        if width + _width(character) > room:
            yield part
            part, width = "", 0
        part += character
        width += _width(character)
    yield part


def _width(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def direction(text: str) -> str:
    """ "rtl" where the first letter of *text* is of a script that runs from right to left, else "ltr"."""
    for character in text:
        kind = unicodedata.bidirectional(character)
        if kind in {"R", "AL"}:
            return "rtl"
        if kind == "L":
            return "ltr"
    return "ltr"
