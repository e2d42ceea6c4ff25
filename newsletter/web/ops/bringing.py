"""A long file that somebody brings in a form: written to disk as it comes, once it is known who brings it."""

import os
import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from fastapi import Request
from fastapi.concurrency import run_in_threadpool
from fastapi.exceptions import HTTPException
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from newsletter.errors import BadInput
from newsletter.jobs import imports
from newsletter.staff.roles import May
from newsletter.web import incoming
from newsletter.web.ground import Here
from newsletter.web.readers.forms import NOT_A_FORM, limited
from newsletter.web.staff import visitor as visitors
from newsletter.web.staff.visitor import Visitor
from subscribers.moving.uploads import PEOPLE

#: what may stand in a field beside the file, in bytes, and how many of these there may be
_WORDS, _FIELDS = incoming.BESIDE, 20


@dataclass(frozen=True, slots=True)
class Brought:
    """Who brought a file, what it is called, and the folder it lies in."""

    visitor: Visitor
    name: str
    key: str


async def brought(request: Request, here: Here) -> Brought:
    """The door of a form with one file: who may not bring it is turned away before a byte of it is kept."""
    visitor = await run_in_threadpool(visitors.enter, request, here, May.SUPPRESS)
    kind, of_kind = parse_options_header(request.headers.get("content-type", ""))
    boundary = of_kind.get(b"boundary")
    if kind != b"multipart/form-data" or not boundary:
        raise BadInput(NOT_A_FORM)
    folder = await run_in_threadpool(imports.folder, here.app)
    incoming.refuse_too_long(request, folder)
    key = secrets.token_hex(16)
    place = folder / key
    place.mkdir(mode=0o700)
    try:
        name = await _written(request, place, boundary, visitor)
    except BaseException:
        await run_in_threadpool(shutil.rmtree, place, ignore_errors=True)
        raise
    return Brought(visitor, name, key)


brought.may = May.SUPPRESS  # type: ignore[attr-defined]  # the table of roles reads it


class _Form:
    """A form as it comes in: its words are kept, its one file is written to the disk."""

    def __init__(self, boundary: bytes, file: BinaryIO) -> None:
        self.words: dict[bytes, bytearray] = {}
        self.file_name = b""
        self.has_file = False
        self._file = file
        self._heading, self._value = bytearray(), bytearray()
        self._disposition = b""
        #: where the part goes that is coming in: into words, or (None) into the file
        self._into: bytearray | None = None
        self.parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._begin,
                "on_header_field": self._header_field,
                "on_header_value": self._header_value,
                "on_header_end": self._header_end,
                "on_headers_finished": self._headers_finished,
                "on_part_data": self._data,
            },
        )

    def said(self, name: bytes) -> str:
        """The words of the field *name*; empty where there is none."""
        return bytes(self.words.get(name, b"")).decode("utf-8", "replace")

    def _begin(self) -> None:
        self._disposition = b""

    def _header_field(self, data: bytes, start: int, end: int) -> None:
        self._heading += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _header_end(self) -> None:
        if bytes(self._heading).strip().lower() == b"content-disposition":
            self._disposition = bytes(self._value)
        self._heading.clear()
        self._value.clear()

    def _headers_finished(self) -> None:
        _, told = parse_options_header(self._disposition)
        if b"filename" not in told:
            self._into = self.words.setdefault(told.get(b"name", b"")[:100], bytearray())
            return
        if self.has_file:
            raise BadInput("bring one file at a time")
        self._into, self.file_name = None, told[b"filename"]

    def _data(self, data: bytes, start: int, end: int) -> None:
        if self._into is None:
            self._file.write(data[start:end])
            self.has_file = self.has_file or end > start
            return
        self._into += data[start:end]
        if len(self.words) > _FIELDS or len(self._into) > _WORDS:
            raise BadInput(NOT_A_FORM)


async def _written(request: Request, place: Path, boundary: bytes, visitor: Visitor) -> str:
    """Write the file that comes with *request*; what it is called."""
    descriptor = os.open(place / PEOPLE, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        form = _Form(boundary, file)
        try:
            async for block in incoming.blocks(limited(request, incoming.MOST_BYTES + _WORDS)):
                await run_in_threadpool(form.parser.write, block)
            form.parser.finalize()
        except FormParserError as error:
            raise BadInput(NOT_A_FORM) from error
        except HTTPException as error:
            raise HTTPException(413, incoming.TOO_LONG) if error.status_code == 413 else error from None
        visitors.refuse_other_sessions(visitor, form.said(b"csrf"))
        if not form.has_file:
            raise BadInput("choose a file: as your old system exported it")
        await run_in_threadpool(incoming.onto_the_disk, file)
    return incoming.called(form.file_name.decode("utf-8", "replace"))
