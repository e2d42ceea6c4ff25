"""Lists page by page: where a page ends is a signed cursor, which only the list that gave it understands."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Generic, TypeVar
from urllib.parse import urlencode

from fastapi import Depends, Query, Request
from itsdangerous import BadData, URLSafeSerializer
from pydantic import BaseModel, Field

from newsletter.web.api.problems import Kind, Problem

Item = TypeVar("Item")
_Row = TypeVar("_Row")

#: items of a page where nobody says, and at most
USUAL, MOST = 50, 200
_SALT, _ITSELF = "a page of the api", frozenset({"cursor", "limit"})


class Page(BaseModel, Generic[Item]):
    """Some items of a list."""

    items: list[Item]
    #: the cursor of the page after this one; null: this is the last
    next: str | None = Field(description="The cursor of the page after this one; null where this is the last.")


@dataclass(frozen=True, slots=True)
class Turn:
    """Which page is asked for."""

    limit: int
    #: what stood last on the page before, as that page said it; empty for the first
    after: tuple[Any, ...]
    _request: Request
    _what: str

    @property
    def fetch(self) -> int:
        """How many rows to ask for: one more than are shown, to know whether there are others."""
        return self.limit + 1

    def page(
        self, rows: Sequence[_Row], shown: Callable[[_Row], Any], position: Callable[[_Row], tuple[Any, ...]]
    ) -> dict[str, Any]:
        """The page that *rows* make, of which `fetch` were asked for; *position* says where a row stands."""
        kept = rows[: self.limit]
        return self.ending([shown(row) for row in kept], position(kept[-1]) if len(rows) > self.limit else None)

    def ending(self, items: Sequence[Any], at: tuple[Any, ...] | None) -> dict[str, Any]:
        """The page of these *items*, after which the list goes on behind *at*; None: it is the last."""
        if at is None:
            return {"items": items, "next": None}
        cursor = _signer(self._request).dumps([self._what, *at])
        if self._request.method == "GET":
            self._request.state.link = self._link(cursor)
        return {"items": items, "next": cursor}

    def _link(self, cursor: str) -> str:
        words = [pair for pair in self._request.query_params.multi_items() if pair[0] != "cursor"]
        path = f"{self._request.app.state.ground.app.settings.public_url}{self._request.url.path}"
        return f'<{path}?{urlencode([*words, ("cursor", cursor)])}>; rel="next"'


def turn(*kinds: type) -> Callable[..., Turn]:
    """A list's dependency; *kinds* are the types of what says where a row stands."""

    def asked(
        request: Request,
        limit: Annotated[int, Query(ge=1, le=MOST, description="Items of a page.")] = USUAL,
        cursor: Annotated[
            str | None, Query(max_length=1000, description="`next` of the page before, with the same filters.")
        ] = None,
    ) -> Turn:
        return at(request, limit, cursor, what=_what(request), kinds=kinds)

    return asked


def at(request: Request, limit: int, cursor: str | None, *, what: str, kinds: tuple[type, ...]) -> Turn:
    """The page of a list that is asked for otherwise than in the address: *what* tells it and its filters."""
    return Turn(limit, _opened(request, what, cursor, kinds) if cursor is not None else (), request, what)


#: of a list in the order of its numbers
ByNumber = Annotated[Turn, Depends(turn(int))]


def _opened(request: Request, what: str, cursor: str, kinds: tuple[type, ...]) -> tuple[Any, ...]:
    try:
        said = _signer(request).loads(cursor)
    except BadData as error:
        raise Problem(Kind.CURSOR, "This is no cursor of ours: begin with the first page.") from error
    if said[0] != what:
        raise Problem(Kind.CURSOR, "This cursor is of another list, or of other filters: begin with the first page.")
    if tuple(map(type, said[1:])) != kinds:
        raise Problem(Kind.CURSOR, "This cursor is of another version: begin with the first page.")
    return tuple(said[1:])


def _what(request: Request) -> str:
    """The list and its filters, as they are asked for."""
    words = sorted(pair for pair in request.query_params.multi_items() if pair[0] not in _ITSELF)
    return f"{request.url.path}?{urlencode(words)}"


def _signer(request: Request) -> URLSafeSerializer:
    return URLSafeSerializer(request.app.state.ground.secret, salt=_SALT)
