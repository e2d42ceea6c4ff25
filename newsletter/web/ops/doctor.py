"""The doctor as a page: the newest look of any process, and a new one begun."""

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import HTMLResponse, RedirectResponse

from newsletter.doctor import Level, visits
from newsletter.staff.roles import May
from newsletter.web.ops.scheduler import ago, zone_of
from newsletter.web.staff.visitor import Looks, Posted, sends

router = APIRouter(prefix="/ops")

Asks = Annotated[Posted, Depends(sends(May.SET))]


@router.get("/doctor")
def doctor(visitor: Looks) -> HTMLResponse:
    """What was found last."""
    app, now = visitor.ground.app, visitor.ground.clock()
    with app.database.read() as session:
        visit = visits.newest(session, now=now)
    return visitor.page("doctor.html", visit=visit, levels=Level, now=now, ago=ago, zone=zone_of(app))


@router.post("/doctor")
def ask(posted: Asks) -> RedirectResponse:
    """Have it look; who asks while it looks is shown that look."""
    here = posted.visitor.ground
    here.practice.ask(here.app, by=posted.visitor.doer, clock=here.clock)
    return RedirectResponse(f"{posted.visitor.base}/ops/doctor", 303)
