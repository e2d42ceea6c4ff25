"""Links to show an edition to somebody without an account: made, listed and withdrawn by who may write it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Path
from fastapi.responses import RedirectResponse, Response
from sqlalchemy.orm import Session

from newsletter.editions import shelf, showing
from newsletter.editions.models import Edition, Showing
from newsletter.errors import BadInput
from newsletter.staff import acts
from newsletter.staff.roles import May
from newsletter.web.staff.visitor import Posted, Visitor, sends

router = APIRouter()

Shares = Annotated[Posted, Depends(sends(May.DRAFT))]


@dataclass(frozen=True, slots=True)
class Link:
    """One link, and whether it shows what the edition says now."""

    showing: Showing
    address: str
    is_current: bool


def links(session: Session, visitor: Visitor, edition: Edition) -> Sequence[Link]:
    """The links of *edition*, for who may make some."""
    if not visitor.may(May.DRAFT):
        return []
    here = visitor.ground
    return [
        Link(
            one,
            f"{here.app.settings.public_url}/show/{showing.sign(here.secret, one)}",
            one.revision == edition.revision,
        )
        for one in showing.standing(session, edition, now=here.clock())
    ]


@router.post("/editions/{edition_id}/showings")
def make(edition_id: int, posted: Shares) -> Response:
    """A new link to the revision that is looked at."""
    visitor, now = posted.visitor, posted.visitor.ground.clock()
    days = _number(posted.form.get("days"))
    with visitor.ground.app.database.write() as session:
        edition = shelf.get(session, edition_id)
        made = showing.make(session, edition, days=days, by=visitor.doer.who, now=now)
        acts.note(session, visitor.doer, "made a link to show", shelf.name(edition), now=now, link=made.id, days=days)
    return RedirectResponse(f"{visitor.base}/editions/{edition_id}#showings", 303)


@router.post("/editions/{edition_id}/showings/{number}/withdraw")
def withdraw(edition_id: int, number: Annotated[int, Path(ge=1, lt=2**53)], posted: Shares) -> Response:
    """Nobody gets in by that link any more."""
    visitor, now = posted.visitor, posted.visitor.ground.clock()
    with visitor.ground.app.database.write() as session:
        edition = shelf.get(session, edition_id)
        if showing.withdraw(session, edition, number, now=now):
            acts.note(session, visitor.doer, "withdrew a link to show", shelf.name(edition), now=now, link=number)
    return RedirectResponse(f"{visitor.base}/editions/{edition_id}#showings", 303)


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 5):
        raise BadInput(f"Say for how many days, from 1 to {showing.MOST_DAYS}.")
    return int(text)
