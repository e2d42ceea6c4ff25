"""A test copy of an edition to any address: how it looks in a real inbox, before anybody else has it."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import HTMLResponse, Response

from newsletter.editions import shelf
from newsletter.errors import NewsletterError
from newsletter.jobs import trying
from newsletter.jobs.trying import Outcome
from newsletter.staff.roles import May
from newsletter.web.staff.visitor import Posted, Visitor, looks, sends
from subscribers.errors import SubscribersError

router = APIRouter()


@router.get("/editions/{edition_id}/test")
def ask(edition_id: int, visitor: Annotated[Visitor, Depends(looks(May.DRAFT))]) -> HTMLResponse:
    """To whom?"""
    return _page(visitor, edition_id)


@router.post("/editions/{edition_id}/test")
def send(edition_id: int, posted: Annotated[Posted, Depends(sends(May.DRAFT))]) -> Response:
    """Send it, and say what the mail server said to each."""
    visitor, here = posted.visitor, posted.visitor.ground
    to = posted.form.get("to")
    given = to.replace(",", " ").replace(";", " ").split()
    try:
        done = trying.to_addresses(here.app, edition_id, given, by=visitor.doer, now=here.clock())
    except (NewsletterError, SubscribersError) as error:
        return _page(visitor, edition_id, to=to, sorry=str(error), status=409)
    return _page(visitor, edition_id, to=to, done=done)


def _page(
    visitor: Visitor,
    edition_id: int,
    *,
    to: str = "",
    sorry: str = "",
    done: Sequence[Outcome] = (),
    status: int = 200,
) -> HTMLResponse:
    here = visitor.ground
    with here.app.database.read() as session:
        edition = shelf.get(session, edition_id)
    settings = here.app.settings
    return visitor.page(
        "test.html",
        status=status,
        edition=edition,
        to=to or (visitor.signed_in.user.email if visitor.signed_in else ""),
        sorry=sorry,
        done=done,
        most=trying.MOST_AT_ONCE,
        folder=settings.path(settings.maildir.path) if settings.sender == "maildir" else None,
    )
