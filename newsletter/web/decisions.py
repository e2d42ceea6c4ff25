"""The links of a draft mail: approve, hold, edit. The link is the editor's word; the GET only asks."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Annotated, Any
from urllib.parse import urlsplit

from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy.orm import Session

from newsletter.editions import calendar, review, revisions, shelf
from newsletter.editions.models import Edition, State
from newsletter.editions.revisions import Line
from newsletter.errors import AlreadyDone, BadInput, NewsletterError, NotFound
from newsletter.jobs import deciding, passes
from newsletter.jobs.passes import Pass, Verb
from newsletter.rendering import proofs
from newsletter.staff import users
from newsletter.staff.roles import ROLES
from newsletter.web import visitors
from newsletter.web.ground import Ground, Here
from newsletter.web.readers.forms import filled

router = APIRouter()


async def _seen(request: Request) -> str | None:
    """The bytes that whoever presses the button was shown; None from a program that sends no form along."""
    if not request.headers.get("content-type"):
        return None
    return (await filled(request)).get("digest") or None


Seen = Annotated[str | None, Depends(_seen)]


@router.get("/desk/{verb}/{token}")
def ask(verb: Verb, token: str, request: Request, here: Here) -> Response:
    """Show what the link would do; an edit link leads to the edition, on the machine where the desk opens."""
    given = _given(here, verb, token)
    is_here = visitors.is_local(request.client.host if request.client else "", request.headers)
    if verb is Verb.EDIT and is_here and not _is_stale(here, given):
        return RedirectResponse(f"/editions/{given.edition_id}", 303)
    return _page(here, given)


@router.post("/desk/{verb}/{token}")
def decide(verb: Verb, token: str, here: Here, seen: Seen) -> HTMLResponse:
    """Do what the link says; where that was done already, or no longer can be, the page says so."""
    given = _given(here, verb, token)
    act: Callable[..., object]
    if verb is Verb.APPROVE:
        act = partial(deciding.approve, digest=seen)
    elif verb is Verb.HOLD:
        act = deciding.hold
    else:
        raise BadInput("That link only opens the edition; it decides nothing.")
    if _is_stale(here, given):
        return _page(here, given, status=409)
    try:
        act(here.app, given.edition_id, by=given.editor, revision=given.revision, now=here.clock())
    except AlreadyDone:
        return _page(here, given)
    return _page(here, given, done=True)


def _given(here: Ground, verb: Verb, token: str) -> Pass:
    given = passes.read(here.app.settings, token, now=here.clock())
    if given.verb is not verb:
        raise BadInput("This link is not complete: open it from the email, or copy it whole.")
    _refuse_who_may_not(here, given)
    return given


def _refuse_who_may_not(here: Ground, given: Pass) -> None:
    """403 where whom the link was mailed to has an account that may not; who has none has the link alone."""
    with here.app.database.read() as session:
        user = users.find(session, given.editor)
    if user is None:
        return
    if user.closed_at is not None:
        raise HTTPException(403, "The account that this link was mailed to is closed, and the link with it.")
    needed = passes.NEEDS[given.verb]
    if needed not in ROLES[user.role]:
        raise HTTPException(403, f"{user.called} may not {needed.value}. An admin can change that, at People.")


def _is_stale(here: Ground, given: Pass) -> bool:
    with here.app.database.read() as session:
        return shelf.get(session, given.edition_id).revision != given.revision


def _page(here: Ground, given: Pass, *, done: bool = False, status: int = 200) -> HTMLResponse:
    with here.app.database.read() as session:
        edition = shelf.get(session, given.edition_id)
        stale = edition.revision != given.revision
        values: dict[str, Any] = {
            "verb": given.verb.value,
            "edition": edition,
            "can": _can(given.verb, edition),
            "stale": stale,
            "done": done,
            "digest": _digest(session, here, edition),
            "by": deciding.said_by(session, edition, here.newsletter_of(edition)),
            "goes_out": _goes_out(session, here, edition),
            "changes": _changes(session, edition, given.revision) if stale else None,
            "onward": _onward(here, given, edition) if stale else "",
        }
    revisions.see(here.app.database, edition, given.editor)
    return here.page("decide.html", status=status, **values)


def _digest(session: Session, here: Ground, edition: Edition) -> str:
    """The bytes that an approval would be of; empty where its template can't be filled."""
    newsletter = here.newsletter_of(edition)
    if newsletter is None:
        return ""
    try:
        proof = proofs.frozen(session, edition) or proofs.today(
            edition, newsletter, here.app.settings, now=here.clock()
        )
    except NewsletterError:
        return ""
    return proof.digest


def _can(verb: Verb, edition: Edition) -> str:
    """Where *edition* stands to what the link would do: "ask", "already", "over"."""
    to = State.HELD if verb is Verb.HOLD else State.APPROVED
    if edition.state not in review.EDITABLE:
        return "over"
    return "already" if edition.state is to and verb is not Verb.EDIT else "ask"


def _changes(session: Session, edition: Edition, revision: int) -> list[Line] | None:
    """What was changed since *revision*; None where nobody can say."""
    try:
        return revisions.difference(session, edition, revision)
    except NotFound:
        return None


def _onward(here: Ground, given: Pass, edition: Edition) -> str:
    """The same link for *edition* as it stands now, good no longer than the one it was reached by."""
    onward = replace(given, revision=edition.revision)
    base = urlsplit(here.app.settings.public_url).path
    return f"{base}/desk/{given.verb.value}/{passes.sign(here.app.settings, onward, now=here.clock())}"


def _goes_out(session: Session, here: Ground, edition: Edition) -> str:
    """When an approved *edition* goes out, in words that are true."""
    newsletter = here.newsletter_of(edition)
    if newsletter is None or edition.state is not State.APPROVED:
        return ""
    at = calendar.will_send(session, newsletter, edition.date, here.clock())
    if at is None:
        return f"Its time by the clock is over: it goes out only by hand, with newsletter send {shelf.name(edition)}."
    if at <= here.clock():
        return "It goes out now."
    local = at.astimezone(newsletter.zone)
    return f"It goes out on {local:%A} {local.day} {local:%B at %H:%M} ({newsletter.time_zone})."
