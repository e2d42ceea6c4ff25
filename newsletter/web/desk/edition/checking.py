"""The checks of an edition on one page: what is wrong, where, what to do; what others said; what was set aside."""

from datetime import datetime
from threading import Thread
from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from newsletter import logs
from newsletter.editions import review, shelf
from newsletter.errors import AlreadyDone, NewsletterError
from newsletter.jobs import checking
from newsletter.rendering.preflight.asked import answers
from newsletter.rendering.preflight.asked.questions import Question
from newsletter.rendering.preflight.findings import Level
from newsletter.staff.roles import May
from newsletter.web.ground import Ground
from newsletter.web.staff.visitor import Looks, Posted, Visitor, sends

log = logs.get_logger(__name__)
router = APIRouter()

Checks = Annotated[Posted, Depends(sends(May.DRAFT))]


@router.get("/editions/{edition_id}/check")
def check(edition_id: int, visitor: Looks) -> HTMLResponse:
    """Everything that is known of it, the worst first. Nobody is asked."""
    return _page(visitor, edition_id)


@router.post("/editions/{edition_id}/check")
def ask(edition_id: int, posted: Checks) -> Response:
    """Ask pages, pictures and name servers; the page says how far it is."""
    here, now = posted.visitor.ground, posted.visitor.ground.clock()
    try:
        wanted = checking.begin(here.app, edition_id, by=posted.visitor.doer, now=now)
    except AlreadyDone:
        return _back(posted.visitor, edition_id)
    except NewsletterError as error:
        return _page(posted.visitor, edition_id, sorry=str(error), status=409)
    # the page does not wait for the slowest host; who dies half-way is told by its silence
    Thread(target=_go_on, args=(here, edition_id, wanted, now), name="check", daemon=True).start()
    return _back(posted.visitor, edition_id)


@router.get("/editions/{edition_id}/check/progress")
def progress(edition_id: int, visitor: Looks) -> HTMLResponse:
    """How far the asking is, as a part of the page; once it is over, the whole page is asked for anew."""
    here = visitor.ground
    with here.app.database.read() as session:
        asking = answers.round_of(session, edition_id)
    under_way = answers.is_under_way(asking, here.clock())
    page = visitor.page("asking.html", edition_id=edition_id, asking=asking, under_way=under_way)
    if not under_way:
        page.headers["HX-Refresh"] = "true"
    return page


@router.post("/editions/{edition_id}/check/aside")
def set_aside(edition_id: int, posted: Checks) -> Response:
    """Say why a finding is no matter, or take that back."""
    visitor, here, now = posted.visitor, posted.visitor.ground, posted.visitor.ground.clock()
    key = posted.form.get("key")
    try:
        if posted.form.get("do") == "back":
            checking.take_back(here.app, edition_id, key, by=visitor.doer, now=now)
        else:
            reason = posted.form.get("reason")
            checking.set_aside(here.app, edition_id, key, by=visitor.doer, reason=reason, now=now)
    except NewsletterError as error:
        return _page(visitor, edition_id, sorry=str(error), status=409)
    return _back(visitor, edition_id)


def _go_on(here: Ground, edition_id: int, wanted: list[Question], began_at: datetime) -> None:
    try:
        checking.go_on(here.app, edition_id, wanted, began_at=began_at, clock=here.clock)
    except Exception:  # the thread's end is nobody else's
        log.exception("check.failed", edition=edition_id)


def _page(visitor: Visitor, edition_id: int, *, sorry: str = "", status: int = 200) -> HTMLResponse:
    here = visitor.ground
    now = here.clock()
    with here.app.database.read() as session:
        edition = shelf.get(session, edition_id)
        report = checking.report(session, here.app, edition, now=now)
    newsletter = here.newsletter_of(edition)
    return visitor.page(
        "check.html",
        status=status,
        sorry=sorry,
        edition=edition,
        edition_id=edition_id,
        report=report,
        levels=[(level, report.of(level)) for level in reversed(Level)],
        asking=report.asking,
        under_way=answers.is_under_way(report.asking, now),
        may_edit=visitor.may(May.DRAFT) and edition.state in review.EDITABLE,
        may_ask=visitor.may(May.DRAFT),
        zone=newsletter.zone if newsletter else None,
    )


def _back(visitor: Visitor, edition_id: int) -> RedirectResponse:
    return RedirectResponse(f"{visitor.base}/editions/{edition_id}/check", 303)
