"""Who is never mailed: by reason, with the evidence; one address added by hand."""

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from newsletter.errors import BadInput, NewsletterError
from newsletter.jobs import access, people
from newsletter.staff.roles import May
from newsletter.tracking import footings
from newsletter.web.staff.visitor import Posted, Visitor, looks, sends
from subscribers import roll, strangers, suppressions
from subscribers.errors import SubscribersError
from subscribers.models import Barred, SuppressionReason

router = APIRouter(prefix="/ops/suppressions")

_ON_A_PAGE = 50
Reads = Annotated[Visitor, Depends(looks(May.READ_AS))]
Changes = Annotated[Posted, Depends(sends(May.SUPPRESS))]

#: what a reason is called where there is little room
CALLED = {
    SuppressionReason.HARD_BOUNCE: "no such address",
    SuppressionReason.COMPLAINT: "complaint",
    SuppressionReason.GIVEN_UP: "given up",
    SuppressionReason.MANUAL: "by hand",
}
ABROAD = {
    Barred.HARD_BOUNCE: "no such address",
    Barred.COMPLAINT: "complaint",
    Barred.GIVEN_UP: "given up",
    Barred.MANUAL: "by hand",
    Barred.UNSUBSCRIBED: "left, elsewhere or under another address",
    Barred.ERASED: "erased",
}


@router.get("")
def listed(
    visitor: Reads, reason: SuppressionReason | None = None, before: int | None = None, done: str = ""
) -> HTMLResponse:
    """The list, the newest first."""
    return page(visitor, reason=reason, before=before, done=_DONE.get(done, ""))


@router.post("")
def add(posted: Changes) -> Response:
    """Never mail an address again, whether or not it is anybody's here."""
    visitor, form = posted.visitor, posted.form
    app, now, address = visitor.ground.app, visitor.ground.clock(), form.get("address")[:320]
    try:
        if form.get("do") != "add":
            raise BadInput("That form asks for nothing that can be done here.")
        note = form.get("note").strip()[:1000]
        changed = people.suppress(app, address, reason=SuppressionReason.MANUAL, note=note, by=visitor.doer, now=now)
        with app.database.read() as session:
            person = roll.find(session, address)
    except (NewsletterError, SubscribersError) as error:
        return page(visitor, sorry=str(error), status=400)
    word = "added" if changed else "known"
    where = f"readers/{person.id}?done={word}" if person else f"suppressions?done={word}"
    return RedirectResponse(f"{visitor.base}/ops/{where}", 303)


_DONE = {
    "added": "It is never mailed again. Nobody here has it, so a hash of it is kept and nothing else.",
    "known": "It was not to be mailed already.",
}


def page(
    visitor: Visitor,
    *,
    reason: SuppressionReason | None = None,
    before: int | None = None,
    done: str = "",
    sorry: str = "",
    status: int = 200,
) -> HTMLResponse:
    """The list for one *reason* or all, *before* one of them."""
    with visitor.ground.app.database.read() as session:
        found = suppressions.listed(session, reason=reason, before=before, limit=_ON_A_PAGE + 1)
        rows = found[:_ON_A_PAGE]
        rests = footings.of(session, [row.evidence for row in rows])
        counts, abroad = suppressions.counts(session), strangers.counts(session)
    return visitor.page(
        "suppressions.html",
        status=status,
        rows=rows,
        rests=rests,
        older=rows[-1].id if len(found) > len(rows) else None,
        before=before,
        reason=reason,
        counts=counts,
        abroad=abroad,
        called=CALLED,
        called_abroad=ABROAD,
        why=access.SUPPRESSED,
        may_change=visitor.may(May.SUPPRESS),
        done=done,
        sorry=sorry,
    )
