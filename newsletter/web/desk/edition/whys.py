"""Beside the send log: why one reader has an edition or not, with their copy's story."""

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from newsletter.editions import shelf
from newsletter.tracking.reports import asking
from newsletter.web.staff.visitor import Looks

router = APIRouter()


@router.get("/editions/{edition_id}/why")
def why(edition_id: int, visitor: Looks, who: str) -> HTMLResponse:
    """The answer about *who*, a number of the send log or an address."""
    here = visitor.ground
    with here.app.database.read() as session:
        shown = shelf.get(session, edition_id)
        (reply,) = asking.ask(session, here.app.settings, who, str(edition_id), now=here.clock())
    newsletter = here.newsletter_of(shown)
    return visitor.page(
        "why.html", edition=shown, title=newsletter.title if newsletter else shown.newsletter, who=who, reply=reply
    )
