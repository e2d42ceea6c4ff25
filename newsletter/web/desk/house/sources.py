"""The sources: how each fares, a feed found from a site's address, lists of other feed readers, pause and removal."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, TypedDict

from fastapi import APIRouter, Depends
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy.orm import Session

from newsletter import plural
from newsletter.errors import BadInput, NewsletterError, WrongState
from newsletter.jobs import faring, subscribing
from newsletter.jobs.looking import Seen
from newsletter.staff import acts
from newsletter.staff.roles import May
from newsletter.stories.models import Health, Kind, Source
from newsletter.stories.reading import opml, sources
from newsletter.stories.reading.faring import WEEKS, Fare
from newsletter.web.readers.forms import Filled, of_size
from newsletter.web.staff.visitor import Looks, Posted, Visitor, sends

router = APIRouter(prefix="/desk")

#: a list of two thousand feeds has half of it
_LIST_BYTES = 1024 * 1024
Sets = Annotated[Posted, Depends(sends(May.SET))]
Brings = Annotated[Posted, Depends(sends(May.SET, of_size(_LIST_BYTES, files=1)))]

#: what a kind is called on the page
KINDS = {
    Kind.TRADE: "trade press",
    Kind.NATIONAL: "newsroom",
    Kind.VENDOR: "company",
    Kind.PR_WIRE: "press releases",
    Kind.AGGREGATOR: "aggregator",
}
#: entries that are shown of a feed before it is added
_PREVIEWED = 6
#: what was done → what the page says then
_DONE = {
    "add": "It is added. Its articles come with the next round.",
    "list": "They are added. Their articles come with the next round.",
    "pause": "It is left alone from now on; its articles stay.",
    "resume": "It is visited again, at the next round.",
    "restore": "It is back, with its articles.",
    "change": "Kept.",
}


class _Said(TypedDict):
    name: str
    owner: str
    kind: Kind
    authority: int | None


@router.get("/sources")
def all_of_them(visitor: Looks, removed: int | None = None, done: str = "") -> HTMLResponse:
    """Every source and how it fares."""
    return _page(visitor, removed=removed, done=_DONE.get(done, ""))


@router.post("/sources")
def look_or_add(posted: Sets) -> Response:
    """Look at what somebody typed and show what is there; then add it."""
    visitor, form = posted.visitor, posted.form
    app, now = visitor.ground.app, visitor.ground.clock()
    try:
        if form.get("do") == "look":
            seen = visitor.ground.lookout.look(app, form.get("address")[:2000], now=now)
            return _page(visitor, seen=seen, typed=form)
        if form.get("do") != "add":
            raise BadInput("That form asks for nothing that can be done here.")
        with app.database.write() as session:
            source = sources.add(session, form.get("address")[:2000], **_said(form), now=now)
            acts.note(session, visitor.doer, "added a source", source.name, now=now, url=source.url)
            number = source.id
    except NewsletterError as error:
        return _page(visitor, sorry=str(error), typed=form, status=_status(error))
    return RedirectResponse(f"{visitor.base}/desk/sources?done=add#source-{number}", 303)


@router.get("/sources/opml")
def opml_out(visitor: Looks) -> Response:
    """All of them, as feed readers take them in."""
    with visitor.ground.app.database.read() as session:
        written = opml.write(sources.all(session), title="Sources of the newsletter")
    headers = {"Content-Disposition": 'attachment; filename="sources.opml"', "Cache-Control": "no-store"}
    return Response(written, media_type="text/x-opml; charset=utf-8", headers=headers)


@router.post("/sources/opml")
def opml_in(posted: Brings) -> Response:
    """Say what the list of another feed reader would bring; then take it in."""
    visitor, form = posted.visitor, posted.form
    app, now = visitor.ground.app, visitor.ground.clock()
    try:
        body = next((content for name, content in form.files if name == "file"), b"") or form.get("list").encode()
        if not body.strip():
            raise BadInput("Choose a file, as your feed reader exports it.")
        outlines = opml.read(body)
        if not outlines:
            raise BadInput("There is no feed in that file.")
        kind = _kind(form)
        if form.get("do") != "take in":
            with app.database.read() as session:
                coming = subscribing.foresee(session, outlines)
            return _page(visitor, coming=coming, list_=opml.plain(outlines), kind=kind)
        taken = subscribing.take_in(app, outlines, kind=kind, now=now)
        added = sum(not one.problem for one in taken)
        with app.database.write() as session:
            acts.note(session, visitor.doer, "took in a list of sources", plural.counted(added, "source"), now=now)
    except NewsletterError as error:
        return _page(visitor, sorry=str(error), status=_status(error))
    return RedirectResponse(f"{visitor.base}/desk/sources?done=list", 303)


@router.post("/sources/{number}")
def change(number: int, posted: Sets) -> Response:
    """Pause one, visit it again, say something else of it, remove it, or take that back."""
    visitor, form, now = posted.visitor, posted.form, posted.visitor.ground.clock()
    verb = _VERBS.get(form.get("do"))
    try:
        if verb is None:
            raise BadInput("That form asks for nothing that can be done here.")
        did, act = verb
        with visitor.ground.app.database.write() as session:
            source = act(session, number, form, now)
            acts.note(session, visitor.doer, did, source.name, now=now, url=source.url)
    except NewsletterError as error:
        return _page(visitor, sorry=str(error), status=_status(error))
    word = {"remove": f"removed={number}"}.get(form.get("do"), f"done={form.get('do')}#source-{number}")
    return RedirectResponse(f"{visitor.base}/desk/sources?{word}", 303)


def _remove(session: Session, number: int, _form: Filled, now: datetime) -> Source:
    return sources.remove(session, str(number), now=now)[0]


def _restore(session: Session, number: int, _form: Filled, _now: datetime) -> Source:
    return sources.restore(session, number)


def _pause(session: Session, number: int, _form: Filled, now: datetime) -> Source:
    return sources.pause(session, str(number), now=now)


def _resume(session: Session, number: int, _form: Filled, _now: datetime) -> Source:
    return sources.resume(session, str(number))


def _change(session: Session, number: int, form: Filled, _now: datetime) -> Source:
    return sources.change(session, str(number), **_said(form))


_Verb = Callable[[Session, int, Filled, datetime], Source]
#: what a button asks for → what the audit log says, and what is done
_VERBS: dict[str, tuple[str, _Verb]] = {
    "remove": ("removed a source", _remove),
    "restore": ("brought a source back", _restore),
    "pause": ("paused a source", _pause),
    "resume": ("visits a source again", _resume),
    "change": ("changed a source", _change),
}


def _said(form: Filled) -> _Said:
    weight = form.get("authority").strip()
    if weight and not (weight.isascii() and weight.isdigit() and len(weight) < 5):
        raise BadInput("Its weight is a number of hundredths, from 0 to 200.")
    return {
        "name": form.get("name"),
        "owner": form.get("owner"),
        "kind": _kind(form),
        "authority": int(weight) if weight else None,
    }


def _kind(form: Filled) -> Kind:
    try:
        return Kind(form.get("kind") or Kind.TRADE)
    except ValueError as error:
        raise BadInput("Choose one of the kinds.") from error


def _status(error: NewsletterError) -> int:
    return 409 if isinstance(error, WrongState) else 400


def _page(
    visitor: Visitor,
    *,
    status: int = 200,
    removed: int | None = None,
    seen: Seen | None = None,
    typed: Filled | None = None,
    coming: list[subscribing.TakenIn] | None = None,
    **values: Any,
) -> HTMLResponse:
    here = visitor.ground
    with here.app.database.read() as session:
        rows = faring.fares(session, now=here.clock())
        gone = sources.removed(session, removed) if removed is not None else None
    return visitor.page(
        "sources.html",
        status=status,
        **{"done": "", "sorry": "", "list_": "", "kind": Kind.TRADE, **values},
        rows=[(row, bars(row)) for row in rows],
        removed=gone,
        seen=seen,
        entries=seen.look.feed.entries[:_PREVIEWED] if seen and seen.look else (),
        typed=typed or Filled(()),
        coming=coming,
        kinds=KINDS,
        weights=sources.AUTHORITY,
        health=Health,
        weeks=WEEKS,
        may_set=visitor.may(May.SET),
        now=here.clock(),
    )


#: of the drawing of a source's weeks
BAR, GAP, HEIGHT = 6, 2, 24


def bars(fare: Fare) -> list[tuple[int, float, float]]:
    """Left edge, top and height of the bar of each week, the tallest as high as the drawing."""
    most = max(*fare.weeks, 1)
    heights = [round(HEIGHT * count / most, 1) for count in fare.weeks]
    return [(number * (BAR + GAP), HEIGHT - height, height) for number, height in enumerate(heights)]
