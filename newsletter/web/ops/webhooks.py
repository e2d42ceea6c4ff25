"""Webhooks: addresses of other programs that are told what happens; how they stand, what they answered, what to do."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from newsletter.errors import BadInput, NewsletterError
from newsletter.jobs import telling
from newsletter.plural import counted
from newsletter.staff.roles import May
from newsletter.tracking.webhooks import endpoints, kinds
from newsletter.tracking.webhooks.endpoints import Secret
from newsletter.tracking.webhooks.models import Endpoint
from newsletter.web.ops.scheduler import zone_of
from newsletter.web.readers.forms import Filled
from newsletter.web.staff.visitor import Posted, Visitor, looks, sends

router = APIRouter(prefix="/ops/webhooks")

Looks = Annotated[Visitor, Depends(looks(May.SET))]
Sends = Annotated[Posted, Depends(sends(May.SET))]


@router.get("")
def all_of_them(visitor: Looks, gone: str = "") -> HTMLResponse:
    """How each stands, and a form for another."""
    return _list(visitor, done="It is gone, and is told nothing more." if gone else "")


@router.post("")
def add(posted: Sends) -> HTMLResponse:
    """Tell another address what happens from now on; its secret is shown in the answer, and never again."""
    visitor, form = posted.visitor, posted.form
    app, now = visitor.ground.app, visitor.ground.clock()
    try:
        wanted = form.all("kind")
        if not wanted:
            raise BadInput("Choose at least one thing that it is told.")
        made = telling.add(
            app, form.get("url"), wanted=wanted, newsletter=form.get("newsletter"), by=visitor.doer, now=now
        )
    except NewsletterError as error:
        return _list(visitor, form=form, sorry=str(error))
    return _list(visitor, made=made)


@router.get("/{number}")
def one(number: int, visitor: Looks) -> HTMLResponse:
    """One of them: its last posts with their answers, and what can be done."""
    return _one(visitor, number)


@router.post("/{number}")
def change(number: int, posted: Sends) -> Response:
    """One thing that is done to it."""
    visitor, verb = posted.visitor, posted.form.get("do")
    app, now, by = visitor.ground.app, visitor.ground.clock(), visitor.doer
    try:
        if verb == "remove":
            with app.database.write() as session:
                endpoints.remove(session, endpoints.get(session, number), by=by, now=now)
            return RedirectResponse(f"{visitor.base}/ops/webhooks?gone=yes", 303)
        if verb == "rotate":
            made = telling.rotate(app, number, at_once=bool(posted.form.get("at_once")), by=by, now=now)
            return _one(visitor, number, made=made)
        if verb == "test":
            answer = telling.test(app, number, now=now)
            if answer.is_taken:
                return _one(visitor, number, done=f"The test was taken: it answered {answer.status}.")
            return _one(visitor, number, sorry=f"The test was not taken: {answer.trouble}")
        done = _do(visitor, number, verb, posted.form)
    except NewsletterError as error:
        return _one(visitor, number, sorry=str(error))
    return _one(visitor, number, done=done)


def _do(visitor: Visitor, number: int, verb: str, form: Filled) -> str:
    """Do it, and say what was done."""
    now, by = visitor.ground.clock(), visitor.doer
    with visitor.ground.app.database.write() as session:
        endpoint = endpoints.get(session, number)
        if verb == "enable":
            endpoints.enable(session, endpoint, by=by, now=now)
            return "It goes on where it stopped, at the scheduler's next tick."
        if verb == "disable":
            endpoints.disable(session, endpoint, by=by, why=" ".join(form.get("why").split())[:200], now=now)
            return "It is off; what happens waits for it, for thirty days."
        if verb == "replay":
            count = endpoints.replay(session, endpoint, **_from_where(form), by=by, now=now)
            return f"It is told {counted(count, 'happening')} again, with the ids they had."
    raise BadInput("That form asks for nothing that can be done here.")


def _from_where(form: Filled) -> dict[str, Any]:
    since, first = form.get("since").strip(), form.get("first").strip()
    if bool(since) is bool(first):
        raise BadInput("Say from where: a time, or the number of a happening.")
    if since:
        return {"since": endpoints.moment(since)}
    if not (first.isascii() and first.isdigit() and len(first) < 19):
        raise BadInput("A happening has a number, such as 1042.")
    return {"number": int(first)}


def _list(
    visitor: Visitor, *, made: Secret | None = None, form: Filled | None = None, done: str = "", sorry: str = ""
) -> HTMLResponse:
    app, now = visitor.ground.app, visitor.ground.clock()
    with app.database.read() as session:
        found, newest = endpoints.all_of_them(session), endpoints.newest(session)
    return visitor.page(
        "webhooks.html",
        status=400 if sorry else 200,
        rows=[(endpoint, *_stands(endpoint, now), newest - endpoint.cursor) for endpoint in found],
        made=made,
        url=form.get("url")[:2000] if form else "",
        chosen=form.all("kind") if form else list(kinds.FAMILIES),
        newsletter=form.get("newsletter") if form else "",
        families=_families(),
        newsletters=app.settings.newsletters,
        most=endpoints.MOST,
        done=done,
        sorry=sorry,
    )


def _one(visitor: Visitor, number: int, *, made: Secret | None = None, done: str = "", sorry: str = "") -> HTMLResponse:
    app, now = visitor.ground.app, visitor.ground.clock()
    with app.database.read() as session:
        endpoint, newest = endpoints.get(session, number), endpoints.newest(session)
        tried = endpoints.tried(session, number)
    word, stands = _stands(endpoint, now)
    return visitor.page(
        "webhook.html",
        status=400 if sorry else 200,
        endpoint=endpoint,
        word=word,
        stands=stands,
        waiting=newest - endpoint.cursor,
        newest=newest,
        tried=tried,
        made=made,
        old_signs=endpoint.before_until is not None and now < endpoint.before_until,
        zone=zone_of(app),
        done=done,
        sorry=sorry,
    )


def _stands(endpoint: Endpoint, now: datetime) -> tuple[str, str]:
    """The word for its colour, and how it stands."""
    word = "refused" if endpoint.disabled_at else "waits" if endpoint.failing_since else "approved"
    # its first word stands beside it, in colour
    return word, endpoints.stands(endpoint, now=now).removeprefix("not taken ").removeprefix("off ")


def _families() -> list[tuple[str, list[tuple[str, str]]]]:
    """Each family, and what is in it."""
    return [
        (family, [(kind, says) for kind, says in kinds.KINDS.items() if kinds.wants([family], kind)])
        for family in kinds.FAMILIES
    ]
