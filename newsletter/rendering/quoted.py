"""Quoted-printable (RFC 2045 section 6.7) in pieces: each piece starts and ends at a line's beginning.

A line never begins with a dot, so nothing is left to stuff on the wire, nor with "From ", which mailbox
files would alter, and never ends with a blank.
"""

import re

_SOFT = b"=\r\n"
#: the longest line may be 76 characters, of which one is kept for the soft break
_LINE = 75
_CODED = [bytes([byte]) if 33 <= byte <= 126 and byte != 61 else b"=%02X" % byte for byte in range(256)]
_CODED[9], _CODED[32] = b"\t", b" "
_SIMPLE = re.compile(rb"[A-Za-z0-9_,;:/&#@+-](?:[A-Za-z0-9_,;:/&#@+. -]{0,73}[A-Za-z0-9_,;:/&#@+.-])?")


def encode(text: str) -> bytes:
    """*text* with CRLF line ends; its last line is not ended."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return b"\r\n".join(_line(line.encode("utf-8", "replace")) for line in lines)


def piece(text: str) -> bytes:
    """*text* as a piece: what is joined to it starts at a line's beginning."""
    coded = encode(text)
    return coded + _SOFT if coded and not coded.endswith(b"\r\n") else coded


def word(value: str) -> bytes:
    """A slot's *value* as a piece; quick for what is short and plain."""
    raw = value.encode("utf-8", "replace")
    # "From" alone starts no mailbox entry, "From " might
    if _SIMPLE.fullmatch(raw) and not raw.startswith(b"From "):
        return raw + _SOFT
    return piece(value)


def _line(line: bytes) -> bytes:
    """One line, broken softly where it gets too long."""
    done: list[bytes] = []
    current: list[bytes] = []
    length = 0
    last = len(line) - 1
    for index, byte in enumerate(line):
        coded = _CODED[byte]
        if index == last and byte in b" \t":
            coded = b"=%02X" % byte
        if length + len(coded) > _LINE:
            done.append(b"".join(current) + b"=")
            current, length = [], 0
        if not length and _would_be_altered(line, index):
            coded = b"=%02X" % byte
        current.append(coded)
        length += len(coded)
    done.append(b"".join(current))
    return b"\r\n".join(done)


def _would_be_altered(line: bytes, index: int) -> bool:
    return line[index] == 0x2E or line.startswith(b"From ", index)
