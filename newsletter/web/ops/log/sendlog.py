"""The send log: searched over all editions, paged both ways, and taken away as a file by those who may."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from fastapi.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse
from sqlalchemy.orm import Session

from newsletter.delivery.models import Sending, Status
from newsletter.delivery.operations import searching, spreadsheets
from newsletter.delivery.operations.searching import Page, Search
from newsletter.editions import shelf
from newsletter.errors import BadInput, NotFound
from newsletter.staff import acts
from newsletter.staff.roles import May
from newsletter.tracking.reports.asking import MOST_READERS, whose
from newsletter.web.ops.log import asked as asking
from newsletter.web.ops.log.asked import Asked
from newsletter.web.readers.forms import Filled
from newsletter.web.staff.visitor import Looks, Posted, Visitor, sends

router = APIRouter(prefix="/ops")

LINES = 100
Searches = Annotated[Posted, Depends(sends(May.LOOK))]
Takes = Annotated[Posted, Depends(sends(May.EXPORT))]
Several = Annotated[list[str] | None, Query()]


@router.get("/log")
def log(
    visitor: Looks,
    reader: Several = None,
    edition: str = "",
    batch: str = "",
    status: Several = None,
    domain: str = "",
    reason: str = "",
    since: str = "",
    until: str = "",
    after: str = "",
    before: str = "",
) -> HTMLResponse:
    """A page of it."""
    asked = Asked(reader or (), edition, batch, status or (), domain, reason, since, until)
    try:
        with visitor.ground.app.database.read() as session:
            search = asked.search(session, visitor.ground.zone)
            found = searching.page(session, search, after=asking.place(after), before=asking.place(before), limit=LINES)
            return _page(visitor, session, asked, search, found)
    except (BadInput, NotFound) as error:
        return _sorry(visitor, asked, error)


@router.post("/log")
def search(posted: Searches) -> Response:
    """The form: whom it names is looked up, and from there on goes by their number."""
    visitor, who = posted.visitor, posted.form.get("who").strip()
    asked = _asked(posted.form)
    try:
        with visitor.ground.app.database.read() as session:
            asked.search(session, visitor.ground.zone)
            readers = whose(session, who) if who else []
            if who and not readers:
                return _page(visitor, session, asked, Search(readers=()), Page(()), nobody=who)
    except (BadInput, NotFound) as error:
        return _sorry(visitor, asked, error, who=who)
    return RedirectResponse(f"{visitor.base}/ops/log{asked.of_readers(readers).query()}", 303)


@router.post("/log.csv")
def spreadsheet(posted: Takes) -> Response:
    """All of what was searched for, as a file."""
    visitor = posted.visitor
    here, asked = visitor.ground, _asked(posted.form)
    database = here.app.database
    with database.write() as session:
        search = asked.search(session, here.zone)
        acts.note(session, visitor.doer, "took the send log away", now=here.clock(), **asking.described(search))
    name = f"send-log-{here.clock():%Y-%m-%d}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return StreamingResponse(
        spreadsheets.written(database, search), media_type="text/csv; charset=utf-8", headers=headers
    )


def _asked(form: Filled) -> Asked:
    one = {name: form.get(name) for name in ("edition", "batch", "domain", "reason", "since", "until")}
    return Asked(readers=form.all("reader"), statuses=form.all("status"), **one)


def _page(
    visitor: Visitor, session: Session, asked: Asked, search: Search, found: Page, *, nobody: str = ""
) -> HTMLResponse:
    readers = list(search.readers or ())
    known = spreadsheets.addresses(session, [*readers, *(line.subscriber_id for line in found.lines)])
    one = shelf.get(session, search.edition_id) if search.edition_id is not None else None
    values: dict[str, Any] = {
        "found": found,
        "addresses": known,
        "names": spreadsheets.names(session, found.lines),
        "edition": one,
        "name": shelf.name(one) if one else "",
        "sending": session.get(Sending, one.id) if one else None,
        "readers": readers,
        "looked_to": shelf.name(shelf.get(session, found.looked_to.edition_id)) if found.looked_to else "",
        "nobody": nobody,
    }
    return _shown(visitor, asked, asking.offered(session), **values)


def _sorry(visitor: Visitor, asked: Asked, error: BadInput | NotFound, *, who: str = "") -> HTMLResponse:
    with visitor.ground.app.database.read() as session:
        offered = asking.offered(session)
    status = 404 if isinstance(error, NotFound) else 400
    return _shown(visitor, asked, offered, status=status, sorry=str(error), who=who)


def _shown(visitor: Visitor, asked: Asked, offered: list[str], *, status: int = 200, **values: Any) -> HTMLResponse:
    nothing: dict[str, Any] = {
        "found": Page(()), "addresses": {}, "names": {}, "edition": None, "name": asked.edition, "sending": None,
        "readers": [], "looked_to": "", "nobody": "", "sorry": "", "who": "",
    }  # fmt: skip
    return visitor.page(
        "sendlog.html",
        status=status,
        **(nothing | values),
        asked=asked,
        offered=offered,
        statuses=list(Status),
        named=asking.named,
        zone=visitor.ground.zone,
        most=MOST_READERS,
        may_take=visitor.may(May.EXPORT),
    )
