"""The scheduler: whether the clock ticks and is believed, what ran and what comes, who is at work; begun by hand."""

from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends
from fastapi.responses import HTMLResponse

from newsletter import jobs
from newsletter.app import App
from newsletter.delivery.operations import crew
from newsletter.editions import calendar, timekeeping, watch
from newsletter.editions.models import Heartbeat
from newsletter.errors import NewsletterError
from newsletter.jobs import timesheet
from newsletter.staff import acts
from newsletter.staff.roles import May
from newsletter.web.staff.visitor import Looks, Posted, Visitor, sends

router = APIRouter(prefix="/ops")

#: of the times at which the clock could not be believed
_JUMPS = 5
Runs = Annotated[Posted, Depends(sends(May.SET))]
Drafts = Annotated[Posted, Depends(sends(May.DRAFT))]


@router.get("/scheduler")
def scheduler(visitor: Looks) -> HTMLResponse:
    """Everything, as it stands now."""
    return _page(visitor)


@router.post("/scheduler")
def run(posted: Runs) -> HTMLResponse:
    """Begin a round now."""
    visitor, name = posted.visitor, posted.form.get("round")
    app, now = visitor.ground.app, visitor.ground.clock()
    try:
        with app.database.write() as session:
            timesheet.hurry(session, app, name, by=visitor.doer, now=now)
    except NewsletterError as error:
        return _page(visitor, sorry=str(error))
    return _page(visitor, done="The scheduler begins it at its next tick, within a quarter of a minute.")


@router.post("/scheduler/assemble")
def assemble(posted: Drafts) -> HTMLResponse:
    """Draft a newsletter's next edition now."""
    visitor = posted.visitor
    app, now = visitor.ground.app, visitor.ground.clock()
    try:
        newsletter = app.newsletter(posted.form.get("newsletter"))
        with app.database.read() as session:
            day = calendar.next_day(session, newsletter, now)
        drafted = jobs.assemble(app, newsletter, day, now=now, by=visitor.doer.who)
        with app.database.write() as session:
            acts.note(session, visitor.doer, "began a job now", f"assemble {newsletter.slug}/{day}", now=now)
    except NewsletterError as error:
        return _page(visitor, sorry=str(error))
    return _page(visitor, done=drafted.result)


def _page(visitor: Visitor, *, done: str = "", sorry: str = "") -> HTMLResponse:
    app, now = visitor.ground.app, visitor.ground.clock()
    settings = app.settings
    with app.database.read() as session:
        values = {
            "beat": session.get(Heartbeat, "tick"),
            "is_ticking": watch.is_ticking(session, now),
            "last_reading": timekeeping.last(session),
            "has_settled": timekeeping.has_settled(session, now=now),
            "jumps": watch.about(session, "clock ", limit=_JUMPS),
            "weeks": timesheet.weeks(session, settings.newsletters, now=now),
            "rounds": timesheet.rounds(session, app, now=now),
            "crew": crew.known(session),
            "is_there": {one.name for one in crew.known(session) if crew.is_there(one, now)},
            "missing": crew.missing(session, settings, now=now),
            "troubles": list(crew.troubles(session, now=now)),
            "traffic": list(crew.traffic(session, settings, now=now)),
        }
    said = {"done": done, "sorry": sorry, "now": now, "zone": zone_of(app), "ago": ago}
    return visitor.page("scheduler.html", status=400 if sorry else 200, **values, **said)


def zone_of(app: App) -> ZoneInfo:
    """The newsletters' own, where it is one; else UTC."""
    zones = {newsletter.time_zone for newsletter in app.settings.newsletters.values()}
    return ZoneInfo(zones.pop() if len(zones) == 1 else "UTC")


def ago(at: datetime, now: datetime) -> str:
    """How long *at* is past, in a word or two."""
    seconds = max(0, round((now - at).total_seconds()))
    for unit, size in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds >= 2 * size:
            return f"{seconds // size} {unit}s ago"
    return f"{seconds} s ago"
