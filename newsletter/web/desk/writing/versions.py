"""What an edition said before: its versions, what is between any two of them, their names, and the way back."""

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from newsletter import jobs
from newsletter.editions import review, revisions, shelf
from newsletter.errors import WrongState
from newsletter.staff import acts
from newsletter.staff.roles import May
from newsletter.web.desk.writing.fields import number
from newsletter.web.staff.visitor import Posted, Visitor, looks, sends

router = APIRouter()

Drafts = Annotated[Visitor, Depends(looks(May.DRAFT))]
Saves = Annotated[Posted, Depends(sends(May.DRAFT))]


@router.get("/editions/{edition_id}/versions")
def versions(edition_id: int, visitor: Drafts, since: int | None = None, to: int | None = None) -> HTMLResponse:
    """What it said before, who changed it, and what changed: *since* one of them, to now or *to* another."""
    with visitor.ground.app.database.read() as session:
        edition = shelf.get(session, edition_id)
        kept = revisions.versions(session, edition)
        before = since if since is not None else next((row.revision for row in kept[1:2]), edition.revision)
        after = to if to is not None else edition.revision
        older, newer = min(before, after), max(before, after)
        known = {row.revision for row in revisions.kept(session, edition)}
        changes = revisions.difference(session, edition, older, newer) if {older, newer} <= known else None
    newsletter = visitor.ground.newsletter_of(edition)
    revisions.see(visitor.ground.app.database, edition, visitor.doer.who)
    return visitor.page(
        "versions.html",
        edition=edition,
        kept=kept,
        before=older,
        after=newer,
        changes=changes,
        zone=newsletter.zone if newsletter else None,
        may_restore=edition.state in review.EDITABLE,
        longest_name=revisions.LONGEST_NAME,
    )


@router.post("/editions/{edition_id}/versions")
def restore(edition_id: int, posted: Saves) -> Response:
    """Let it say again what it said; that is a change like any other, and can be taken back as well."""
    visitor, app, now = posted.visitor, posted.visitor.ground.app, posted.visitor.ground.clock()
    wanted, seen = number(posted.form.get("restore")), number(posted.form.get("revision"))
    with app.database.write() as session:
        edition = shelf.get(session, edition_id, lock=True)
        if edition.revision != seen:
            raise WrongState("Somebody has changed it since you opened the page: look at its versions again.")
        words = revisions.said(session, edition, wanted)
        jobs.rewrite(session, edition, words, by=visitor.doer.who, now=now)
        acts.note(session, visitor.doer, "restored a version", shelf.name(edition), now=now, restored=wanted)
    return RedirectResponse(f"{visitor.base}/editions/{edition_id}", 303)


@router.post("/editions/{edition_id}/versions/name")
def name(edition_id: int, posted: Saves) -> Response:
    """Call a version something, so that it is found again."""
    visitor, app, now = posted.visitor, posted.visitor.ground.app, posted.visitor.ground.clock()
    wanted = number(posted.form.get("version"))
    with app.database.write() as session:
        edition = shelf.get(session, edition_id, lock=True)
        row = revisions.call(session, edition, wanted, posted.form.get("name"))
        acts.note(
            session, visitor.doer, "named a version", shelf.name(edition), now=now, revision=wanted, name=row.name
        )
    return RedirectResponse(f"{visitor.base}/editions/{edition_id}/versions?since={wanted}", 303)
