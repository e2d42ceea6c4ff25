"""The API in writing, as OpenAPI 3.1: FastAPI tells of each route, and here is added what all of them share."""

from collections.abc import Iterator
from functools import lru_cache
from importlib.metadata import version
from typing import Any

from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute

from newsletter.staff import tokens
from newsletter.staff.roles import May
from newsletter.web.api import callers, problems, repeats
from newsletter.web.api.door import Door
from newsletter.web.api.problems import Kind
from newsletter.web.api.rooms import API

_ABOUT = """
What the desk and the command line can do, for other programs.

**Tokens.** `newsletter api token make` makes one; it is shown once. Bring it with each request:
`Authorization: Bearer nlt_…`. It acts for its owner and may at most what they may. How far, is its scope: {scopes}.

**Problems.** What goes wrong is `application/problem+json` (RFC 9457). Decide by `type` or status; `detail` is a
sentence for people; `errors` says where.

**Pages.** A list answers with `items` and `next`. Ask for the next page with `cursor` and the same filters, until
`next` is null. Cursors last; what is added meanwhile shifts nothing.

**Again.** A POST with an `Idempotency-Key` is done once: sent again within 24 hours, with the same body, it gets the
same answer, marked `Idempotency-Replayed: true`.

**Two at once.** What two can edit has an `ETag`. To change it, send that as `If-Match`: 428 without, 412 where somebody
was faster.

**Rate.** `RateLimit` says how many requests the token has left, `RateLimit-Policy` how many it has in a minute; 429
says in `Retry-After` when to go on.
"""
#: what may go wrong → its words in the description
_SAID: dict[int, str] = {
    400: "It can't be read.",
    401: "There is no token, or none that is good.",
    403: "The token may not do that.",
    404: "There is no such thing.",
    406: "You read no JSON.",
    409: "It can't be done to it now, or that request is being worked on.",
    412: "Somebody has changed it since you got it.",
    413: "That is too long.",
    415: "It is sent as something else than is asked for.",
    422: "It is not what is asked for.",
    428: "If-Match is missing.",
    429: "Too many requests.",
    500: "A fault of ours.",
    503: "The records can't be reached just now.",
    507: "There is no room for that on the disk.",
}
_HEADERS = {
    401: {"WWW-Authenticate": ("What to bring.", 'Bearer realm="newsletter"')},
    403: {"WWW-Authenticate": ("Which scope it needs.", 'Bearer realm="newsletter", error="insufficient_scope"')},
    412: {"ETag": ("Of what is there now.", '"5f0c1d1b1c8d4e2aa0b1"')},
    429: {"Retry-After": ("Seconds.", "3")},
    503: {"Retry-After": ("Seconds.", "60")},
}
_RATE = {
    "RateLimit": ("What the token has left, and in how many seconds all of it.", '"token";r=598;t=1'),
    "RateLimit-Policy": ("How much it has in how many seconds.", '"token";q=600;w=60'),
}


