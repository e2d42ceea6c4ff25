"""GET /healthz: whether the database answers, and how long ago the clock last ticked."""

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from sqlalchemy.exc import SQLAlchemyError

from newsletter.editions.models import Heartbeat
from newsletter.web.ground import Here

router = APIRouter()


@router.get("/healthz")
def health(here: Here) -> JSONResponse:
    """200 where the database answers, else 503; it names nobody and nothing."""
    try:
        with here.app.database.read() as session:
            beat = session.get(Heartbeat, "tick")
    except SQLAlchemyError:
        return JSONResponse({"database": "unreachable"}, 503, {"Cache-Control": "no-store"})
    ticked = (here.clock() - beat.started_at).total_seconds() if beat else None
    body = {"database": "ok", "seconds_since_tick": None if ticked is None else round(ticked, 1)}
    return JSONResponse(body, headers={"Cache-Control": "no-store"})
