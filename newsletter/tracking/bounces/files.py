"""Messages out of files: one message, an mbox, a Maildir or any folder of messages, or what comes in by a pipe."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from newsletter.errors import NotFound

#: the line between two messages of an mbox: "From ada@example.com Fri Nov 27 20:30:45 2026"
_BETWEEN = re.compile(rb"\n(?=From \S+ [^\n]*\d{4})")
_QUOTED = re.compile(rb"^>(>*From )", re.MULTILINE)


class File(NamedTuple):
    """One message."""

    #: the file, and of an mbox which message in it, from 1
    name: str
    raw: bytes


def read(path: str) -> Iterator[File]:
    """Every message in *path*, which "-" says is the standard input; raises NotFound where there is none to read."""
    if path == "-":
        yield from _messages("standard input", sys.stdin.buffer.read())
        return
    place = Path(path)
    if place.is_dir():
        folders = [place / name for name in ("new", "cur") if (place / name).is_dir()] or [place]
        files = [file for folder in folders for file in sorted(folder.iterdir()) if file.is_file()]
    else:
        files = [place]
    for file in files:
        try:
            raw = file.read_bytes()
        except OSError as error:
            raise NotFound(f"{file} can't be read: {error.strerror}") from error
        yield from _messages(str(file), raw)


def _messages(name: str, raw: bytes) -> Iterator[File]:
    unified = raw.replace(b"\r\n", b"\n")
    if not unified.startswith(b"From ") or len(pieces := _BETWEEN.split(unified)) == 1:
        yield File(name, raw)
        return
    for number, piece in enumerate(pieces, start=1):
        yield File(f"{name}#{number}", _QUOTED.sub(rb"\1", piece))
