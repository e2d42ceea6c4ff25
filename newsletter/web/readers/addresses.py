"""Moving to another address: asked for on the preferences page, confirmed from the new mailbox."""

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from newsletter.jobs import readdressing
from newsletter.rendering import languages
from newsletter.web.ground import Here
from newsletter.web.readers import visits
from newsletter.web.readers.forms import Form
from newsletter.web.readers.joining import mailing
from newsletter.web.readers.preferences import page_of
from subscribers import readdressing as moves
from subscribers.errors import SubscribersError
from subscribers.models import Subscriber
from subscribers.readdressing import Moved

router = APIRouter()


@router.post("/p/{token}/address")
def ask(token: str, here: Here, form: Form) -> HTMLResponse:
    """Write to the new address, which has to say yes; until then nothing changes."""
    new = form.get("new")
    try:
        with here.app.database.write() as session:
            who = visits.visit(session, here, token)
            if who.person:
                slug = who.newsletter.slug if who.newsletter else ""
                moves.ask(session, who.person, new, newsletter=slug, now=here.clock())
    except SubscribersError as error:
        with here.app.database.read() as session:
            return page_of(session, here, visits.visit(session, here, token), wrong=str(error), status=400)
    page = visits.page(here, who, "moving.html", new=new.strip()[:320])
    page.background = mailing(here)
    return page


@router.get("/a/{token}")
def look(token: str, here: Here) -> HTMLResponse:
    """Ask whether the new address is really theirs."""
    change = readdressing.read(here.app.settings, token)
    with here.app.database.read() as session:
        wish, person = moves.get(session, change.change_id), session.get(Subscriber, change.subscriber_id)
    words = languages.choose(person.language if person else "", here.words().tag)
    if wish is None or person is None or wish.subscriber_id != person.id:
        return here.page("moved.html", words=words, came_to=Moved.OVER, new="", token="")
    return here.page("move.html", words=words, new=wish.new_email)


@router.post("/a/{token}")
def move(token: str, here: Here) -> HTMLResponse:
    """Write to the new address from now on, and tell the old one; again does no harm."""
    change = readdressing.read(here.app.settings, token)
    with here.app.database.write() as session:
        came_to = moves.move(session, change.change_id, change.subscriber_id, now=here.clock())
        wish, person = moves.get(session, change.change_id), session.get(Subscriber, change.subscriber_id)
    page = here.page(
        "moved.html",
        words=languages.choose(person.language if person else "", here.words().tag),
        came_to=came_to,
        new=wish.new_email if wish else "",
        token=here.token(change.subscriber_id),
    )
    page.background = mailing(here)
    return page
