"""Leaving by one click (RFC 8058) or by the page, the way back, and why, if somebody wants to say."""

from fastapi import APIRouter
from fastapi.responses import HTMLResponse
from itsdangerous import BadData, URLSafeTimedSerializer
from sqlalchemy.orm import Session

from newsletter.errors import BadInput
from newsletter.web.ground import Ground, Here
from newsletter.web.readers import visits
from newsletter.web.readers.forms import Form
from newsletter.web.readers.visits import Visit
from subscribers import departures, roll
from subscribers.models import Why

router = APIRouter()

#: seconds in which the way back works, counted from when its page was opened
UNDO = 24 * 3600
#: the reasons that may be given, as the person reads them
REASONS = {
    Why.TOO_OFTEN: "It comes too often",
    Why.NOT_RELEVANT: "It is not about what I need",
    Why.NEVER_ASKED: "I never asked for it",
    Why.ELSEWHERE: "I read it elsewhere",
    Why.OTHER: "Something else",
}


@router.get("/u/{token}")
def ask(token: str, here: Here) -> HTMLResponse:
    """Ask whether the reader wants to leave; who has left finds the way back."""
    with here.app.database.read() as session:
        who = visits.visit(session, here, token)
        if not visits.still_on(session, who):
            return _left(session, here, who)
    return visits.page(here, who, "leave.html")


@router.post("/u/{token}")
def leave(token: str, here: Here, by: str = "") -> HTMLResponse:
    """Leave the edition's lists, at once and for good (RFC 8058 section 3.1); again does no harm.

    The body is not looked at: a mail program posts List-Unsubscribe=One-Click, without cookies.
    """
    source = "unsubscribe page" if by == "page" else "one-click"
    with here.app.database.write() as session:
        who = visits.visit(session, here, token)
        leaving = visits.still_on(session, who)
        if who.person and leaving:
            roll.unsubscribe(session, who.person.id, leaving, source=source, now=here.clock())
        return _left(session, here, who, leaving=leaving)


@router.post("/u/{token}/undo")
def come_back(token: str, here: Here, form: Form) -> HTMLResponse:
    """Take it back, from the page that says it is done."""
    try:
        undone, *lists = _undoing(here).loads(form.get("undo"), max_age=UNDO)
    except (BadData, TypeError, ValueError) as error:
        raise BadInput("It is too late to undo that here: choose your lists on the preferences page.") from error
    if undone != token:
        raise BadInput("That button belongs to another page: open the link in your email again.")
    with here.app.database.write() as session:
        who = visits.visit(session, here, token)
        if who.person:
            visits.join(session, here, who.person, lists, source="undo on the unsubscribe page")
    return visits.page(here, who, "back.html")


@router.post("/u/{token}/why")
def say_why(token: str, here: Here, form: Form) -> HTMLResponse:
    """Keep the reason that was clicked; another click replaces it."""
    try:
        why = Why(form.get("why"))
    except ValueError as error:
        raise BadInput("That is not one of the reasons: open the link in your email again.") from error
    with here.app.database.write() as session:
        who = visits.visit(session, here, token)
        if who.person:
            departures.note(
                session, who.person.id, why, newsletter=who.newsletter.slug if who.newsletter else "",
                edition_id=who.edition.id if who.edition else None, now=here.clock(),
            )  # fmt: skip
        return _left(session, here, who, said=why)


def _left(
    session: Session, here: Ground, who: Visit, *, leaving: list[str] | None = None, said: Why | None = None
) -> HTMLResponse:
    """The page after leaving; the way back leads to what was left just now, or at any time before."""
    lists = leaving or visits.gone_from(session, who)
    undo = _undoing(here).dumps([who.token, *lists]) if lists else ""
    return visits.page(here, who, "left.html", undo=undo, reasons=REASONS, said=said)


def _undoing(here: Ground) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(here.secret, salt="newsletter.web.readers.undo")
