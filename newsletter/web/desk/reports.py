"""Beside the send log: why one reader has an edition or not, with their copy's story, and the edition's figures."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse, Response

from newsletter.editions import shelf
from newsletter.tracking.reports import asking, figures, tables
from newsletter.web.desk.visitor import Looks
from newsletter.web.ground import Ground

router = APIRouter()

Part = Literal["domains", "reasons", "clicks", "rates", "growth"]


@router.get("/editions/{edition_id}/report")
def report(edition_id: int, visitor: Looks) -> HTMLResponse:
    """The figures of an edition."""
    found = _report(edition_id, visitor.ground)
    parts = {name: tables.shown(found, name) for name in tables.PARTS if name != "balance"}
    return visitor.page("report.html", report=found, parts=parts, spoken=tables.WORDS)


@router.get("/editions/{edition_id}/report.csv")
def spreadsheet(edition_id: int, visitor: Looks, part: Annotated[Part | None, Query()] = None) -> Response:
    """The same as a file."""
    found = _report(edition_id, visitor.ground)
    name = f"{found.edition.replace('/', '-')}-{part or 'report'}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(tables.csv_of(found, part), media_type="text/csv; charset=utf-8", headers=headers)


def _report(edition_id: int, here: Ground) -> figures.Report:
    with here.app.database.read() as session:
        return figures.of(session, here.app.settings, shelf.get(session, edition_id), now=here.clock())


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
