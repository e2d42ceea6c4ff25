"""Forms as anybody may post them: read within limits, refused where they are no form at all."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request
from fastapi.exceptions import HTTPException
from python_multipart.exceptions import FormParserError
from starlette.datastructures import FormData
from starlette.formparsers import FormParser, MultiPartException, MultiPartParser

from newsletter.errors import BadInput

#: the longest form of ours is a tenth of it
MOST_BYTES = 64 * 1024
NOT_A_FORM = "That was not one of our forms, and nothing was changed: open the link in your email again."
TOO_LONG = "That is too long."


@dataclass(frozen=True, slots=True)
class Filled:
    """What was filled in; files only where the form asks for some."""

    fields: tuple[tuple[str, str], ...]
    #: name of the field → what the file holds, of those that hold anything
    files: tuple[tuple[str, bytes], ...] = ()

    def get(self, name: str) -> str:
        """The first value of *name*; empty where there is none."""
        return next((value for key, value in self.fields if key == name), "")

    def all(self, name: str) -> list[str]:
        """Every value of *name*."""
        return [value for key, value in self.fields if key == name]

    def __contains__(self, name: object) -> bool:
        return any(key == name for key, _ in self.fields)


async def filled(request: Request) -> Filled:
    """The form that *request* brings; raises BadInput where it brings none, and 413 where it is too long."""
    return await _read(request, MOST_BYTES, 0)


def of_size(most: int, *, files: int = 0) -> Callable[[Request], Awaitable[Filled]]:
    """`filled` for a form of up to *most* bytes, with so many *files*."""

    async def bigger(request: Request) -> Filled:
        return await _read(request, most, files)

    return bigger


async def _read(request: Request, most: int, files: int) -> Filled:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    try:
        form = await _parsed(request, kind, most, files)
    except (MultiPartException, FormParserError, UnicodeError) as error:
        if "maximum size" in str(error):
            raise HTTPException(413, TOO_LONG) from error
        raise BadInput(NOT_A_FORM) from error
    try:
        # no keyboard has that sign, and PostgreSQL keeps no text with it
        fields = tuple((key, value.replace("\0", "")) for key, value in form.multi_items() if isinstance(value, str))
        brought = [(key, value) for key, value in form.multi_items() if not isinstance(value, str)]
        return Filled(fields, tuple([(key, content) for key, file in brought if (content := await file.read())]))
    finally:
        await form.close()


async def limited(request: Request, most: int) -> AsyncGenerator[bytes, None]:
    """The body of *request* piece by piece, up to *most* bytes."""
    length = 0
    async for piece in request.stream():
        length += len(piece)
        if length > most:
            raise HTTPException(413, TOO_LONG)
        yield piece


async def _parsed(request: Request, kind: str, most: int, files: int) -> FormData:
    if kind == "application/x-www-form-urlencoded":
        return await FormParser(request.headers, limited(request, most)).parse()
    if kind == "multipart/form-data":
        body = limited(request, most)
        return await MultiPartParser(
            request.headers, body, max_files=files, max_fields=1000, max_part_size=most
        ).parse()
    raise BadInput(NOT_A_FORM)


Form = Annotated[Filled, Depends(filled)]
