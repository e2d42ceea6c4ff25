"""Long files that come in, by a form or as a body: how much of them, in which pieces, and safe on the disk."""

import os
import shutil
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import BinaryIO

from fastapi import Request
from fastapi.exceptions import HTTPException

#: what a file may measure, in bytes: some ten million people
MOST_BYTES = 1024**3
#: what stays free on the disk, in bytes
_SPARE = 256 * 1024**2
#: bytes that are written at once
_BLOCK = 1024**2
#: what may come beside the file, in bytes
BESIDE = 64 * 1024
TOO_LONG = "That file is too long: it may have 1 GB. Pack it (ZIP or gz), or bring it in parts."


def called(said: str) -> str:
    """What a file is called that somebody calls so: no folders, and no signs that nobody sees."""
    name = said.replace("\\", "/").rpartition("/")[2]
    return "".join(sign for sign in name if sign.isprintable())[:200] or "people.csv"


def onto_the_disk(file: BinaryIO) -> None:
    """What was written to *file* outlives the machine."""
    file.flush()
    os.fsync(file.fileno())


async def blocks(pieces: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
    """The same in greater pieces."""
    held, size = list[bytes](), 0
    async for piece in pieces:
        held.append(piece)
        size += len(piece)
        if size >= _BLOCK:
            yield b"".join(held)
            held, size = [], 0
    yield b"".join(held)


def refuse_too_long(request: Request, folder: Path) -> None:
    """Raise HTTPException 413 or 507 where what *request* says of its length is too much for us or the disk."""
    said = request.headers.get("content-length", "")
    length = int(said) if said.isascii() and said.isdigit() and len(said) < 19 else 0
    if length > MOST_BYTES + BESIDE:
        raise HTTPException(413, TOO_LONG)
    if shutil.disk_usage(folder).free < length + _SPARE:
        raise HTTPException(507, "There is no room for that file on this machine: make some, then bring it again.")
