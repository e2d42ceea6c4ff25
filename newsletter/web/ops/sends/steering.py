"""What is done to a sending: a page for each act, which says in readers what it would mean, then a button."""

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from newsletter.delivery.models import Sending
from newsletter.delivery.operations import prospects
from newsletter.delivery.operations.controls import Verb
from newsletter.editions import shelf
from newsletter.errors import BadInput, NewsletterError, NotFound
from newsletter.jobs import steering
from newsletter.web.ops.sends import sending
from newsletter.web.staff.visitor import Posted, Visitor, looks, sends

router = APIRouter(prefix="/ops/sends")

_LONGEST_REASON = 500


def _door(verb: Verb) -> None:
    """The two routes of *verb*: look at what it would mean, do it."""
    may = sending.MAY[verb]

    def ask(edition_id: int, visitor: Annotated[Visitor, Depends(looks(may))], code: str = "") -> HTMLResponse:
        return _page(visitor, edition_id, verb, code[:20])

    def act(edition_id: int, posted: Annotated[Posted, Depends(sends(may))]) -> Response:
        return _do(posted, edition_id, verb)

    router.get(f"/{{edition_id}}/{verb}")(ask)
    router.post(f"/{{edition_id}}/{verb}")(act)


for _verb in Verb:
    _door(_verb)


def _do(posted: Posted, edition_id: int, verb: Verb) -> Response:
    visitor, here, form = posted.visitor, posted.visitor.ground, posted.form
    reason, code = " ".join(form.get("reason").split())[:_LONGEST_REASON], form.get("code")[:20]
    try:
        done = steering.do(
            here.app,
            edition_id,
            verb,
            by=visitor.doer,
            reason=reason,
            code=code,
            seen=form.get("seen")[:60],
            now=here.clock(),
        )
    except NotFound:
        raise
    except NewsletterError as error:
        return _page(visitor, edition_id, verb, code, sorry=str(error), reason=reason)
    if done.trouble:
        said = "; ".join(f"batch {batch_id}: {words}" for batch_id, words in done.trouble.items())
        return sending.page(visitor, edition_id, sorry=f"Done here, but SendGrid did not follow: {said}")
    return RedirectResponse(f"{visitor.base}/ops/sends/{edition_id}", 303)


def _page(
    visitor: Visitor, edition_id: int, verb: Verb, code: str, *, sorry: str = "", reason: str = ""
) -> HTMLResponse:
    """What *verb* would mean; of what can't be done any more, the sending as it stands and why."""
    here, status = visitor.ground, 409 if sorry else 200
    refusals, found = [], None
    with here.app.database.read() as session:
        edition = shelf.get(session, edition_id)
        running = session.get(Sending, edition_id)
        if verb is Verb.RETRY and running is not None:
            refusals = prospects.refusals(session, edition_id)
    try:
        if verb is not Verb.RETRY or code:
            found = steering.prospect(here.app, edition_id, verb, code=code, now=here.clock())
    except BadInput as error:
        code, sorry, status = "", str(error), 400
    except NewsletterError as error:
        return sending.page(visitor, edition_id, sorry=sorry or str(error), status=409)
    return visitor.page(
        "steer.html",
        status=status,
        sorry=sorry,
        edition=edition,
        verb=verb,
        prospect=found,
        refusals=refusals,
        code=code,
        reason=reason,
    )
