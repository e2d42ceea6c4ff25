"""The results of an edition: its balance, domains, reasons, clicks, who left and complained."""

from fastapi import APIRouter

from newsletter.editions import shelf
from newsletter.tracking.reports import kept
from newsletter.tracking.reports.figures import Report
from newsletter.web.api.callers import Looks
from newsletter.web.api.door import Door
from newsletter.web.api.fields import Number

router = APIRouter(route_class=Door, tags=["Results"])


@router.get("/editions/{edition_id}/results", summary="Results of an edition")
def show_results(edition_id: Number, caller: Looks) -> Report:
    """Counted now, or for a large edition when its figures were made last (`at`); 404 before anything is planned."""
    with caller.app.database.read() as session:
        return kept.look(session, caller.app.settings, shelf.get(session, edition_id), now=caller.now)
