"""Another hour for one edition, at the desk."""

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from newsletter.editions import hours, shelf
from newsletter.errors import NewsletterError, NotFound
from newsletter.jobs import rescheduling
from newsletter.staff.roles import May
from newsletter.web.staff.visitor import Posted, Visitor, looks, sends

router = APIRouter()


@router.get("/editions/{edition_id}/time")
def ask(edition_id: int, visitor: Annotated[Visitor, Depends(looks(May.APPROVE))]) -> HTMLResponse:
    """At which hour?"""
    return _page(visitor, edition_id)


@router.post("/editions/{edition_id}/time")
def choose(edition_id: int, posted: Annotated[Posted, Depends(sends(May.APPROVE))]) -> Response:
    """At that one, or at the usual one again."""
    visitor, here, now = posted.visitor, posted.visitor.ground, posted.visitor.ground.clock()
    typed = posted.form.get("at")
    try:
        at = None if posted.form.get("do") == "usual" else hours.read(typed)
        rescheduling.to_hour(here.app, edition_id, at, by=visitor.doer, why=posted.form.get("why"), now=now)
    except NewsletterError as error:
        return _page(visitor, edition_id, typed=typed, sorry=str(error), status=409)
    return RedirectResponse(f"{visitor.base}/editions/{edition_id}", 303)


def _page(visitor: Visitor, edition_id: int, *, typed: str = "", sorry: str = "", status: int = 200) -> HTMLResponse:
    here = visitor.ground
    with here.app.database.read() as session:
        edition = shelf.get(session, edition_id)
    newsletter = here.newsletter_of(edition)
    if newsletter is None:
        raise NotFound(f"The newsletter {edition.newsletter!r} is not in the settings any more.")
    return visitor.page(
        "time.html",
        status=status,
        edition=edition,
        newsletter=newsletter,
        hour=newsletter.hour(edition.date),
        typed=typed,
        sorry=sorry,
    )
