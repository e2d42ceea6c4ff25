"""A message as its parts, whatever was done to it on the way: cut, of no charset, without MIME, with parts missing.

Nothing here raises, and nothing takes longer than its length asks for: it is a stranger's, and may be anything.
`email` of the standard library is not used, for it recurses without end, and raises on charsets it does not know.
"""

import binascii
import codecs
import html
import quopri
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.errors import HeaderParseError
from email.header import decode_header

#: bytes of a message that are looked at: reports stand before what they return
LONGEST = 600_000
#: parts of a message that are looked at, and how deep they may be nested
_MOST_PARTS, _DEEPEST = 60, 6
#: header lines of one head that are looked at
_MOST_HEADERS = 1000

_MESSAGES = frozenset({"message/rfc822", "message/global"})
_HEADS = frozenset({"text/rfc822-headers", "message/global-headers"})
_FIELD = re.compile(r"([!-9;-~]{1,76})[ \t]*:(.*)", re.DOTALL)
_PARAMETER = re.compile(r'\b(boundary|charset|report-type)\*?[ \t]*=[ \t]*(?:"([^"]*)"|([^\s";]+))', re.IGNORECASE)
#: what Python calls a codec and no mail would
_NO_CHARSETS = frozenset({"idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined"})
#: charsets in which ASCII's own bytes mean something else
_LOOKED_FOR_SHIFTS = 4000
_SHIFTING = ("iso2022", "hz", "utf-7")
_KIND = re.compile(r"[^\s;]+")
#: what a boundary looks like where the head has lost it
_BOUNDARY = re.compile(rb"(?:^|\n)--([!-~]{4,70})\n(?=Content-|\n)", re.IGNORECASE)
_NO_BASE64 = re.compile(rb"[^A-Za-z0-9+/]+")
_TAG = re.compile(r"<[/!a-zA-Z][^<>]*>")
_BREAK = re.compile(r"<(?:br|/p|/div|/tr|/h\d|/li)\b[^<>]*>", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Head:
    """The header of a message or a part: what stands in it, in its order, unfolded."""

    fields: tuple[tuple[str, str], ...] = ()

    def get(self, name: str) -> str:
        """The first value of *name*, which is in lower case; empty where there is none."""
        return next((value for key, value in self.fields if key == name), "")

    def words(self, name: str) -> str:
        """The first value of *name* as a person reads it (RFC 2047)."""
        return _words(self.get(name))

    def all(self, *names: str) -> Iterator[str]:
        """Every value of each of *names*, those of the first name first."""
        for name in names:
            yield from (value for key, value in self.fields if key == name)

    def __contains__(self, name: str) -> bool:
        return any(key == name for key, _ in self.fields)


@dataclass(frozen=True, slots=True)
class Part:
    """One leaf of a message, decoded."""

    #: "text/plain", "message/delivery-status"; lower case
    kind: str
    head: Head
    text: str
    #: the message within, where it is one, or the head of one
    inner: "Mail | None" = None


@dataclass(frozen=True, slots=True)
class Mail:
    """A message: its head, its leaves, and whether it came to its own end."""

    head: Head
    parts: tuple[Part, ...]
    #: "multipart/report", and the report's type; lower case
    kind: str = "text/plain"
    report: str = ""
    #: it ends before its last boundary, or in its head: its last line may not be the last that was written
    cut: bool = False

    def of(self, *kinds: str) -> Iterator[Part]:
        """The leaves of these kinds."""
        return (part for part in self.parts if part.kind in kinds)


@dataclass(slots=True)
class _Reading:
    """What is left to spend on one message."""

    parts: int = _MOST_PARTS
    cut: bool = field(default=False)


def read(raw: bytes) -> Mail:
    """Understand the bytes of a message."""
    text = raw[:LONGEST].replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    if text.startswith((b"From ", b">From ")):  # the line that an mbox has before each message
        text = text.partition(b"\n")[2]
    head, body, ended = _split(text.lstrip(b"\n"))
    return _of(head, body, _Reading(cut=not ended), 0)


def fields(text: str) -> Iterator[tuple[str, str]]:
    """(name in lower case, value on one line) of each header field in *text*; what is no field is left out."""
    name, values = "", list[str]()
    for line in text.split("\n"):
        if line[:1] in {" ", "\t"} and name:
            values.append(line.strip())
            continue
        if name:
            yield name, " ".join(values).strip()
        found = _FIELD.match(line)
        name, values = (found[1].lower(), [found[2].strip()]) if found else ("", [])
    if name:
        yield name, " ".join(values).strip()


def is_field(line: str) -> bool:
    """Whether *line* begins a header field."""
    return _FIELD.match(line) is not None


def _of(head: Head, body: bytes, left: _Reading, depth: int) -> Mail:
    kind, parameters = _kind(head.get("content-type"))
    parts = tuple(_leaves(kind, parameters, head, body, left, depth))
    return Mail(head, parts, kind, parameters.get("report-type", "").lower(), left.cut)


def _split(raw: bytes) -> tuple[Head, bytes, bool]:
    """Head and body, and whether there was an empty line between them; what begins with no field is all body."""
    if raw[:1] == b"\n":
        return Head(), raw[1:], True
    if not _FIELD.match(raw[:200].partition(b"\n")[0].decode("latin-1")):
        return Head(), raw, True
    written, ended, body = raw.partition(b"\n\n")
    lines = written.split(b"\n", _MOST_HEADERS)[:_MOST_HEADERS]
    return Head(tuple(fields(_characters(b"\n".join(lines), "")))), body, bool(ended)


def _leaves(
    kind: str, parameters: dict[str, str], head: Head, body: bytes, left: _Reading, depth: int
) -> Iterator[Part]:
    boundary = parameters.get("boundary", "").strip() if kind.startswith("multipart/") else ""
    if kind.startswith("multipart/") and not boundary and (guess := _BOUNDARY.search(body)):
        boundary = guess[1].decode("latin-1")
    if boundary and depth < _DEEPEST:
        for piece in _pieces(body, boundary.encode("utf-8", "replace"), left):
            if left.parts <= 0:
                return
            inner, content, _ = _split(piece)
            if not inner.fields:
                content = piece
            yield from _leaves(*_kind(inner.get("content-type")), inner, content, left, depth + 1)
        return
    left.parts -= 1
    content = _decoded(body, head.get("content-transfer-encoding"))
    if kind in _MESSAGES or kind in _HEADS:
        inner, rest, _ = _split(content.lstrip(b"\n"))
        # an edition of ours, which says nothing of its fate
        returned = _kind(inner.get("content-type"))[0] == "multipart/alternative"
        if kind in _HEADS or depth >= _DEEPEST or returned:
            yield Part(kind, head, "", Mail(inner, ()))
            return
        # where the message within is cut, what stands before it is whole
        cut = left.cut
        yield Part(kind, head, "", _of(inner, rest, left, depth + 1))
        left.cut = cut
        return
    text = _characters(content, parameters.get("charset", ""))
    yield Part(kind, head, _shown(text) if kind == "text/html" else text)


def _pieces(body: bytes, boundary: bytes, left: _Reading) -> Iterator[bytes]:
    """What stands between the lines that begin with *boundary*; what comes before the first is for old programs."""
    opening, closing = b"--" + boundary, b"--" + boundary + b"--"
    text, begin, found, closed = b"\n" + body, -1, False, False
    at = text.find(b"\n" + opening)
    while at >= 0:
        end = text.find(b"\n", at + 1)
        end = len(text) if end < 0 else end
        line = text[at + 1 : end].rstrip()
        if line in {opening, closing}:
            if begin >= 0:
                yield text[begin:at]
            # what follows the end is read on: parts may have been put into another order
            found, closed = True, line == closing
            begin = -1 if closed else end + 1
        at = text.find(b"\n" + opening, end)
    if not closed:
        left.cut = True
        # without any boundary the whole is worth a look
        yield text[begin:] if found else body


def _kind(value: str) -> tuple[str, dict[str, str]]:
    kind = (_KIND.match(value) or [""])[0].lower() or "text/plain"
    found = {match[1].lower(): match[2] or match[3] or "" for match in _PARAMETER.finditer(value[:2000])}
    return kind[:100], found


def _decoded(body: bytes, encoding: str) -> bytes:
    match encoding.strip().lower():
        case "quoted-printable":
            return quopri.decodestring(body).replace(b"\r\n", b"\n")
        case "base64":
            letters = _NO_BASE64.sub(b"", body)
            letters = letters[:-1] if len(letters) % 4 == 1 else letters
            return binascii.a2b_base64(letters + b"=" * (-len(letters) % 4)).replace(b"\r\n", b"\n")
        case _:
            return body


def _characters(content: bytes, charset: str) -> str:
    """*content* as text; a charset that is not there, or can't be right, is not believed."""
    name = "iso2022_jp" if b"\x1b$" in content[:_LOOKED_FOR_SHIFTS] else _codec(charset)
    if content.isascii() and not name.startswith(_SHIFTING):
        return content.decode("ascii")
    for codec in (name, "utf-8"):
        try:
            return content.decode(codec)
        except (LookupError, ValueError):
            continue
    return content.decode(name if name.startswith(_SHIFTING) else "latin-1", "replace")


def _codec(charset: str) -> str:
    try:
        name = codecs.lookup(charset[:40]).name if charset.isascii() and "\0" not in charset else "utf-8"
    except LookupError:
        return "utf-8"
    return "utf-8" if name in _NO_CHARSETS else name


def _words(value: str) -> str:
    """*value* with its encoded words decoded (RFC 2047)."""
    if "=?" not in value:
        return value
    try:
        pieces = decode_header(value[:1000])
    except (HeaderParseError, ValueError):
        return value
    shown = "".join(piece if isinstance(piece, str) else _characters(piece, charset or "") for piece, charset in pieces)
    return " ".join(shown.split())


def _shown(page: str) -> str:
    """The words of a page, a line for each of its lines and paragraphs."""
    return html.unescape(_TAG.sub(" ", _BREAK.sub("\n", page)))
