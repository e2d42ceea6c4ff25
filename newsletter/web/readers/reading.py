"""An edition in the browser, as it was mailed to this reader, or corrected since."""

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from newsletter.editions.models import Edition
from newsletter.errors import NotFound
from newsletter.rendering import links, proofs
from newsletter.rendering.mould import Reader
from newsletter.web.ground import MAIL_POLICY, Here
from subscribers.models import Subscriber

router = APIRouter()


@router.get("/e/{token}")
def read(token: str, here: Here, corrected: str | None = None) -> HTMLResponse:
    """The edition as it was mailed to this reader, or as it was corrected since.

    With *corrected*, by the token of a correction: the edition that it corrects.
    """
    edition_id, subscriber_id = links.read(here.secret, token)
    with here.app.database.read() as session:
        edition = session.get(Edition, edition_id)
        if corrected is not None and edition is not None and edition.corrects is not None:
            edition = session.get(Edition, edition.corrects)
            token = links.token(here.secret, edition.id, subscriber_id) if edition else token
        newsletter = here.newsletter_of(edition)
        proof = proofs.newest(session, edition.id) if edition else None
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
