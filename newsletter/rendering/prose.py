"""What editors write, made safe and readable: paragraphs of inline Markdown, links, line widths, directions."""

import re
import unicodedata
from collections.abc import Iterator
from urllib.parse import urlsplit

import nh3
from markupsafe import Markup

from newsletter.editions import markdown, weblinks
from newsletter.rendering import slots

#: columns of the text part
WIDTH = 72
_BETWEEN = re.compile(r"\n\s*\n")
#: a line end that readers see: before an item of a list, and Markdown's own
_LINE_END = re.compile(r"\n(?=[ \t]*(?:[-*+•]|\d{1,3}[.)])[ \t])|(?<!\\)\\\n")
_TAGS, _SCHEMES = {"a", "br", "code", "em", "strong"}, {"http", "https", "mailto"}


def paragraphs(text: str) -> tuple[str, ...]:
    """The paragraphs of *text*, which an empty line parts, without markers and controls.

    Each is one line of Markdown, or several where readers shall see several.
    """
    parts = _BETWEEN.split(text.replace("\r\n", "\n").replace("\r", "\n"))
    return tuple(paragraph for part in parts if (paragraph := "\n".join(_lines(_joined(part)))))


def to_html(paragraph: str) -> Markup:
    """*paragraph*'s Markdown as HTML; addresses of pages become links, and HTML in it means itself."""
    lines = "<br>".join(markdown.to_html(line) for line in _lines(paragraph))
    # the last word on what may stand here; nothing above it has to be trusted
    safe = nh3.clean(lines, tags=_TAGS, attributes={"a": {"href"}}, url_schemes=_SCHEMES, link_rel=None)
    # Markdown may have put a marker or a control together
    return Markup(slots.one_line(safe).replace("<br>", "<br />"))  # noqa: S704


def to_text(paragraph: str) -> str:
    """*paragraph*'s Markdown as plain words, with the address of each link behind its words."""
    return "\n".join(slots.one_line(markdown.to_text(line)) for line in _lines(paragraph))


def _lines(text: str) -> Iterator[str]:
    return filter(None, map(slots.one_line, text.split("\n")))


def _joined(paragraph: str) -> str:
    """*paragraph* without the line ends that only its source has."""
    return "\n".join(" ".join(part.split("\n")) for part in _LINE_END.split(paragraph))


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
    return "\n".join(f"{indent}{line}" for whole in text.split("\n") for line in _filled(whole, room))


def _filled(text: str, room: int) -> list[str]:
    """*text* in lines of at most *room* columns."""
    lines = [""]
    for word in _words(text, room):
        if lines[-1] and columns(lines[-1]) + 1 + columns(word) <= room:
            lines[-1] += f" {word}"
        elif lines[-1]:
            lines.append(word)
        else:
            lines[-1] = word
    return lines


def columns(text: str) -> int:
    """How many columns *text* takes on a terminal; Chinese and Japanese characters take two."""
    return sum(_width(character) for character in text)


def _words(text: str, room: int) -> Iterator[str]:
    """The words of *text*; one wider than *room* comes in parts, as in scripts that don't part words."""
    for word in text.split():
        if columns(word) <= room or next(weblinks.find(word), None):
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
