"""Double opt-in: the page behind the link of a confirmation mail. The GET asks, the POST confirms."""

from fastapi import APIRouter
from fastapi.responses import HTMLResponse
from sqlalchemy import select

from newsletter.jobs import invitations
from newsletter.web.ground import Here
from subscribers import roll
from subscribers.models import Consent, List, Subscriber

router = APIRouter()


@router.get("/c/{token}")
def ask(token: str, here: Here) -> HTMLResponse:
    """Ask whether the person really wants to be on these lists."""
    invitation = invitations.read(here.app.settings, token)
    with here.app.database.read() as session:
        known = session.get(Subscriber, invitation.subscriber_id) is not None
        titles = session.scalars(select(List.title).where(List.slug.in_(invitation.lists)).order_by(List.title)).all()
    return here.page("confirm.html" if known and titles else "gone.html", titles=titles)


@router.post("/c/{token}")
def confirm(token: str, here: Here) -> HTMLResponse:
    """Confirm what waits; again does no harm, and an old link does not bring back who has left since."""
    invitation = invitations.read(here.app.settings, token)
    with here.app.database.write() as session:
        standing = roll.subscriptions(session, invitation.subscriber_id)
        asked = [slug for slug in invitation.lists if slug in standing]
        for slug in asked:
            roll.confirm(session, invitation.subscriber_id, slug, source="confirmation link", now=here.clock())
        standing = roll.subscriptions(session, invitation.subscriber_id)
        joined = [slug for slug in asked if standing[slug] is Consent.CONFIRMED]
        titles = session.scalars(select(List.title).where(List.slug.in_(joined)).order_by(List.title)).all()
    return here.page("confirmed.html" if titles else "gone.html", titles=titles)
