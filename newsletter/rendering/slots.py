"""What differs between readers, as a table, and the markers that hold its places in the HTML and in the text."""

import html
import re
from collections import Counter
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import NamedTuple


class Reader(NamedTuple):
    """One recipient, as the mould needs them. Plain values: nothing here is escaped or encoded."""

    subscriber_id: int
    address: str
    name: str
    #: signed, opaque: stands for this reader of this edition in every personal link
    token: str
    #: wants the text part alone
    plain: bool = False
    #: signed too: stands for this reader's copy in the links that are counted; empty where none is
    click: str = ""


class Place(StrEnum):
    """Where a marker stands, which decides how its value is escaped."""

    HTML = "HTML"
    TEXT = "TEXT"


#: names longer than this are cut, in headers and in the body
LONGEST_NAME = 60
_LONGEST_ADDRESS = 320
#: controls, line and paragraph separators, direction overrides, halves of characters, and the two private
#: characters that `templates` marks lines with
_INVISIBLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff\ue000\ue001]+")
#: a marker, or what a filter has made of one
_LIKE_A_MARKER = re.compile(r"zq(?:HTML|TEXT)(?:[a-z]*qz)?", re.IGNORECASE)
_TOKEN = re.compile(r"[A-Za-z0-9_-]{1,72}")


def one_line(value: str) -> str:
    """*value* without what can't be seen and without markers, blanks single: fit for a header or a body."""
    if value.isascii() and value.isprintable() and "zq" not in value.lower():  # most names, in a tenth of the time
        return " ".join(value.split())
    return " ".join(_LIKE_A_MARKER.sub(" ", _INVISIBLE.sub(" ", value)).split())


def _token(reader: Reader) -> str:
    return _checked(reader.token)


def _click(reader: Reader) -> str:
    return _checked(reader.click)


def _checked(token: str) -> str:
    if not _TOKEN.fullmatch(token):
        raise ValueError(f"{token!r} is not a token made by rendering.links")
    return token


def _name(reader: Reader) -> str:
    return one_line(reader.name)[:LONGEST_NAME].rstrip()


def _vocative(reader: Reader) -> str:
    name = _name(reader)
    return f", {name}" if name else ""


def _address(reader: Reader) -> str:
    return one_line(reader.address)[:_LONGEST_ADDRESS]


#: every slot a template may use
SLOTS: Mapping[str, Callable[[Reader], str]] = {
    #: within an address: `https://…/u/{token}`
    "token": _token,
    #: empty for a reader whose name is not known
    "name": _name,
    #: ", Ada", or nothing: for `Good morning{{ reader.vocative }}`
    "vocative": _vocative,
    "address": _address,
}

#: with the one that no template sees: `counted` puts it where links are counted
_FILLED: Mapping[str, Callable[[Reader], str]] = {**SLOTS, "click": _click}

_MARKER = re.compile(f"zq(HTML|TEXT)({'|'.join(_FILLED)})qz")

#: slots that may stand within an address; the others are words, and are not escaped for one
IN_ADDRESSES = frozenset({"token", "click"})


def marker(place: Place, slot: str) -> str:
    """The letters that hold *slot*'s place until a reader is known; nothing in HTML or MJML alters them."""
    return f"zq{place}{slot}qz"


def value(place: Place, slot: str, reader: Reader) -> str:
    """What stands in *slot* for *reader*, escaped for *place*."""
    return escaped(place, _FILLED[slot](reader))


def plain(slot: str, reader: Reader) -> str:
    """What stands in *slot* for *reader*, escaped for nothing."""
    return _FILLED[slot](reader)


def escaped(place: Place, plain: str) -> str:
    """*plain* as it stands in *place*."""
    return html.escape(plain) if place is Place.HTML else plain


def fill(text: str, reader: Reader) -> str:
    """*text* with every marker replaced by what stands there for *reader*."""
    return _MARKER.sub(lambda found: value(Place(found[1]), found[2], reader), text)


def split(text: str) -> list[tuple[str, tuple[Place, str] | None]]:
    """*text* cut at its markers: what stands before each, and which slot follows; None after the last piece."""
    cuts: list[tuple[str, tuple[Place, str] | None]] = []
    start = 0
    for found in _MARKER.finditer(text):
        cuts.append((text[start : found.start()], (Place(found[1]), found[2])))
        start = found.end()
    return [*cuts, (text[start:], None)]


def count(text: str) -> Counter[str]:
    """How often each marker stands in *text*."""
    return Counter(found[0] for found in _MARKER.finditer(text))


def broken(text: str) -> str | None:
    """What is left in *text* of a marker that a filter has cut or changed, so that nothing would fill it."""
    found = _LIKE_A_MARKER.search(_MARKER.sub("", text))
    return found[0] if found else None


def parse(mark: str) -> tuple[Place, str]:
    """The place and the slot that a marker stands for."""
    found = _MARKER.fullmatch(mark)
    if not found:
        raise ValueError(f"{mark!r} is not a marker")
    return Place(found[1]), found[2]
