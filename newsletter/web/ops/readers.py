"""One reader: who they are, how they stand and why, what they were sent; and what can be done for them."""

import json
from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from newsletter.errors import BadInput, NewsletterError, NotFound
from newsletter.jobs import access, people
from newsletter.staff.roles import May
from newsletter.web.ops.suppressions import CALLED
from newsletter.web.readers.forms import Filled
from newsletter.web.staff.visitor import Posted, Visitor, looks, sends
from subscribers import standing
from subscribers.errors import NoSuchSubscriber, SubscribersError
from subscribers.models import Barred, Consent, Subscriber, SuppressionReason

router = APIRouter(prefix="/ops/readers")

Reads = Annotated[Visitor, Depends(looks(May.READ_AS))]
Asks = Annotated[Posted, Depends(sends(May.READ_AS))]
Changes = Annotated[Posted, Depends(sends(May.SUPPRESS))]

_DONE = {
    "added": "No mail goes there any more.",
    "known": "No mail went there already.",
    "lifted": "Mail may go there again.",
    "left": "They are off the list.",
    "asked": "A letter that asks for their yes is on its way. Nothing else goes there before they gave it.",
    "erased": "They are forgotten.",
}


@router.get("")
def find(visitor: Reads, done: str = "") -> HTMLResponse:
    """Where an address is asked for: in a form, because the address of a page is written down on its way."""
    return _search(visitor, done=_DONE.get(done, ""))


@router.post("")
def found(posted: Asks) -> Response:
    """Who has that address or number; and what may be done about an address that nobody here has."""
    visitor, form = posted.visitor, posted.form
    who = form.get("who").strip()[:320]
    if who.isascii() and who.isdigit() and len(who) < 19:
        return RedirectResponse(f"{visitor.base}/ops/readers/{int(who)}", 303)
    if not who:
        return _search(visitor, sorry="Type an address, or a reader’s number.", status=400)
    if form.get("do") == "lift":
        return _lift_of_nobody(visitor, who, form)
    with visitor.ground.app.database.read() as session:
        known = standing.of_address(session, who, guess=True)
    if known.person is not None:
        return RedirectResponse(f"{visitor.base}/ops/readers/{known.person.id}", 303)
    return _search(visitor, who=who, known=known)


@router.get("/{number}")
def one(number: int, visitor: Reads, done: str = "") -> HTMLResponse:
    """The page of one reader."""
    return _page(visitor, number, done=_DONE.get(done, ""))


@router.post("/{number}")
def change(number: int, posted: Changes) -> Response:
    """Suppress, lift, unsubscribe, ask back or erase."""
    visitor, form = posted.visitor, posted.form
    verb = _VERBS.get(form.get("do"))
    try:
        if verb is None:
            raise BadInput("That form asks for nothing that can be done here.")
        done = verb(visitor, _person(visitor, number), form)
    except NotFound:
        raise
    except (NewsletterError, SubscribersError) as error:
        return _page(visitor, number, sorry=str(error), status=400)
    where = "" if done == "erased" else f"/{number}"
    return RedirectResponse(f"{visitor.base}/ops/readers{where}?done={done}", 303)


@router.post("/{number}/everything")
def everything(number: int, posted: Changes) -> Response:
    """All that is held about them, as a file: what a person may ask for. It is written down who took it."""
    visitor = posted.visitor
    try:
        held = people.everything(visitor.ground.app, number, by=visitor.doer, now=visitor.ground.clock())
    except NoSuchSubscriber as error:
        raise NotFound(str(error)) from error
    headers = {"Content-Disposition": f'attachment; filename="reader-{number}.json"', "Cache-Control": "no-store"}
    body = json.dumps(held, indent=2, ensure_ascii=False, default=str)
    return Response(body, media_type="application/json; charset=utf-8", headers=headers)


def _person(visitor: Visitor, number: int) -> Subscriber:
    with visitor.ground.app.database.read() as session:
        person = session.get(Subscriber, number)
    if person is None:
        raise NotFound(f"there is no reader {number} any more")
    return person


