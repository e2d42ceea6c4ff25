"""An edition in the browser, as it was mailed to this reader."""

from fastapi import APIRouter
from fastapi.responses import HTMLResponse
from sqlalchemy import select

from newsletter.editions.models import Edition
from newsletter.errors import NotFound
from newsletter.rendering import links, proofs
from newsletter.rendering.models import Proof
from newsletter.rendering.mould import Reader
from newsletter.web.ground import MAIL_POLICY, Here
from subscribers.models import Subscriber

router = APIRouter()


@router.get("/e/{token}")
def read(token: str, here: Here) -> HTMLResponse:
    """The edition as it was mailed to this reader."""
    edition_id, subscriber_id = links.read(here.secret, token)
    with here.app.database.read() as session:
        edition = session.get(Edition, edition_id)
        newsletter = here.newsletter_of(edition)
        proof = session.scalar(
            select(Proof)
            .where(Proof.edition_id == edition_id)
            .order_by(Proof.revision.desc(), Proof.id.desc())
            .limit(1)
        )
        if edition is None or newsletter is None or proof is None:
            raise NotFound("That edition is not here any more.")
        person = session.get(Subscriber, subscriber_id)
        mould = proofs.mould(proof, edition, newsletter, here.app.settings)
    reader = Reader(subscriber_id, person.email if person else "", person.name if person else "", token)
    headers = {
        "Content-Security-Policy": MAIL_POLICY.format(ancestors="'none'"),
        "Cache-Control": "no-store",
        "X-Robots-Tag": "noindex",
    }
    return HTMLResponse(mould.html_for(reader), headers=headers)
