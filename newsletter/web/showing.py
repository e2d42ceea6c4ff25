"""An edition shown to somebody without an account, by a link that an editor made: to look at, and nothing else."""

from typing import Annotated

from fastapi import APIRouter, Path
from fastapi.responses import HTMLResponse
from sqlalchemy.orm import Session

from newsletter.editions import showing
from newsletter.editions.models import Edition, Showing
from newsletter.errors import NotFound
from newsletter.rendering.looks import Look
from newsletter.web.desk.edition import looks
from newsletter.web.ground import MAIL_POLICY, SHOWN_POLICY, Ground, Here

router = APIRouter()

#: what strangers are shown; what the last edition told is for those who work here
SHOWN = (Look.LIGHT, Look.DARK, Look.PICTURES_OFF, Look.TEXT, Look.INBOX)
_SAID = tuple(said for said in looks.SAID if said.look in SHOWN)
#: a stranger's frame has no part of ours to read it
_POLICY = MAIL_POLICY.format(ancestors="'self'") + "; sandbox allow-popups allow-popups-to-escape-sandbox"
_HEADERS = {"Content-Security-Policy": _POLICY, "Cache-Control": "no-store", "X-Robots-Tag": "noindex"}

Token = Annotated[str, Path(max_length=200)]


@router.get("/show/{token}")
def show(token: Token, here: Here) -> HTMLResponse:
    """The edition, with a choice of looks; or one sentence that says why not."""
    with here.app.database.read() as session:
        link, edition = _opened(session, here, token)
    newsletter = here.newsletter_of(edition)
    if newsletter is None:
        raise NotFound("What this link showed is not here any more: ask whoever sent it to you.")
    page = here.page(
        "shown.html",
        edition=edition,
        title=newsletter.title,
        until=link.until.astimezone(newsletter.zone),
        token=token,
        looks=_SAID,
    )
    page.headers["Content-Security-Policy"] = SHOWN_POLICY
    return page


@router.get("/show/{token}/{look}")
def look(token: Token, look: Look, here: Here) -> HTMLResponse:
    """One look of it, to be framed by the page above; a reader who does not exist gets it."""
    with here.app.database.read() as session:
        _, edition = _opened(session, here, token)
        if look not in SHOWN:
            raise NotFound("There is nothing here.")
        letter = looks.letter(session, here, edition, looks.sample(here, edition))
    return HTMLResponse(looks.drawn(letter, look), headers=_HEADERS)


def _opened(session: Session, here: Ground, token: str) -> tuple[Showing, Edition]:
    return showing.opened(session, here.secret, token, now=here.clock())