@lru_cache(maxsize=4)
def description(public_url: str) -> dict[str, Any]:
    """The whole API, as served at *public_url*."""
    routes = [route for room in API for route in room.router.routes]
    scopes = ", ".join(f"`{tokens.spoken(may)}` ({may.value})" for may in May)
    made = get_openapi(
        title="newsletter",
        version=version("newsletter"),
        summary="A newsroom's weekly digest: editions, sources, deliveries.",
        description=_ABOUT.format(scopes=scopes).strip(),
        routes=routes,
        servers=[{"url": f"{public_url}/api"}],
        openapi_version="3.1.0",
    )
    parts = made.setdefault("components", {})
    parts.setdefault("schemas", {})["Problem"] = _problem(public_url)
    parts["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
    parts["responses"] = {f"Problem{status}": _response(status, public_url) for status in _SAID}
    parts["headers"] = {name: _header(*said) for name, said in _RATE.items()}
    for route, operation in _operations(made, routes):
        _tell(route, operation)
    for theirs in ("HTTPValidationError", "ValidationError"):
        parts["schemas"].pop(theirs, None)
    return made


def _operations(made: dict[str, Any], routes: list[Any]) -> Iterator[tuple[APIRoute, dict[str, Any]]]:
    for route in routes:
        if isinstance(route, APIRoute) and route.include_in_schema:
            for method in route.methods or ():
                yield route, made["paths"][route.path_format][method.lower()]


def _tell(route: APIRoute, operation: dict[str, Any]) -> None:
    operation["operationId"] = route.endpoint.__name__
    if not isinstance(route, Door):
        return
    may = callers.needed(route)
    answers, takes = operation["responses"], "requestBody" in operation
    methods = route.methods or set()
    is_post, is_edit, only_looks = "POST" in methods, _asks_if_match(operation), methods <= {"GET"}
    wrong = [406, 500, 503]
    wrong += [401, 403, 429] if may else []
    wrong += [413, 415] if takes or not only_looks else []
    wrong += [400, 422]
    wrong += [404] if "{" in route.path else []
    wrong += [409] if not only_looks else []
    wrong += [412, 428] if is_edit else []
    wrong += [int(status) for status in answers if status >= "400"]
    for one in operation.get("parameters", ()):
        # it is missed in words of our own
        one |= {"required": True, "schema": {"type": "string"}} if one["name"].lower() == "if-match" else {}
    for status in sorted(wrong):
        answers[str(status)] = {"$ref": f"#/components/responses/Problem{status}"}
    if may:
        operation["security"] = [{"token": [tokens.spoken(may)]}]
        for status, said in answers.items():
            if status < "300":
                rates = {name: {"$ref": f"#/components/headers/{name}"} for name in _RATE}
                said["headers"] = {**said.get("headers", {}), **rates}
    if is_post and may:
        operation.setdefault("parameters", []).append(
            {
                "name": repeats.HEADER,
                "in": "header",
                "required": False,
                "description": "Yours, new for each thing that shall be done, such as a UUID.",
                "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!#-~]+$"},
            }
        )


def _asks_if_match(operation: dict[str, Any]) -> bool:
    return any(one["name"].lower() == "if-match" for one in operation.get("parameters", ()))


def _problem(public_url: str) -> dict[str, Any]:
    kinds = [problems.type_of(kind, public_url) for kind in Kind]
    where = {
        "type": "object",
        "properties": {
            "pointer": {"type": "string", "description": "Into the body, as a JSON pointer."},
            "parameter": {"type": "string", "description": "In the address."},
            "header": {"type": "string"},
            "detail": {"type": "string"},
        },
        "required": ["detail"],
    }
    return {
        "type": "object",
        "title": "Problem",
        "description": "What went wrong (RFC 9457).",
        "properties": {
            "type": {"type": "string", "format": "uri", "examples": list(dict.fromkeys(kinds))},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "detail": {"type": "string", "description": "A sentence that says what to do."},
            "errors": {"type": "array", "items": where, "description": "Place by place."},
        },
        "required": ["type", "title", "status", "detail"],
    }


def _response(status: int, public_url: str) -> dict[str, Any]:
    kind = next(kind for kind, of_kind in problems.STATUS.items() if of_kind == status)
    example = {
        "type": problems.type_of(kind, public_url),
        "title": problems.title_of(kind),
        "status": status,
        "detail": _SAID[status],
    }
    content = {"schema": {"$ref": "#/components/schemas/Problem"}, "example": example}
    said: dict[str, Any] = {"description": _SAID[status], "content": {problems.MEDIA_TYPE: content}}
    if status in _HEADERS:
        said["headers"] = {name: _header(*words) for name, words in _HEADERS[status].items()}
    return said


def _header(words: str, example: str) -> dict[str, Any]:
    return {"description": words, "schema": {"type": "string"}, "example": example}
