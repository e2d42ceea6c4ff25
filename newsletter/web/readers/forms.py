"""Forms as anybody may post them: read within limits, refused where they are no form at all."""

from collections.abc import AsyncGenerator
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


@dataclass(frozen=True, slots=True)
class Filled:
    """What was filled in; files are left out."""

    fields: tuple[tuple[str, str], ...]

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
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    try:
        form = await _parsed(request, kind)
    except (MultiPartException, FormParserError, UnicodeError) as error:
        raise BadInput(NOT_A_FORM) from error
    return Filled(tuple((key, value) for key, value in form.multi_items() if isinstance(value, str)))


async def limited(request: Request, most: int) -> AsyncGenerator[bytes, None]:
    """The body of *request* piece by piece, up to *most* bytes."""
    length = 0
    async for piece in request.stream():
        length += len(piece)
        if length > most:
            raise HTTPException(413, "That is too long.")
        yield piece


async def _parsed(request: Request, kind: str) -> FormData:
    if kind == "application/x-www-form-urlencoded":
        return await FormParser(request.headers, limited(request, MOST_BYTES)).parse()
    if kind == "multipart/form-data":
        return await MultiPartParser(request.headers, limited(request, MOST_BYTES), max_files=0, max_fields=500).parse()
    raise BadInput(NOT_A_FORM)


Form = Annotated[Filled, Depends(filled)]
