"""Which version of a thing somebody has seen: ETag on what two can edit, and If-Match to change it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Annotated, Any

from fastapi import Depends, Header, Request, Response

from newsletter.web.api.problems import Kind, Problem


def of(*parts: Any) -> str:
    """The tag of what consists of *parts*: alike where they are, and otherwise another one."""
    said = json.dumps(parts, sort_keys=True, default=str, ensure_ascii=True)
    return f'"{sha256(said.encode()).hexdigest()[:20]}"'


@dataclass(frozen=True, slots=True)
class Seen:
    """The version that a program has seen, as it says."""

    given: tuple[str, ...]

    def check(self, tag: str) -> None:
        """Raise Problem 412 unless it has seen what is there now."""
        if not _names(self.given, tag, weakly=False):
            asks = "It is not as you have seen it: get it again, and change it as it is now."
            raise Problem(Kind.STALE, asks, headers={"ETag": tag})


def _seen(
    request: Request,
    _said: Annotated[str, Header(alias="If-Match", description="The ETag of what you have seen.")] = "",
) -> Seen:
    given = tuple(request.headers.getlist("if-match"))
    if not given:
        raise Problem(Kind.PRECONDITION, "Say which version you have seen: If-Match with the ETag of a GET.")
    return Seen(given)


#: of a route that changes what two can edit
IfMatch = Annotated[Seen, Depends(_seen)]


def unchanged(request: Request, response: Response) -> Response:
    """304 in place of *response* for who has that already (RFC 9110 section 13.1.2)."""
    tag, given = response.headers.get("etag", ""), request.headers.getlist("if-none-match")
    if request.method != "GET" or response.status_code != 200 or not tag or not _names(given, tag, weakly=True):
        return response
    kept = {name: value for name, value in response.headers.items() if not name.startswith("content-")}
    return Response(status_code=304, headers=kept)


def _names(given: Sequence[str], tag: str, *, weakly: bool) -> bool:
    for one in (each.strip() for line in given for each in line.split(",")):
        if one == "*" or one == tag or (weakly and one.removeprefix("W/") == tag):
            return True
    return False
