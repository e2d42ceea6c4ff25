"""A file that a program brings as the body of a request: onto the disk as it comes, once it is known who brings it.

What an Idempotency-Key stands for is the file's digest: sent again it is thrown away, and answered as the first time.
"""

import os
import secrets
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar

from fastapi import Request
from fastapi.concurrency import run_in_threadpool
from fastapi.exceptions import HTTPException
from fastapi.routing import APIRoute

from newsletter.jobs import imports
from newsletter.web import incoming
from newsletter.web.api.callers import Caller
from newsletter.web.api.problems import Kind, Problem
from newsletter.web.readers.forms import limited
from subscribers.moving.uploads import PEOPLE

MEDIA_TYPE = "application/octet-stream"
_Route = TypeVar("_Route", bound=Callable[..., Any])


@dataclass(slots=True)
class Brought:
    """A file that lies in the folder *key*, and goes with the request unless somebody keeps it."""

    key: str
    is_kept: bool = False


def takes_one(route: _Route) -> _Route:
    """A route whose body is a file."""
    route.takes_file = True  # type: ignore[attr-defined]
    return route


def are_taken(route: APIRoute) -> bool:
    """Whether the body of *route* is a file."""
    return bool(getattr(route.endpoint, "takes_file", False))


@asynccontextmanager
async def brought(request: Request, caller: Caller) -> AsyncIterator[bytes]:
    """The digest of the file that *request* brings, while it lies here. Raises Problem and HTTPException."""
    _refuse_other_kinds(request)
    folder = await run_in_threadpool(imports.folder, caller.app)
    incoming.refuse_too_long(request, folder)
    file = Brought(secrets.token_hex(16))
    place = folder / file.key
    place.mkdir(mode=0o700)
    try:
        digest = await _written(request, place)
        request.state.file = file
        yield digest
    finally:
        if not file.is_kept:
            await run_in_threadpool(shutil.rmtree, place, ignore_errors=True)


async def _written(request: Request, place: Path) -> bytes:
    digest, size = sha256(), 0
    descriptor = os.open(place / PEOPLE, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        try:
            async for block in incoming.blocks(limited(request, incoming.MOST_BYTES)):
                await run_in_threadpool(file.write, block)
                await run_in_threadpool(digest.update, block)
                size += len(block)
        except HTTPException as error:
            raise HTTPException(error.status_code, incoming.TOO_LONG) from error
        if not size:
            raise Problem(Kind.INVALID, "There is no file in that: send it as the body.")
        await run_in_threadpool(incoming.onto_the_disk, file)
    return digest.digest()


def _refuse_other_kinds(request: Request) -> None:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != MEDIA_TYPE:
        raise Problem(
            Kind.MEDIA, f"Send the file itself: Content-Type: {MEDIA_TYPE}.", headers={"Accept-Post": MEDIA_TYPE}
        )
    if request.headers.get("content-encoding", "identity").strip().lower() not in {"", "identity"}:
        raise Problem(
            Kind.MEDIA,
            "Send the file as it is, without Content-Encoding; a file that is packed is unpacked here.",
            headers={"Accept-Encoding": "identity"},
        )
