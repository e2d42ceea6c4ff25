"""The whole of an edition as the same plain text that the command line knows."""

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from newsletter import jobs
from newsletter.editions import plain_text, review, revisions, shelf
from newsletter.editions.models import Edition
from newsletter.errors import NewsletterError
from newsletter.staff import acts
from newsletter.staff.roles import May
from newsletter.web.desk.writing import fields
from newsletter.web.desk.writing.fields import number
from newsletter.web.staff.visitor import Posted, Visitor, looks, sends

router = APIRouter()

Drafts = Annotated[Visitor, Depends(looks(May.DRAFT))]
Saves = Annotated[Posted, Depends(sends(May.DRAFT, fields.read))]


@router.get("/editions/{edition_id}/edit/text")
def edit(edition_id: int, visitor: Drafts) -> HTMLResponse:
    """Its words, to be changed."""
    with visitor.ground.app.database.read() as session:
        edition = shelf.get(session, edition_id)
        review.refuse_unless_editable(edition)
        text = plain_text.write(edition)
    return _page(visitor, edition, text)


@router.post("/editions/{edition_id}/edit/text")
def save(edition_id: int, posted: Saves) -> Response:
    """Keep them; what can't be understood is named with its line, and nothing that was typed is lost."""
    visitor, app, now = posted.visitor, posted.visitor.ground.app, posted.visitor.ground.clock()
    # a browser sends every line's end as two signs
    text, seen = posted.form.get("text").replace("\r\n", "\n"), number(posted.form.get("revision"))
    with app.database.read() as session:
        edition = shelf.get(session, edition_id)
    try:
        words = plain_text.read(text, needs_story=edition.corrects is None).words
        with app.database.write() as session:
            edition = shelf.get(session, edition_id, lock=True)
            if edition.revision != seen:
                return _conflict(visitor, edition_id, text, seen)
            jobs.rewrite(session, edition, words, by=visitor.doer.who, now=now)
            if edition.revision != seen:
                name = shelf.name(edition)
                acts.note(session, visitor.doer, "changed the words", name, now=now, revision=edition.revision)
    except NewsletterError as error:
        return _page(visitor, edition, text, seen=seen, sorry=str(error), status=400)
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
        "writing_text.html",
        status=status,
        edition=edition,
        text=text,
        revision=edition.revision if seen is None else seen,
        sorry=sorry,
        theirs=theirs,
    )
