"""The doctor: what was found by the newest look of any process, and a new one begun."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field, JsonValue

from newsletter.doctor import Level, visits
from newsletter.doctor.visits import Visit
from newsletter.web.api.callers import Caller, Looks, Sets
from newsletter.web.api.door import Door

router = APIRouter(route_class=Door, tags=["Operations"])

_DONE: dict[str, JsonValue] = {
    "state": "done",
    "began_at": "2026-11-27T08:40:00Z",
    "ended_at": "2026-11-27T08:40:06Z",
    "findings": [
        {"name": "database", "level": "good", "text": "postgresql://db.example.com/newsletter, revision 0071"},
        {"name": "sender", "level": "bad", "text": "mail.example.com:587 can't be reached: Connection refused"},
    ],
}


class LookState(StrEnum):
    """How the newest look stands."""

    #: nobody has asked for one yet
    NEVER = "never"
    LOOKING = "looking"
    DONE = "done"
    #: it came to no end by a mistake of ours
    FAILED = "failed"
    #: its process died while it looked
    CUT_OFF = "cut_off"


class FindingShown(BaseModel):
    """One thing that was looked at."""

    name: str
    level: Annotated[str, Field(json_schema_extra={"enum": list(Level)})] = Field(
        description="`bad` won't work; `note` works, but somebody should know; `good` is as it should be."
    )
    text: str = Field(description="What was found, and what to do.")


class DoctorShown(BaseModel):
    """The newest look, and what was found."""

    model_config = ConfigDict(json_schema_extra={"examples": [_DONE]})

    state: LookState
    began_at: datetime | None
    ended_at: datetime | None
    findings: list[FindingShown] = Field(description="While it looks, and where it was cut off, of the look before.")


class LookAsked(DoctorShown):
    """The look that is under way now."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [_DONE | {"begun": True, "state": "looking", "ended_at": None}]}
    )

    begun: bool = Field(description="False where one was under way already, or had ended a moment before.")


@router.get("/doctor", summary="The doctor's findings")
def show_doctor(caller: Looks) -> DoctorShown:
    """What the newest look found, whichever process looked. Bad findings are no error: the answer is 200."""
    return DoctorShown.model_validate(_shown(caller))


@router.post("/doctor/look", status_code=202, summary="Have the doctor look")
def begin_look(response: Response, caller: Sets) -> LookAsked:
    """It looks in the background, for ten seconds or so: ask `GET /doctor`. One look at a time, of all processes."""
    begun = caller.ground.practice.ask(caller.app, by=caller.doer, clock=caller.ground.clock)
    response.headers["Location"] = f"{caller.app.settings.public_url}/api/doctor"
    return LookAsked.model_validate(_shown(caller) | {"begun": begun})


def _shown(caller: Caller) -> dict[str, object]:
    with caller.app.database.read() as session:
        visit = visits.newest(session, now=caller.ground.clock())
    if visit is None:
        return {"state": LookState.NEVER, "began_at": None, "ended_at": None, "findings": []}
    return {
        "state": _state(visit),
        "began_at": visit.began_at,
        "ended_at": visit.ended_at,
        "findings": [{"name": one.name, "level": one.level, "text": one.text} for one in visit.findings],
    }


def _state(visit: Visit) -> LookState:
    if visit.is_looking:
        return LookState.LOOKING
    if visit.ended_at is None:
        return LookState.CUT_OFF
    return LookState.FAILED if visit.failed else LookState.DONE
