"""The send log over all editions: what became of each copy. Readers go by number here, and are not named."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from newsletter.delivery.models import Status
from newsletter.delivery.operations import searching
from newsletter.delivery.operations.searching import Search
from newsletter.delivery.operations.sendlog import Line, Place
from newsletter.tracking.reports.asking import MOST_READERS, whose
from newsletter.web.api import pages
from newsletter.web.api.callers import Caller, Looks
from newsletter.web.api.door import Door
from newsletter.web.api.fields import AMoment, ANumber
from newsletter.web.api.pages import MOST, USUAL, Page, Turn, turn
from newsletter.web.api.problems import Kind, Problem

router = APIRouter(route_class=Door, tags=["Deliveries"])

#: readers whose addresses begin alike, and editions of one search
_PLACE = (int, int)
_BATCH = "A batch is one of an edition: say which edition, too."

Words = Annotated[str, StringConstraints(max_length=200)]
Domain = Annotated[str, StringConstraints(max_length=255)]
Batch = Annotated[int, Field(ge=1, le=2**31 - 1)]
Statuses = Annotated[list[Status], Field(max_length=len(Status))]


class DeliveryLine(BaseModel):
    """One copy, as the log has it."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "edition_id": 12,
                    "reader": 4711,
                    "batch": 48,
                    "status": "bounced",
                    "words": "550 5.1.1 no such user",
                    "at": "2026-11-27T09:03:12Z",
                }
            ]
        }
    )

    edition_id: int
    reader: int
    batch: int
    status: Status
    words: str = Field(description="In the other side's own words, or ours where nothing was handed over.")
    at: datetime | None = Field(description="When that was; null where nothing has happened yet.")


class Searched(BaseModel):
    """Whose copies, and which of them."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"who": "eva@example.com", "status": ["bounced"]}]}
    )

    who: Annotated[str, StringConstraints(min_length=1, max_length=320)] = Field(
        description="An address of today or before, its beginning, or a reader's number."
    )
    edition_id: ANumber | None = None
    status: Statuses = []
    words: Words = ""
    since: AMoment | None = None
    until: AMoment | None = None
    limit: Annotated[int, Field(ge=1, le=MOST, strict=True)] = USUAL
    cursor: Annotated[str, StringConstraints(max_length=1000)] | None = None


@router.get("/deliveries", summary="The send log")
def list_deliveries(
    caller: Looks,
    turn: Annotated[Turn, Depends(turn(*_PLACE))],
    edition_id: Annotated[ANumber | None, Query(description="Of this edition.")] = None,
    batch: Annotated[Batch | None, Query(description="Of this batch of that edition.")] = None,
    reader: Annotated[list[ANumber] | None, Query(max_length=MOST_READERS, description="Of these readers.")] = None,
    status: Annotated[list[Status] | None, Query(max_length=len(Status))] = None,
    domain: Annotated[Domain, Query(description="Of readers at that domain.")] = "",
    words: Annotated[Words, Query(description="Somewhere in the words about the copy.")] = "",
    since: Annotated[AMoment | None, Query(description="What happened last was then or later.")] = None,
    until: Annotated[AMoment | None, Query(description="And before that.")] = None,
) -> Page[DeliveryLine]:
    """The newest edition first. A page may hold fewer than `limit` and still have a next one: so far it was looked."""
    if batch is not None and edition_id is None:
        raise Problem(Kind.INVALID, _BATCH, errors=[{"parameter": "batch", "detail": _BATCH}])
    found = Search(
        readers=reader or None,
        edition_id=edition_id,
        batch=batch,
        statuses=frozenset(status or ()),
        domain=domain.strip().lower(),
        words=words.strip(),
        since=since,
        until=until,
    )
    return _page(caller, turn, found)


@router.post("/search/deliveries", summary="The send log of somebody")
def search_deliveries(request: Request, searched: Searched, caller: Looks) -> Page[DeliveryLine]:
    """By address, in the body, since what stands in an address ends up in logs. It changes nothing."""
    what = f"{request.url.path}?{searched.model_dump_json(exclude={'limit', 'cursor'})}"
    turn = pages.at(request, searched.limit, searched.cursor, what=what, kinds=_PLACE)
    with caller.app.database.read() as session:
        readers = whose(session, searched.who)
    found = Search(
        readers=readers,
        edition_id=searched.edition_id,
        statuses=frozenset(searched.status),
        words=searched.words.strip(),
        since=searched.since,
        until=searched.until,
    )
    return _page(caller, turn, found)


def _page(caller: Caller, turn: Turn, search: Search) -> Page[DeliveryLine]:
    after = Place(*turn.after) if turn.after else None
    with caller.app.database.read() as session:
        found = searching.page(session, search, after=after, limit=turn.limit)
    items = [_line(line) for line in found.lines]
    return Page[DeliveryLine].model_validate(turn.ending(items, tuple(found.older) if found.older else None))


def _line(line: Line) -> DeliveryLine:
    return DeliveryLine(
        edition_id=line.edition_id,
        reader=line.subscriber_id,
        batch=line.batch,
        status=line.status,
        words=line.reason,
        at=line.at,
    )
