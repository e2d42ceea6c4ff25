"""Idempotency-Key: a POST that is sent again is done once, and answered as it was the first time.

The draft is draft-ietf-httpapi-idempotency-key-header; what is kept, `staff.answers` keeps.
"""

import re
from collections.abc import Callable
from typing import Any, TypeVar

from fastapi import Request, Response
from sqlalchemy.orm import Session

from newsletter.staff import answers
from newsletter.staff.answers import Answer, Begun, Repeatable
from newsletter.web.api.callers import Caller
from newsletter.web.api.problems import Kind, Problem

HEADER = "Idempotency-Key"
#: says that an answer was given before
REPLAYED = "Idempotency-Replayed"
_KEY = re.compile(r'"[\x20\x21\x23-\x5b\x5d-\x7e]{1,200}"|[\x21\x23-\x7e]{1,200}')
#: of an answer's headers, what is kept
_HEADERS = frozenset({"content-type", "etag", "location", "cache-control"})
#: such an answer says nothing of what was asked, but of the moment
_OF_THE_MOMENT = 500


_Route = TypeVar("_Route", bound=Callable[..., Any])


def once(route: _Route) -> _Route:
    """A route that talks to the world: who was cut off in it is not repeated unasked."""
    route.once = True  # type: ignore[attr-defined]
    return route


def begin(request: Request, caller: Caller, body: bytes, *, once: bool) -> Begun | Response | None:
    """Take *request* on; its answer, where it has one already; None where it brings no key."""
    given = request.headers.get(HEADER)
    if given is None or request.method != "POST":
        return None
    if not _KEY.fullmatch(given):
        raise Problem(Kind.UNREADABLE, f"{HEADER} is 1 to 200 printable ASCII characters, such as a UUID.")
    asked = b"\0".join((request.url.path.encode(), request.url.query.encode(), body))
    repeatable = Repeatable(caller.holder.token.id, caller.token, given.strip('"'), asked)
    with caller.app.database.write() as session:
        found = answers.begin(session, repeatable, once=once, now=caller.now)
    if isinstance(found, Begun):
        return found
    return Response(found.body, found.status, {**found.headers, REPLAYED: "true"})


def finish(session: Session, caller: Caller, response: Response) -> Response:
    """Keep *response* in the transaction of the deed itself, so that no moment parts the two."""
    begun: Begun | None = caller.state.begun
    if begun is not None:
        _keep(session, begun, response)
        caller.state.begun = None
    return response


def end(caller: Caller, begun: Begun, response: Response | None, *, once: bool) -> None:
    """Keep *response*, or let go of the key where it says nothing that lasts; None: we failed."""
    is_lasting = response is not None and response.status_code < _OF_THE_MOMENT
    if not is_lasting and once:
        return  # how far it came is not known
    with caller.app.database.write() as session:
        if response is not None and is_lasting:
            _keep(session, begun, response)
        else:
            answers.let_go(session, begun)


def _keep(session: Session, begun: Begun, response: Response) -> None:
    headers = {name: value for name, value in response.headers.items() if name in _HEADERS}
    answers.keep(session, begun, Answer(response.status_code, headers, bytes(response.body)))
