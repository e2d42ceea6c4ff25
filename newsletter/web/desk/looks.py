"""How an edition looks to readers, from the way it is really sent: as it is kept, or as it is being written."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import HTMLResponse
from sqlalchemy.orm import Session

from newsletter.config import Newsletter
from newsletter.editions import shelf
from newsletter.editions import words as wording
from newsletter.editions.models import Edition
from newsletter.errors import NewsletterError, NotFound
from newsletter.rendering import links, proofs
from newsletter.rendering.looks import Look, letters, pages, pictures, schemes
from newsletter.rendering.looks.letters import Letter
from newsletter.rendering.mould import Reader
from newsletter.staff.roles import May
from newsletter.web.desk.fields import words_of
from newsletter.web.desk.visitor import Looks, Posted, Visitor, sends
from newsletter.web.ground import MAIL_POLICY, Ground
from newsletter.web.readers.forms import Filled

router = APIRouter()

Redraws = Annotated[Posted, Depends(sends(May.LOOK))]

#: the page beside it may read it, to keep its place when it is drawn again; nothing in it can act
_POLICY = (
    MAIL_POLICY.format(ancestors="'self'") + "; sandbox allow-same-origin allow-popups allow-popups-to-escape-sandbox"
)
#: of every look: nothing in it can act
HEADERS = {"Content-Security-Policy": _POLICY, "Cache-Control": "no-store", "X-Robots-Tag": "noindex"}
_NOTHING_TYPED = Filled(())


@dataclass(frozen=True, slots=True)
class Said:
    """A look's name and what it is."""

    look: Look
    name: str
    means: str


SAID = (
    Said(Look.LIGHT, "Light", "As the mail says it, in a program with a light theme."),
    Said(Look.DARK, "Dark", "By the mail’s own rules for dark themes, as Apple Mail and Outlook’s apps follow them."),
    Said(Look.PICTURES_OFF, "Pictures off", "As most programs show it first: each picture’s box, and its own words."),
    Said(Look.TEXT, "Text", "The text part, for who asked for it, and for programs that show no other."),
    Said(Look.INBOX, "In the inbox", "Sender, subject and first words, and where three kinds of list cut them off."),
)


@dataclass(frozen=True, slots=True)
class Panel:
    """What the partial page looks.html is given."""

    looks: tuple[Said, ...]
    #: what is shown is frozen, and whose digest it has; empty for a draft
    frozen: str


def panel(session: Session, edition: Edition) -> Panel:
    """What looks.html shows of *edition*, by the name of `looking`."""
    proof = proofs.frozen(session, edition)
    return Panel(SAID, proof.digest if proof else "")


@router.get("/editions/{edition_id}/look/{look}")
def show(edition_id: int, look: Look, visitor: Looks) -> HTMLResponse:
    """The edition as it is kept; what was approved, where it was."""
    return _answer(visitor, edition_id, look, _NOTHING_TYPED)


@router.post("/editions/{edition_id}/look/{look}")
def redraw(edition_id: int, look: Look, posted: Redraws) -> HTMLResponse:
    """The same with the words in the form, of which nothing is kept."""
    return _answer(posted.visitor, edition_id, look, posted.form)


def _answer(visitor: Visitor, edition_id: int, look: Look, form: Filled) -> HTMLResponse:
    try:
        page = SHOWN[look](_letter(visitor.ground, edition_id, form))
    except NewsletterError as error:
        return HTMLResponse(pages.sentence(str(error)), 404 if isinstance(error, NotFound) else 422, HEADERS)
    return HTMLResponse(page, headers=HEADERS)


def _light(letter: Letter) -> str:
    return schemes.held(letter.html, "light") if letter.html else pages.text(letter)


def _dark(letter: Letter) -> str:
    return schemes.held(letter.html, "dark") if letter.html else pages.text(letter)


def _pictures_off(letter: Letter) -> str:
    return pictures.off(_light(letter))


#: how each look is made of a letter
SHOWN = {
    Look.LIGHT: _light,
    Look.DARK: _dark,
    Look.PICTURES_OFF: _pictures_off,
    Look.TEXT: pages.text,
    Look.INBOX: pages.row,
}


def _letter(here: Ground, edition_id: int, form: Filled) -> Letter:
    """What one reader gets: the real message, opened."""
    with here.app.database.read() as session:
        edition = shelf.get(session, edition_id)
        newsletter = _newsletter(here, edition)
        words = words_of(form, wording.of(edition))
        changed = words != wording.of(edition)
        proof = None if changed else proofs.frozen(session, edition)
    if changed:
        edition = wording.draft(edition, words)
    settings, now = here.app.settings, here.clock()
    proof = proof or proofs.today(edition, newsletter, settings, now=now)
    mould = proofs.mould(proof, edition, newsletter, settings)
    return letters.opened(mould.message(_sample(here, edition_id)))


def _sample(here: Ground, edition_id: int) -> Reader:
    """Somebody who does not exist."""
    return Reader(0, "ada@example.com", "Ada", links.token(here.secret, edition_id, 0))


def _newsletter(here: Ground, edition: Edition) -> Newsletter:
    newsletter = here.newsletter_of(edition)
    if newsletter is None:
        raise NotFound(f"The newsletter {edition.newsletter!r} is not in the settings any more.")
    return newsletter
