"""The send log of an edition, copy by copy."""

from datetime import datetime

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from newsletter.delivery.models import Status
from newsletter.delivery.operations import sendlog
from newsletter.editions import shelf
from newsletter.web.api.callers import Looks
from newsletter.web.api.door import Door
from newsletter.web.api.fields import Number
from newsletter.web.api.pages import ByNumber, Page

router = APIRouter(route_class=Door, tags=["Deliveries"])


class DeliveryLine(BaseModel):
    """One copy of an edition."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "reader": 4711,
                    "batch": 3,
                    "status": "delivered",
                    "words": "250 2.0.0 OK",
                    "at": "2026-11-27T09:00:41Z",
                }
            ]
        }
    )

    reader: int = Field(description="The number of a reader, who may have been erased since.")
    batch: int
    status: Status
    words: str = Field(description="What the other side said last.")
    at: datetime | None = Field(description="Null where nothing has happened yet.")


@router.get("/editions/{edition_id}/deliveries", summary="Every copy of an edition")
def list_deliveries(edition_id: Number, caller: Looks, turn: ByNumber) -> Page[DeliveryLine]:
    """In the order of readers' numbers, without their addresses."""
    after = turn.after[0] if turn.after else 0
    with caller.app.database.read() as session:
        shelf.get(session, edition_id)
        rows = list(sendlog.lines(session, edition_id=edition_id, after=after, limit=turn.fetch))
    return Page[DeliveryLine].model_validate(turn.page(rows, _line, lambda row: (row.subscriber_id,)))


def _line(row: sendlog.Line) -> DeliveryLine:
    return DeliveryLine(reader=row.subscriber_id, batch=row.batch, status=row.status, words=row.reason, at=row.at)
