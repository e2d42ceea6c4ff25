"""What goes wrong, as programs read it: RFC 9457's application/problem+json, one type for each kind.

The sentence of a problem is the error's own; its type is what a program decides by.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from http import HTTPStatus
from typing import Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy.exc import DataError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException

from newsletter import logs
from newsletter.errors import BadInput, ConfigError, Forbidden, NewsletterError, NotFound, Unavailable, WrongState
from newsletter.staff.answers import AnotherRequest, CutOff, InFlight
from subscribers.errors import SubscribersError

log = logs.get_logger(__name__)

MEDIA_TYPE = "application/problem+json"
#: where the kinds are told apart, under the address of the pages
PATH = "/api/problems"
#: registered by draft-ietf-httpapi-ratelimit-headers section 7
_QUOTA = "https://iana.org/assignments/http-problem-types#quota-exceeded"


class Kind(StrEnum):
    """What kind of problem it is: the fragment of its type; where it says no more than its status, about:blank."""

    #: is no JSON, or no JSON that can be taken
    UNREADABLE = "unreadable"
    #: a cursor that this list did not give out
    CURSOR = "cursor"
    UNAUTHORIZED = "unauthorized"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not-found"
    METHOD = "method"
    NOT_ACCEPTABLE = "not-acceptable"
    #: the thing exists, but that can't be done to it now
    CONFLICT = "conflict"
    #: the same request, with the same key, is being worked on
    IN_FLIGHT = "in-flight"
    #: whoever worked on it died, and how far it came is not known
    CUT_OFF = "cut-off"
    #: somebody has changed it since
    STALE = "stale"
    TOO_LARGE = "too-large"
    MEDIA = "media"
    #: JSON, but not what was asked for; `errors` says where
    INVALID = "invalid"
    #: the key was used for another request
    KEY_REUSED = "key-reused"
    #: what two can edit is changed with If-Match alone
    PRECONDITION = "precondition"
    TOO_MANY = "too-many"
    FAILED = "failed"
    #: the records can't be reached just now
    UNAVAILABLE = "unavailable"
    #: the disk is full
    NO_ROOM = "no-room"


STATUS: Mapping[Kind, int] = {
    Kind.UNREADABLE: 400,
    Kind.CURSOR: 400,
    Kind.UNAUTHORIZED: 401,
    Kind.FORBIDDEN: 403,
    Kind.NOT_FOUND: 404,
    Kind.METHOD: 405,
    Kind.NOT_ACCEPTABLE: 406,
    Kind.CONFLICT: 409,
    Kind.IN_FLIGHT: 409,
    Kind.CUT_OFF: 409,
    Kind.STALE: 412,
    Kind.TOO_LARGE: 413,
    Kind.MEDIA: 415,
    Kind.INVALID: 422,
    Kind.KEY_REUSED: 422,
    Kind.PRECONDITION: 428,
    Kind.TOO_MANY: 429,
    Kind.FAILED: 500,
    Kind.UNAVAILABLE: 503,
    Kind.NO_ROOM: 507,
}
#: a kind of our own → what it means, for people
TITLES: Mapping[Kind, str] = {
    Kind.UNREADABLE: "That is no JSON that can be read",
    Kind.CURSOR: "This list gave out no such cursor",
    Kind.CONFLICT: "That can't be done to it now",
    Kind.IN_FLIGHT: "That very request is being worked on",
    Kind.CUT_OFF: "How far that request came is not known",
    Kind.STALE: "Somebody has changed it since",
    Kind.INVALID: "That is not what is asked for",
    Kind.KEY_REUSED: "This Idempotency-Key was used for another request",
    Kind.UNAVAILABLE: "The records can't be reached just now",
}
_OF_ERRORS: tuple[tuple[type[Exception], Kind], ...] = (
    (AnotherRequest, Kind.KEY_REUSED),
    (InFlight, Kind.IN_FLIGHT),
    (CutOff, Kind.CUT_OFF),
    (NotFound, Kind.NOT_FOUND),
    (BadInput, Kind.INVALID),
    (Forbidden, Kind.INVALID),
    (WrongState, Kind.CONFLICT),
    (ConfigError, Kind.CONFLICT),
    (Unavailable, Kind.UNAVAILABLE),
    (NewsletterError, Kind.CONFLICT),
    (SubscribersError, Kind.INVALID),
)
_OF_STATUS = {404: Kind.NOT_FOUND, 405: Kind.METHOD, 413: Kind.TOO_LARGE, 507: Kind.NO_ROOM}
#: seconds after which it is worth asking again where the database is away
_BACK = 60
#: what pydantic says before a sentence of ours
_OURS = "Value error, "


class Problem(Exception):
    """Something that the door itself refuses."""

    def __init__(self, kind: Kind, detail: str, *, headers: Mapping[str, str] | None = None, **more: Any) -> None:
        super().__init__(detail)
        self.kind, self.headers, self.more = kind, dict(headers or {}), more


def answer(request: Request, error: Exception) -> JSONResponse | None:
    """The answer to *error*; None where it is a fault of ours."""
    if isinstance(error, Problem):
        return _problem(request, error.kind, str(error), headers=error.headers, **error.more)
    if isinstance(error, RequestValidationError):
        return _invalid(request, error)
    if isinstance(error, HTTPException):
        kind = _OF_STATUS.get(error.status_code, Kind.FAILED)
        return _problem(request, kind, str(error.detail), headers=dict(error.headers or {}))
    if isinstance(error, OperationalError | PoolTimeout):
        log.error("database unreachable", why=type(error).__name__)
        again = {"Retry-After": str(_BACK)}
        return _problem(request, Kind.UNAVAILABLE, "Ask again in a minute.", headers=again)
    if isinstance(error, DataError | OverflowError):
        log.warning("api.unkeepable", why=type(error).__name__)
        return _problem(request, Kind.INVALID, "There is a number or a sign in that which can't be.")
    for kind_of_error, kind in _OF_ERRORS:
        if isinstance(error, kind_of_error):
            wait = {"Retry-After": str(error.seconds)} if isinstance(error, InFlight) else {}
            return _problem(request, kind, _sentence(str(error)), headers=wait)
    return None


def failed(request: Request, _error: Exception) -> JSONResponse:
    """The answer to a fault of ours, which the log tells of."""
    return _problem(request, Kind.FAILED, "That is a fault of ours, and the log of the server tells more.")


def may_be(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """What a route says that may go wrong with it, beside what may with all of its kind."""
    return {status: {} for status in statuses}


def type_of(kind: Kind, public_url: str) -> str:
    """What a program knows the *kind* by."""
    if kind is Kind.TOO_MANY:
        return _QUOTA
    return f"{public_url}{PATH}#{kind.value}" if kind in TITLES else "about:blank"


def title_of(kind: Kind) -> str:
    """The same, for people."""
    return "Too many requests" if kind is Kind.TOO_MANY else TITLES.get(kind) or HTTPStatus(STATUS[kind]).phrase


def _problem(
    request: Request, kind: Kind, detail: str, *, headers: Mapping[str, str] | None = None, **more: Any
) -> JSONResponse:
    public_url = request.app.state.ground.app.settings.public_url
    body = {"type": type_of(kind, public_url), "title": title_of(kind), "status": STATUS[kind], "detail": detail}
    kept = {"Cache-Control": "no-store", **(headers or {})}
    return JSONResponse(body | more, STATUS[kind], kept, media_type=MEDIA_TYPE)


def _invalid(request: Request, error: RequestValidationError) -> JSONResponse:
    """What was not understood, place by place, without what was sent."""
    found = error.errors()
    if any(one["loc"][:1] == ("path",) for one in found):
        return _problem(request, Kind.NOT_FOUND, "There is nothing with that name or number.")
    errors = [_at(one["loc"]) | {"detail": _sentence(one["msg"].removeprefix(_OURS))} for one in found[:20]]
    where = errors[0].get("pointer") or errors[0].get("parameter") or errors[0].get("header", "")
    return _problem(request, Kind.INVALID, f"{where}: {errors[0]['detail']}", errors=errors)


def _at(place: Sequence[str | int]) -> dict[str, str]:
    """*place* as a JSON pointer into the body (RFC 6901), or the name of what stands in the address or the head."""
    where, *parts = place
    if where == "body":
        steps = [str(part).replace("~", "~0").replace("/", "~1") for part in parts if not _is_ours(part)]
        return {"pointer": "#" + "".join(f"/{step}" for step in steps)}
    return {"header" if where == "header" else "parameter": str(parts[0]) if parts else ""}


def _is_ours(part: str | int) -> bool:
    """Whether it is a name that pydantic gives a way through the model, which is not in what was sent."""
    return isinstance(part, str) and part.startswith(("function-", "lax-or-strict", "nullable["))


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "?", "!")) else ".")
