"""What is wrong now, what was rung, and whether the clock ticks."""

from datetime import datetime

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from newsletter.editions import timekeeping, watch
from newsletter.editions.models import Alarm, Heartbeat
from newsletter.jobs import timesheet
from newsletter.tracking import watchdog
from newsletter.web.api.callers import Looks, Sets
from newsletter.web.api.door import Door
from newsletter.web.api.fields import Slug
from newsletter.web.api.pages import ByNumber, Page

router = APIRouter(route_class=Door, tags=["Operations"])


class AlarmShown(BaseModel):
    """Something a person should know, rung once."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": 5,
                    "key": "not approved friday/2026-11-27",
                    "text": "friday/2026-11-27 is not approved: approve it, hold it, or skip this week.",
                    "at": "2026-11-27T08:00:10Z",
                    "told_at": "2026-11-27T08:00:12Z",
                }
            ]
        }
    )

    id: int
    key: str = Field(description="What it is about: one matter rings once, and once more when it is over.")
    text: str
    at: datetime
    told_at: datetime | None = Field(description="When the editors were mailed about it.")


class MatterShown(BaseModel):
    """Something that is wrong now."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "key": "clock",
                    "text": "the clock has jumped, and is not believed yet",
                    "since": "2026-11-27T08:00:00Z",
                }
            ]
        }
    )

    key: str
    text: str
    since: datetime


class Matters(BaseModel):
    """All that is wrong now; empty where nothing is."""

    items: list[MatterShown]


class RoundShown(BaseModel):
    """Something that is done again and again."""

    name: str
    says: str
    began_at: datetime | None
    finished_at: datetime | None
    ok: bool | None = Field(description="How the last one ended; null where none ever began.")
    result: str
    next_at: datetime | None
    can_be_begun: bool


class SchedulerShown(BaseModel):
    """Whether the clock ticks and is believed, and how its rounds went."""

    is_ticking: bool
    ticked_at: datetime | None
    clock_is_believed: bool
    rounds: list[RoundShown]


class Begun(BaseModel):
    """A round that begins at the next tick."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "collect"}]})

    name: str


@router.get("/alarms", summary="Alarms")
def list_alarms(caller: Looks, turn: ByNumber) -> Page[AlarmShown]:
    """Everything that was ever rung, the newest first."""
    with caller.app.database.read() as session:
        rows = watch.rung(session, before=turn.after[0] if turn.after else None, limit=turn.fetch)
    shown = turn.page(rows, lambda row: {name: getattr(row, name) for name in AlarmShown.model_fields}, _position)
    return Page[AlarmShown].model_validate(shown)


@router.get("/alarms/open", summary="What is wrong now")
def show_matters(caller: Looks) -> Matters:
    """Each with what to do, in a sentence."""
    with caller.app.database.read() as session:
        rows = watchdog.open_matters(session)
    return Matters(items=[MatterShown(key=one.key, text=one.text, since=one.since) for one in rows])


@router.get("/scheduler", summary="The scheduler")
def show_scheduler(caller: Looks) -> SchedulerShown:
    """Its clock, and its rounds: how the last one ended, and when the next is due."""
    with caller.app.database.read() as session:
        beat = session.get(Heartbeat, "tick")
        rounds = timesheet.rounds(session, caller.app, now=caller.now)
        return SchedulerShown(
            is_ticking=watch.is_ticking(session, caller.now),
            ticked_at=(beat.finished_at or beat.started_at) if beat else None,
            clock_is_believed=timekeeping.has_settled(session, now=caller.now),
            rounds=[_round(one) for one in rounds],
        )


@router.post("/scheduler/{name}/begin", status_code=202, summary="Begin a round now")
def begin_round(name: Slug, caller: Sets) -> Begun:
    """The scheduler begins it at its next tick."""
    with caller.app.database.write() as session:
        timesheet.hurry(session, caller.app, name, by=caller.doer, now=caller.now)
    return Begun(name=name)


def _position(row: Alarm) -> tuple[int]:
    return (row.id,)


def _round(one: timesheet.Round) -> RoundShown:
    beat = one.beat
    return RoundShown(
        name=one.name,
        says=one.says,
        began_at=beat.started_at if beat else None,
        finished_at=beat.finished_at if beat else None,
        ok=beat.ok if beat and beat.finished_at else None,
        result=beat.result if beat else "",
        next_at=one.next_at,
        can_be_begun=one.can_be_hurried,
    )
