"""GET /healthz: whether the database answers, and when the clock last ticked. GET /readyz: whether all is there."""

from collections.abc import Sequence

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from sqlalchemy.exc import SQLAlchemyError

from newsletter import db
from newsletter.delivery.operations import crew
from newsletter.editions import watch
from newsletter.editions.models import Heartbeat
from newsletter.web.ground import Here

router = APIRouter()

_NO_STORE = {"Cache-Control": "no-store"}


@router.get("/healthz")
def health(here: Here) -> JSONResponse:
    """200 where the database answers, else 503; it names nobody and nothing."""
    try:
        with here.app.database.read() as session:
            beat = session.get(Heartbeat, "tick")
            workers = len(crew.at_work(session, crew.WORKER, now=here.clock()))
    except SQLAlchemyError:
        return JSONResponse({"database": "unreachable"}, 503, _NO_STORE)
    ticked = (here.clock() - beat.started_at).total_seconds() if beat else None
    body = {"database": "ok", "seconds_since_tick": None if ticked is None else round(ticked, 1), "workers": workers}
    return JSONResponse(body, headers=_NO_STORE)


@router.get("/readyz")
def readiness(here: Here) -> JSONResponse:
    """200 where a Friday could go out now, else 503 with what is missing; it names nobody and nothing."""
    app, now = here.app, here.clock()
    try:
        at = db.revision(app.database)
        if at != db.newest():
            return _ready(["the tables are of another version: newsletter db upgrade"])
        with app.database.read() as session:
            is_ticking = watch.is_ticking(session, now)
            missing, deaf = crew.missing(session, app.settings, now=now), crew.broker(session, now=now)
            hints = crew.counts(session, app.settings, now=now)
    except SQLAlchemyError:
        return _ready(["the database can't be reached"])
    ticks = "" if is_ticking else "no scheduler is running: start newsletter scheduler"
    beside = ["the broker takes no hints"] if deaf else []
    return _ready([one for one in (ticks, missing) if one], beside=beside, **({"hints": hints} if hints else {}))


def _ready(missing: list[str], beside: Sequence[str] = (), **more: object) -> JSONResponse:
    body = {"ready": not missing, "says": [*missing, *beside], **more}
    return JSONResponse(body, 503 if missing else 200, _NO_STORE)
