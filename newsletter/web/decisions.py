"""The links of a draft mail: approve, hold, edit. The link is the editor's word; the GET only asks."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from newsletter.editions import shelf
from newsletter.errors import BadInput
from newsletter.jobs import deciding, passes
from newsletter.jobs.passes import Pass, Verb
from newsletter.web import visitors
from newsletter.web.ground import Ground, Here

router = APIRouter()


@router.get("/desk/{verb}/{token}")
def ask(verb: Verb, token: str, request: Request, here: Here) -> Response:
    """Show what the link would do; an edit link leads to the edition, on the machine where the desk opens."""
    given = _given(here, verb, token)
    if verb is Verb.EDIT and visitors.is_local(request.client.host if request.client else "", request.headers):
        return RedirectResponse(f"/editions/{given.edition_id}", 303)
    return _page(here, given)


@router.post("/desk/{verb}/{token}")
def decide(verb: Verb, token: str, here: Here) -> HTMLResponse:
    """Do what the link says."""
    given = _given(here, verb, token)
    act = {Verb.APPROVE: deciding.approve, Verb.HOLD: deciding.hold}.get(verb)
    if act is None:
        raise BadInput("That link only opens the edition; it decides nothing.")
    act(here.app, given.edition_id, by=given.editor, revision=given.revision, now=here.clock())
    return _page(here, given, done=True)


def _given(here: Ground, verb: Verb, token: str) -> Pass:
    given = passes.read(here.app.settings, token, now=here.clock())
    if given.verb is not verb:
        raise BadInput("This link is not complete: open it from the email, or copy it whole.")
    return given


def _page(here: Ground, given: Pass, *, done: bool = False) -> HTMLResponse:
    with here.app.database.read() as session:
        edition = shelf.get(session, given.edition_id)
    stale = edition.revision != given.revision
    return here.page("decide.html", verb=given.verb.value, edition=edition, stale=stale, done=done)
