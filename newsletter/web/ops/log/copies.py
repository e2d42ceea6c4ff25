"""One copy's story, and why somebody has an edition or not; also where both stood before."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy.orm import Session

from newsletter.delivery.operations import searching, spreadsheets
from newsletter.delivery.operations.searching import Search
from newsletter.editions import shelf
from newsletter.errors import BadInput, NewsletterError, NotFound
from newsletter.staff.roles import May
from newsletter.tracking.reports import asking
from newsletter.tracking.reports.asking import Reply
from newsletter.web.ops.log import asked
from newsletter.web.staff.visitor import Looks, Posted, Visitor, sends

router = APIRouter()

Asks = Annotated[Posted, Depends(sends(May.LOOK))]
Several = Annotated[list[str] | None, Query()]


@router.get("/ops/copies/{copy}")
def one(copy: str, visitor: Looks) -> HTMLResponse:
    """One copy: where it stands, and how it came to that."""
    here, place = visitor.ground, asked.place(copy)
    with here.app.database.read() as session:
        search = Search(readers=[place.subscriber_id], edition_id=place.edition_id) if place else Search(readers=())
        line = next(iter(searching.page(session, search, limit=1).lines), None)
        if line is None:
            raise NotFound("There is no such copy: nothing of that edition was planned for that reader.")
        edition = shelf.get(session, line.edition_id)
        number = str(line.subscriber_id)
        (reply,) = asking.ask(session, here.app.settings, number, str(edition.id), now=here.clock())
        address = spreadsheets.addresses(session, [line.subscriber_id]).get(line.subscriber_id, "")
    newsletter = here.newsletter_of(edition)
    title = newsletter.title if newsletter else edition.newsletter
    return visitor.page(
        "copy.html", line=line, edition=edition, name=shelf.name(edition), title=title, reply=reply, address=address
    )


@router.get("/ops/why")
def why(visitor: Looks, reader: str = "", edition: str = "") -> Response:
    """The form, and the answers about a reader who goes by number."""
    return _answered(visitor, reader, edition) if asking.is_number(reader) else _page(visitor, edition=edition)


@router.post("/ops/why")
def ask(posted: Asks) -> Response:
    """Somebody is asked about, whoever they are; who is a reader goes by number from there on."""
    visitor, who, edition = posted.visitor, posted.form.get("who").strip(), posted.form.get("edition").strip()
    if not who:
        sorry = "Say whom it is about: an address, or a number of the send log."
        return _page(visitor, edition=edition, sorry=sorry, status=400)
    return _answered(visitor, who, edition, moves=True)


@router.get("/editions/{edition_id}/log")
def log_before(edition_id: int, visitor: Looks, status: Several = None) -> RedirectResponse:
    """Where the send log of one edition stood before there was one of all."""
    known = asked.Asked(edition=str(edition_id), statuses=status or ())
    return RedirectResponse(f"{visitor.base}/ops/log{known.query()}", 303)


@router.get("/editions/{edition_id}/why")
def why_before(edition_id: int, visitor: Looks, who: str = "") -> Response:
    """The same of the page about one reader."""
    return _answered(visitor, who, str(edition_id), moves=True) if who else _page(visitor, edition=str(edition_id))


def _answered(visitor: Visitor, who: str, edition: str, *, moves: bool = False) -> Response:
    """What is known of them; with *moves* at an address that names nobody, where they have a number."""
    here = visitor.ground
    try:
        if len(who) > asking.LONGEST_ADDRESS:
            raise BadInput("No address is as long as that.")
        with here.app.database.read() as session:
            replies = asking.ask(session, here.app.settings, who, edition or None, now=here.clock())
            address = _address(session, replies)
    except NewsletterError as error:
        return _page(visitor, who=who, edition=edition, sorry=str(error), status=_status(error))
    number = next((reply.subscriber_id for reply in replies if reply.subscriber_id is not None), None)
    if moves and number is not None:
        known = asked.Asked(readers=[str(number)], edition=replies[0].edition if edition else "")
        return RedirectResponse(f"{visitor.base}/ops/why{known.query()}", 303)
    return _page(visitor, who=address or who, edition=replies[0].edition if edition else "", replies=replies)


def _address(session: Session, replies: Sequence[Reply]) -> str:
    ids = [reply.subscriber_id for reply in replies if reply.subscriber_id is not None]
    return next(iter(spreadsheets.addresses(session, ids).values()), "")


def _status(error: NewsletterError) -> int:
    return 404 if isinstance(error, NotFound) else 400


def _page(
    visitor: Visitor,
    *,
    who: str = "",
    edition: str = "",
    replies: Sequence[Reply] = (),
    sorry: str = "",
    status: int = 200,
) -> HTMLResponse:
    with visitor.ground.app.database.read() as session:
        offered = asked.offered(session)
    return visitor.page(
        "why.html", status=status, who=who, edition=edition, replies=replies, sorry=sorry, offered=offered
    )
