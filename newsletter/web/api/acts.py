"""The audit log: what everybody did, by whichever door, the newest first."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from newsletter.staff import acts
from newsletter.staff.acts import Asked
from newsletter.staff.models import Act
from newsletter.web.api.callers import Oversees
from newsletter.web.api.door import Door
from newsletter.web.api.fields import HIGHEST, AMoment
from newsletter.web.api.pages import ByNumber, Page

router = APIRouter(route_class=Door, tags=["Operations"])

Word = Annotated[str, StringConstraints(max_length=320, strip_whitespace=True)]
#: of an account, or of nobody's
WhoseNumber = Annotated[int, Field(ge=0, le=HIGHEST)]


class ActShown(BaseModel):
    """Something that somebody did, written down in the transaction of the deed and never altered."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": 4212,
                    "at": "2026-11-27T08:31:05Z",
                    "who": "Eva",
                    "user_id": 3,
                    "did": "approved",
                    "what": "friday/2026-11-27",
                    "door": "desk",
                    "details": {"revision": 7},
                }
            ]
        }
    )

    id: int
    at: datetime
    who: str = Field(description="How they were called then; a program is its owner, with the token's name.")
    user_id: int | None = Field(description="Whose account that is; null where it was nobody who has one.")
    did: str
    what: str = Field(description="To what; empty where it was to nothing.")
    door: str = Field(description='By which door: "desk", "api", "command line".')
    details: dict[str, Any]


@router.get("/acts", summary="The audit log")
def list_acts(
    caller: Oversees,
    turn: ByNumber,
    who: Annotated[WhoseNumber | None, Query(description="Of this account; 0: of nobody who has one.")] = None,
    did: Annotated[Word, Query(description="Just that.")] = "",
    to: Annotated[Word, Query(description="Stands in what it was done to.")] = "",
    by: Annotated[Word, Query(description="By this door.")] = "",
    since: Annotated[AMoment | None, Query(description="Then or later.")] = None,
    until: Annotated[AMoment | None, Query(description="And before that.")] = None,
) -> Page[ActShown]:
    """What everybody did, the newest first."""
    asked = Asked(user_id=who, door=by, did=did, what=to, since=since, until=until)
    with caller.app.database.read() as session:
        rows = acts.find(session, asked, before=turn.after[0] if turn.after else None, limit=turn.fetch)
    shown = turn.page(rows, lambda row: {name: getattr(row, name) for name in ActShown.model_fields}, _position)
    return Page[ActShown].model_validate(shown)


def _position(row: Act) -> tuple[int]:
    return (row.id,)
