"""Decisions about an edition at the desk: approve, hold, skip, take back, cancel; stop a sending, let it go on."""

from collections.abc import Callable
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from newsletter.delivery.operations.controls import Verb
from newsletter.editions import shelf
from newsletter.editions.models import Edition
from newsletter.errors import AlreadyDone, NewsletterError, WrongState
from newsletter.jobs import deciding, steering
from newsletter.staff import acts
from newsletter.staff.roles import May
from newsletter.web.desk.edition import editions
from newsletter.web.staff.visitor import Posted, Visitor, sends

router = APIRouter()

_LONGEST_REASON = 500
_STOPPED = "stopped at the desk"
#: say yes or no to words, and not to an edition whatever it says
_OF_ONE_REVISION: tuple[Callable[..., object], ...] = (deciding.approve, deciding.hold)


@router.post("/editions/{edition_id}/approve")
def approve(edition_id: int, posted: Annotated[Posted, Depends(sends(May.APPROVE))]) -> Response:
    """Say yes to the revision that was looked at."""
    seen = posted.form.get("digest")
    return _decide(edition_id, posted, "approved", partial(deciding.approve, digest=seen), bytes=seen[:12])


@router.post("/editions/{edition_id}/hold")
def hold(edition_id: int, posted: Annotated[Posted, Depends(sends(May.APPROVE))]) -> Response:
    """Not now."""
    return _decide(edition_id, posted, "held", deciding.hold)


@router.post("/editions/{edition_id}/skip")
def skip(edition_id: int, posted: Annotated[Posted, Depends(sends(May.APPROVE))]) -> Response:
    """No edition this time."""
    return _decide(edition_id, posted, "skipped", deciding.skip)


@router.post("/editions/{edition_id}/reopen")
def reopen(edition_id: int, posted: Annotated[Posted, Depends(sends(May.APPROVE))]) -> Response:
    """Take an approval, a hold or a skip back."""
    return _decide(edition_id, posted, "reopened", deciding.reopen)


@router.post("/editions/{edition_id}/cancel")
def cancel(edition_id: int, posted: Annotated[Posted, Depends(sends(May.APPROVE))]) -> Response:
    """Stop it for good."""
    return _decide(edition_id, posted, "cancelled", deciding.cancel)


@router.post("/editions/{edition_id}/stop")
def stop(edition_id: int, posted: Annotated[Posted, Depends(sends(May.STOP))]) -> Response:
    """Let nothing more leave."""
    return _steer(edition_id, posted, Verb.PAUSE, reason=_STOPPED)


@router.post("/editions/{edition_id}/go-on")
def go_on(edition_id: int, posted: Annotated[Posted, Depends(sends(May.SEND))]) -> Response:
    """Send what is left."""
    return _steer(edition_id, posted, Verb.RESUME)


def _decide(edition_id: int, posted: Posted, did: str, verb: Callable[..., object], **more: str) -> Response:
    visitor, here, now = posted.visitor, posted.visitor.ground, posted.visitor.ground.clock()
    reason = _reason(posted)
    try:
        with here.app.database.read() as session:
            edition = shelf.get(session, edition_id)
            _refuse_unseen(edition, posted)
        # asked once more where it is decided: somebody may be typing
        seen = {"revision": edition.revision} if verb in _OF_ONE_REVISION else {}
        verb(here.app, edition_id, by=visitor.doer.who, reason=reason, now=now, **seen)
    except AlreadyDone:
        return _back(visitor, edition_id)
    except NewsletterError as error:
        return editions.page(visitor, edition_id, sorry=str(error), status=409)
    with here.app.database.write() as session:
        details = more | ({"reason": reason} if reason else {})
        name = shelf.name(edition)
        acts.note(session, visitor.doer, did, name, now=now, revision=edition.revision, **details)
    return _back(visitor, edition_id)


def _steer(edition_id: int, posted: Posted, verb: Verb, *, reason: str = "") -> Response:
    visitor, here = posted.visitor, posted.visitor.ground
    try:
        with here.app.database.read() as session:
            _refuse_unseen(shelf.get(session, edition_id), posted)
        why = _reason(posted) or reason
        steering.do(here.app, edition_id, verb, by=visitor.doer, reason=why, now=here.clock())
    except NewsletterError as error:
        return editions.page(visitor, edition_id, sorry=str(error), status=409)
    return _back(visitor, edition_id)


def _reason(posted: Posted) -> str:
    return " ".join(posted.form.get("reason").split())[:_LONGEST_REASON]


def _refuse_unseen(edition: Edition, posted: Posted) -> None:
    """What somebody decides they have seen; buttons of a page that is out of date decide nothing."""
    if posted.form.get("revision") != str(edition.revision):
        raise WrongState("Somebody has changed it since you opened the page: look at it as it is now, then decide.")


def _back(visitor: Visitor, edition_id: int) -> HTMLResponse | RedirectResponse:
    return RedirectResponse(f"{visitor.base}/editions/{edition_id}", 303)
