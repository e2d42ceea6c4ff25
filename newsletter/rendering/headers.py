"""Header lines (RFC 5322, RFC 2047): encoded, folded, and safe from values that carry line ends."""

import binascii
import re
from collections.abc import Iterator

from newsletter.rendering.slots import LONGEST_NAME, one_line

#: the longest line, without its line end
_LINE = 76
#: the most UTF-8 bytes in one encoded word, which may be 75 characters long
_WORD = 45
_PHRASE = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]*")
_PRINTABLE = re.compile(r"[ -~]*")
_QUOTABLE = re.compile(r"[ !#-\[\]-~]*")
_ADDRESS = re.compile(r"[^\x00-\x20\x7f-\x9f<>()\[\],;:\\\"@]+@[^\x00-\x20\x7f-\x9f<>()\[\],;:\\\"@]+")
_NOT_LABEL = re.compile(r"[^a-z0-9-]+")


def text(name: str, value: str) -> bytes:
    """The line `name: value` for free text, such as a subject."""
    value = one_line(value)
    if _PRINTABLE.fullmatch(value) and "=?" not in value and max(map(len, value.split()), default=0) <= _WORD:
        return f"{name}: {_wrap(value.split(' '), len(name) + 2)}\r\n".encode("ascii")
    return f"{name}: {_wrap(_encoded(value, len(name) + 2), len(name) + 2)}\r\n".encode("ascii")


def mailbox(header: str, name: str, address: str) -> bytes:
    """The line `header: name <address>`; an address that can't stand there unquoted is not shown."""
    if _plainly(name) and address.isascii() and _ADDRESS.fullmatch(address):
        line = f"{header}: {name} <{address}>\r\n"
        if len(line) <= _LINE + 2:
            return line.encode("ascii")
    address = _ascii_domain(address)
    if not _ADDRESS.fullmatch(address):
        return f"{header}: undisclosed-recipients:;\r\n".encode()
    words = _phrase(name, len(header) + 2)
    if not words:
        return f"{header}: {address}\r\n".encode()
    return f"{header}: {_wrap([*words, f'<{address}>'], len(header) + 2)}\r\n".encode("utf-8", "replace")


def line(name: str, value: str) -> bytes:
    """The line `name: value` for a value that is ASCII already, folded where it is long."""
    return f"{name}: {_wrap(value.split(' '), len(name) + 2)}\r\n".encode("ascii")


def list_id(title: str, slug: str, domain: str) -> str:
    """The list's name and its stable id (RFC 2919)."""
    label = _NOT_LABEL.sub("-", slug.lower()).strip("-") or "list"
    return " ".join([*_phrase(title, len("List-Id: ")), f"<{label}.{domain}>"])


def feedback_id(edition_id: int, slug: str, domain: str) -> str:
    """Gmail's Feedback-ID: edition, newsletter, kind, and a sender's name of 5 to 15 characters that never changes."""
    sender = re.sub(r"[^a-z0-9]", "", domain.lower())[-15:].rjust(5, "0")
    return f"{edition_id}:{_NOT_LABEL.sub('-', slug.lower())}:digest:{sender}"


def domain_of(address: str) -> str:
    """The domain of *address*, in ASCII."""
    return _ascii_domain(address).rpartition("@")[2]


def _plainly(name: str) -> bool:
    """Whether *name* can stand before an address as it is, which is true of most names and quickly said."""
    return bool(_PHRASE.fullmatch(name)) and name == one_line(name)[:LONGEST_NAME] != "" and "=?" not in name


def _phrase(name: str, used: int) -> list[str]:
    """*name* as words to stand before an address."""
    name = one_line(name)[:LONGEST_NAME].rstrip()
    if _PHRASE.fullmatch(name) and "=?" not in name:
        return name.split()
    # OpenSMTPD rewrites what is escaped within quotes, after it was signed
    if _QUOTABLE.fullmatch(name) and "=?" not in name:
        return [f'"{name}"']
    return list(_encoded(name, used))


def _encoded(value: str, used: int) -> Iterator[str]:
    """*value* as encoded words, the first of which leaves room for *used* characters on its line."""
    room = _WORD - -(-used * 3 // 4)
    chunk = b""
    for character in value:
        coded = character.encode("utf-8", "replace")
        if chunk and len(chunk) + len(coded) > room:
            yield _word(chunk)
            chunk, room = b"", _WORD
        chunk += coded
    yield _word(chunk)


def _word(chunk: bytes) -> str:
    return f"=?utf-8?b?{binascii.b2a_base64(chunk, newline=False).decode()}?="


def _wrap(words: Iterator[str] | list[str], used: int) -> str:
    """*words* parted by a blank, or by a fold where the line is full."""
    parts: list[str] = []
    for word in words:
        if not parts:
            used += len(word)
        elif used + 1 + len(word) > _LINE:
            parts.append("\r\n ")
            used = 1 + len(word)
        else:
            parts.append(" ")
            used += 1 + len(word)
        parts.append(word)
    return "".join(parts)


def _ascii_domain(address: str) -> str:
    local, at, domain = address.rpartition("@")
    if domain.isascii():
        return address
    try:
        return local + at + domain.encode("idna").decode("ascii")
    except UnicodeError:
        return address