def _suppress(visitor: Visitor, person: Subscriber, form: Filled) -> str:
    note, now = form.get("note").strip()[:1000], visitor.ground.clock()
    changed = people.suppress(
        visitor.ground.app, person.email, reason=SuppressionReason.MANUAL, note=note, by=visitor.doer, now=now
    )
    return "added" if changed else "known"


def _lift(visitor: Visitor, person: Subscriber, form: Filled) -> str:
    people.lift(
        visitor.ground.app,
        person.email,
        why=form.get("why").strip()[:1000],
        despite_complaint=form.get("despite") == "yes",
        by=visitor.doer,
        now=visitor.ground.clock(),
    )
    return "lifted"


def _unsubscribe(visitor: Visitor, person: Subscriber, form: Filled) -> str:
    lists = form.all("list")
    if not lists:
        raise BadInput("choose the lists they leave")
    people.unsubscribe(visitor.ground.app, person.id, lists, by=visitor.doer, now=visitor.ground.clock())
    return "left"


def _ask_back(visitor: Visitor, person: Subscriber, form: Filled) -> str:
    lists = form.all("list")
    if not lists:
        raise BadInput("choose the lists they want to come back to")
    why_not = people.ask_back(visitor.ground.app, person.id, lists, by=visitor.doer, clock=visitor.ground.clock)
    if why_not:
        raise BadInput(f"no letter went out: {why_not}")
    return "asked"


def _erase(visitor: Visitor, person: Subscriber, form: Filled) -> str:
    if form.get("sure") != "yes":
        raise BadInput("say that you are sure: who is erased is not brought back by a button")
    people.erase(visitor.ground.app, person.id, by=visitor.doer, now=visitor.ground.clock())
    return "erased"


_VERBS: dict[str, Callable[[Visitor, Subscriber, Filled], str]] = {
    "suppress": _suppress,
    "lift": _lift,
    "unsubscribe": _unsubscribe,
    "ask back": _ask_back,
    "erase": _erase,
}


def _lift_of_nobody(visitor: Visitor, who: str, form: Filled) -> Response:
    """An address that is nobody's here may come in again."""
    try:
        if not visitor.may(May.SUPPRESS):
            raise BadInput(f"you may not {May.SUPPRESS.value}")
        people.lift(
            visitor.ground.app,
            who,
            why=form.get("why").strip()[:1000],
            despite_complaint=form.get("despite") == "yes",
            by=visitor.doer,
            now=visitor.ground.clock(),
        )
    except (NewsletterError, SubscribersError) as error:
        with visitor.ground.app.database.read() as session:
            known = standing.of_address(session, who)
        return _search(visitor, who=who, known=known, sorry=str(error), status=400)
    return RedirectResponse(f"{visitor.base}/ops/readers?done=lifted", 303)


def _search(
    visitor: Visitor,
    *,
    who: str = "",
    known: standing.Found | None = None,
    done: str = "",
    sorry: str = "",
    status: int = 200,
) -> HTMLResponse:
    return visitor.page(
        "readers.html",
        status=status,
        who=who,
        known=known,
        barred=access.BARRED,
        complaint=Barred.COMPLAINT,
        may_change=visitor.may(May.SUPPRESS),
        done=done,
        sorry=sorry,
    )


def _page(visitor: Visitor, number: int, *, done: str = "", sorry: str = "", status: int = 200) -> HTMLResponse:
    try:
        with visitor.ground.app.database.read() as session:
            profile = access.profile(session, number)
    except NoSuchSubscriber as error:
        raise NotFound(str(error)) from error
    places = profile.standing.on or {}
    return visitor.page(
        "reader.html",
        status=status,
        reader=profile.person,
        standing=profile.standing,
        places=places,
        on=[slug for slug, place in places.items() if place.consent is not Consent.UNSUBSCRIBED],
        off=[slug for slug, place in places.items() if place.consent is Consent.UNSUBSCRIBED],
        confirmed=[slug for slug, place in places.items() if place.consent is Consent.CONFIRMED],
        stop=profile.stop,
        footing=profile.footing,
        moments=profile.moments,
        copies=profile.copies,
        became=access.BECAME,
        called=CALLED,
        why=access.SUPPRESSED,
        complaint=SuppressionReason.COMPLAINT,
        may_change=visitor.may(May.SUPPRESS),
        done=done,
        sorry=sorry,
    )
