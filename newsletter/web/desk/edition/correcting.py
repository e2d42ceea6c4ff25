"""At the desk: a mistake in an edition that went out, corrected on its page and behind its links, and mailed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy.orm import Session

from newsletter.delivery.ledger import receivers
from newsletter.delivery.ledger.receivers import Reach
from newsletter.editions import corrections, review, shelf
from newsletter.editions.models import Edition, State
from newsletter.editions.words import Words
from newsletter.errors import BadInput, NewsletterError, NotFound
from newsletter.jobs import correcting
from newsletter.staff import acts
from newsletter.staff.roles import May
from newsletter.tracking.links import register
from newsletter.tracking.links.models import Correction, Tracked
from newsletter.web.desk.writing.fields import words_of
from newsletter.web.ground import Ground
from newsletter.web.staff.visitor import Posted, Visitor, looks, sends

router = APIRouter()

Drafts = Annotated[Visitor, Depends(looks(May.DRAFT))]
Writes = Annotated[Posted, Depends(sends(May.DRAFT))]
Corrects = Annotated[Posted, Depends(sends(May.APPROVE))]


@dataclass(frozen=True, slots=True)
class Panel:
    """What the page of a correction says of its readers, before it is approved."""

    #: the edition that it corrects
    of: Edition
    reach: Reach
    #: whom it reaches, a line for each
    lines: list[str]
    #: nothing more of that edition goes out, so that this can
    may_go: bool
    may_choose: bool


def panel(session: Session, visitor: Visitor, edition: Edition) -> Panel | None:
    """What correction.html shows of *edition*; None where it is no correction, or went out already."""
    newsletter = visitor.ground.newsletter_of(edition)
    if edition.corrects is None or newsletter is None or edition.state not in review.EDITABLE:
        return None
    found = correcting.reach(session, edition, newsletter, now=visitor.ground.clock())
    return Panel(
        session.get_one(Edition, edition.corrects),
        found,
        correcting.numbers(found, unknown_too=edition.unknown_too),
        receivers.is_over(session, edition.corrects),
        visitor.may(May.DRAFT) and found.unknown > 0,
    )


@router.get("/editions/{edition_id}/correct")
def show(edition_id: int, visitor: Drafts) -> HTMLResponse:
    """The words of an edition that went out, to be corrected, and what was corrected of it so far."""
    return _page(visitor, edition_id)


@router.post("/editions/{edition_id}/correct")
def correct(edition_id: int, posted: Corrects) -> Response:
    """Put it right on its page and behind its links; what was typed stays where it can't be."""
    visitor, here, now = posted.visitor, posted.visitor.ground, posted.visitor.ground.clock()
    note, seen = posted.form.get("note").replace("\r\n", "\n"), posted.form.get("revision")
    with here.app.database.read() as session:
        _, said = corrections.says(session, shelf.get(session, edition_id))
    words = said
    try:
        words = words_of(posted.form, said)
        if not (seen.isascii() and seen.isdigit() and len(seen) < 10):
            raise BadInput("That form is not whole: open its page again.")
        made = correcting.correct(here.app, edition_id, words, note=note, by=visitor.doer.who, seen=int(seen), now=now)
    except NotFound:
        raise
    except NewsletterError as error:
        return _page(visitor, edition_id, words=words, note=note, sorry=str(error), status=409)
    _note(visitor, edition_id, "corrected what went out", revision=made.revision)
    return _back(visitor, f"/editions/{edition_id}/correct#so-far")


@router.post("/editions/{edition_id}/correct/mail")
def mail(edition_id: int, posted: Writes) -> Response:
    """Draft the mail about the last correction; nothing goes out by it."""
    visitor = posted.visitor
    try:
        made, _ = correcting.write(visitor.ground.app, edition_id, by=visitor.doer.who, now=visitor.ground.clock())
    except NotFound:
        raise
    except NewsletterError as error:
        return _page(visitor, edition_id, sorry=str(error), status=409)
    _note(visitor, edition_id, "wrote a correction to be mailed", mail=shelf.name(made))
    return _back(visitor, f"/editions/{made.id}")


@router.post("/editions/{edition_id}/receivers")
def choose(edition_id: int, posted: Writes) -> Response:
    """Whether a correction also goes to those of whom nobody can say whether they have what it corrects."""
    visitor, here, now = posted.visitor, posted.visitor.ground, posted.visitor.ground.clock()
    unknown_too = posted.form.get("unknown_too") == "yes"
    with here.app.database.write() as session:
        edition = shelf.get(session, edition_id, lock=True)
        corrections.choose(session, edition, unknown_too=unknown_too, by=visitor.doer.who, now=now)
    _note(visitor, edition_id, "chose who gets a correction", unknown_too=unknown_too)
    return _back(visitor, f"/editions/{edition_id}")


def _page(
    visitor: Visitor,
    edition_id: int,
    *,
    words: Words | None = None,
    note: str = "",
    sorry: str = "",
    status: int = 200,
) -> HTMLResponse:
    here = visitor.ground
    with here.app.database.read() as session:
        edition = shelf.get(session, edition_id)
        corrections.refuse_unless_out(edition)
        revision, said = corrections.says(session, edition)
        history = corrections.history(session, edition_id)
        mails = corrections.mails(session, edition_id)
        moved = register.history(session, edition_id)
        counted = session.get(Tracked, edition_id) is not None
    newsletter = here.newsletter_of(edition)
    return visitor.page(
        "correct.html",
        status=status,
        edition=edition,
        name=shelf.name(edition),
        names={one.id: shelf.name(one) for one in mails},
        title=_title(here, edition),
        zone=newsletter.zone if newsletter else None,
        revision=revision,
        says=words or said,
        note=note,
        sorry=sorry,
        history=history,
        mails=mails,
        moved=_together(moved),
        waiting=any(one.state in review.EDITABLE - {State.SKIPPED} for one in mails),
        counted=counted,
        may_correct=visitor.may(May.APPROVE),
    )


def _together(moved: Sequence[Correction]) -> list[tuple[Correction, list[int]]]:
    """Links that were led elsewhere together, under the first of them."""
    found: dict[tuple[object, ...], tuple[Correction, list[int]]] = {}
    for one in moved:
        found.setdefault((one.at, one.was, one.url), (one, []))[1].append(one.number)
    return list(found.values())


def _title(here: Ground, edition: Edition) -> str:
    newsletter = here.newsletter_of(edition)
    return newsletter.title if newsletter else edition.newsletter


def _note(visitor: Visitor, edition_id: int, did: str, **details: object) -> None:
    with visitor.ground.app.database.write() as session:
        name = shelf.name(shelf.get(session, edition_id))
        acts.note(session, visitor.doer, did, name, now=visitor.ground.clock(), **details)


def _back(visitor: Visitor, path: str) -> RedirectResponse:
    return RedirectResponse(f"{visitor.base}{path}", 303)
