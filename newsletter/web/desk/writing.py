"""An edition written at the desk, as the same plain text that the command line knows; its versions, and undo."""

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from newsletter import jobs
from newsletter.editions import plain_text, review, revisions, shelf
from newsletter.editions.models import Edition
from newsletter.errors import BadInput, NewsletterError, WrongState
from newsletter.staff import acts
from newsletter.staff.roles import May
from newsletter.web.desk.visitor import Posted, Visitor, looks, sends

router = APIRouter()

Drafts = Annotated[Visitor, Depends(looks(May.DRAFT))]
Saves = Annotated[Posted, Depends(sends(May.DRAFT))]


@router.get("/editions/{edition_id}/edit")
def edit(edition_id: int, visitor: Drafts) -> HTMLResponse:
    """Its words, to be changed."""
    with visitor.ground.app.database.read() as session:
        edition = shelf.get(session, edition_id)
        review.refuse_unless_editable(edition)
        text = plain_text.write(edition)
    return _page(visitor, edition, text)


@router.post("/editions/{edition_id}/edit")
def save(edition_id: int, posted: Saves) -> Response:
    """Keep them; what can't be understood is named with its line, and nothing that was typed is lost."""
    visitor, app, now = posted.visitor, posted.visitor.ground.app, posted.visitor.ground.clock()
    # a browser sends every line's end as two signs
    text, seen = posted.form.get("text").replace("\r\n", "\n"), _number(posted.form.get("revision"))
    with app.database.read() as session:
        edition = shelf.get(session, edition_id)
    try:
        words = plain_text.read(text).words
        with app.database.write() as session:
            edition = shelf.get(session, edition_id)
            if edition.revision != seen:
                return _conflict(visitor, edition_id, text, seen)
            of = app.newsletter(edition.newsletter)
            edition, _ = jobs.take_in(session, of, edition.date, words, by=visitor.doer.who, now=now)
            if edition.revision != seen:
                name = shelf.name(edition)
                acts.note(session, visitor.doer, "changed the words", name, now=now, revision=edition.revision)
    except NewsletterError as error:
        return _page(visitor, edition, text, seen=seen, sorry=str(error), status=400)
    return RedirectResponse(f"{visitor.base}/editions/{edition_id}", 303)


@router.get("/editions/{edition_id}/versions")
def versions(edition_id: int, visitor: Drafts, since: int | None = None) -> HTMLResponse:
    """What it said before, who changed it, and what changed."""
    with visitor.ground.app.database.read() as session:
        edition = shelf.get(session, edition_id)
        kept = revisions.kept(session, edition)
        before = since if since is not None else max(edition.revision - 1, 1)
        known = any(each.revision == before for each in kept)
        changes = revisions.difference(session, edition, before) if known else None
    newsletter = visitor.ground.newsletter_of(edition)
    return visitor.page(
        "versions.html",
        edition=edition,
        kept=kept,
        before=before,
        changes=changes,
        zone=newsletter.zone if newsletter else None,
        may_restore=edition.state in review.EDITABLE,
    )


@router.post("/editions/{edition_id}/versions")
def restore(edition_id: int, posted: Saves) -> Response:
    """Let it say again what it said; that is a change like any other, and can be taken back as well."""
    visitor, app, now = posted.visitor, posted.visitor.ground.app, posted.visitor.ground.clock()
    wanted, seen = _number(posted.form.get("restore")), _number(posted.form.get("revision"))
    with app.database.write() as session:
        edition = shelf.get(session, edition_id)
        if edition.revision != seen:
            raise WrongState("Somebody has changed it since you opened the page: look at its versions again.")
        of = app.newsletter(edition.newsletter)
        words = revisions.said(session, edition, wanted)
        edition, _ = jobs.take_in(session, of, edition.date, words, by=visitor.doer.who, now=now)
        acts.note(session, visitor.doer, "restored a version", shelf.name(edition), now=now, restored=wanted)
    return RedirectResponse(f"{visitor.base}/editions/{edition_id}", 303)


def _conflict(visitor: Visitor, edition_id: int, text: str, seen: int) -> HTMLResponse:
    """Somebody else saved first: show what they changed, keep what was typed, overwrite only when told so."""
    with visitor.ground.app.database.read() as session:
        edition = shelf.get(session, edition_id)
        known = any(each.revision == seen for each in revisions.kept(session, edition))
        theirs = revisions.difference(session, edition, seen) if known else []
        who = next((each.by for each in revisions.kept(session, edition) if each.revision == edition.revision), "")
    sorry = f"{who or 'Somebody'} has changed it while you were writing, and nothing of either is lost."
    return _page(visitor, edition, text, sorry=sorry, theirs=theirs, status=409)


def _page(
    visitor: Visitor,
    edition: Edition,
    text: str,
    *,
    seen: int | None = None,
    sorry: str = "",
    theirs: list[revisions.Line] | None = None,
    status: int = 200,
) -> HTMLResponse:
    return visitor.page(
        "edit.html",
        status=status,
        edition=edition,
        text=text,
        revision=edition.revision if seen is None else seen,
        sorry=sorry,
        theirs=theirs,
    )


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise BadInput("That form is not complete: open its page again.")
    return int(text)
