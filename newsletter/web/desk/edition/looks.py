"""How an edition looks to readers, from the way it is really sent: as it is kept, or as it is being written."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import HTMLResponse
from sqlalchemy.orm import Session

from newsletter.config import Newsletter
from newsletter.editions import fields as naming
from newsletter.editions import novelty, shelf
from newsletter.editions import words as wording
from newsletter.editions.models import Edition
from newsletter.editions.words import Words
from newsletter.errors import BadInput, NewsletterError, NotFound
from newsletter.rendering import links, proofs
from newsletter.rendering.looks import Look, inversion, letters, pages, pictures, schemes, thunderbird
from newsletter.rendering.looks.letters import Letter
from newsletter.rendering.mould import Reader
from newsletter.staff.roles import May
from newsletter.web.desk.writing import fields
from newsletter.web.desk.writing.fields import words_of
from newsletter.web.ground import MAIL_POLICY, Ground
from newsletter.web.readers.forms import Filled
from newsletter.web.staff.visitor import Looks, Posted, Visitor, sends
from subscribers import roll

router = APIRouter()

Redraws = Annotated[Posted, Depends(sends(May.LOOK, fields.read))]

#: the page beside it may read it, to keep its place when it is drawn again; nothing in it can act
_POLICY = (
    MAIL_POLICY.format(ancestors="'self'") + "; sandbox allow-same-origin allow-popups allow-popups-to-escape-sandbox"
)
#: of every look: nothing in it can act
HEADERS = {"Content-Security-Policy": _POLICY, "Cache-Control": "no-store", "X-Robots-Tag": "noindex"}
_NOTHING_TYPED = Filled(())
#: characters of an edition; a mail of half of them is cut off by Gmail
MOST = 200_000
#: the field that says whose mail it is to be
ADDRESS = "reader"


@dataclass(frozen=True, slots=True)
class Said:
    """A look's name and what it is."""

    look: Look
    name: str
    means: str


SAID = (
    Said(Look.LIGHT, "Light", "As the mail says it, in a program with a light theme."),
    Said(Look.DARK, "Dark", "By the mail’s own rules for dark themes, as Apple Mail and Outlook’s apps follow them."),
    Said(
        Look.THUNDERBIRD,
        "Thunderbird, dark",
        "About as Thunderbird’s dark reader shows it, which drops the mail’s own rules for dark themes: by the rules "
        "of Thunderbird 153, and held against its pictures.",
    ),
    Said(
        Look.GMAIL,
        "Gmail, dark",
        "About as Gmail’s apps force light mails to be dark. Gmail does not say how: this turns colours as Android’s "
        "web view does, and was held against Chromium’s forced dark mode.",
    ),
    Said(Look.PICTURES_OFF, "Pictures off", "As most programs show it first: each picture’s box, and its own words."),
    Said(Look.TEXT, "Text", "The text part, for who asked for it, and for programs that show no other."),
    Said(Look.INBOX, "In the inbox", "Sender, subject and first words, and where three kinds of list cut them off."),
    Said(Look.SINCE, "New since the last", "What the last edition did not tell, and what readers were told before."),
)


#: those that one message is enough for
OF_A_LETTER = tuple(said for said in SAID if said.look is not Look.SINCE)


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
    """The same with the words in the form, of which nothing is kept, and to the reader whose address it has."""
    return _answer(posted.visitor, edition_id, look, posted.form)


def _answer(visitor: Visitor, edition_id: int, look: Look, form: Filled) -> HTMLResponse:
    if form.get(ADDRESS).strip() and not visitor.may(May.READ_AS):
        return _sorry("You may not look at an edition as one of its readers: an admin can change that, at People.", 403)
    try:
        with visitor.ground.app.database.read() as session:
            page = _drawn(session, visitor.ground, shelf.get(session, edition_id), look, form)
    except NewsletterError as error:
        return _sorry(str(error), 404 if isinstance(error, NotFound) else 422)
    return HTMLResponse(page, headers=HEADERS)


def _sorry(words: str, status: int) -> HTMLResponse:
    return HTMLResponse(pages.sentence(words), status, HEADERS)


def _drawn(session: Session, here: Ground, edition: Edition, look: Look, form: Filled) -> str:
    words = words_of(form, wording.of(edition))
    length = sum(len(text) for _, text in naming.said(words))
    if length > MOST:
        raise BadInput(f"That is {length:,} characters, and no more than {MOST:,} are shown as they are typed.")
    if look is Look.SINCE:
        return pages.since(novelty.compare(words, novelty.earlier(session, edition)))
    reader = _reader(session, here, edition, form.get(ADDRESS).strip())
    return drawn(letter(session, here, edition, reader, words), look)


def drawn(letter: Letter, look: Look) -> str:
    """*letter* as that *look* has it."""
    if look is Look.INBOX:
        return pages.row(letter)
    # who asked for text alone is sent no HTML
    return _OF_HTML[look](letter.html) if look in _OF_HTML and letter.html else pages.text(letter)


_OF_HTML: dict[Look, Callable[[str], str]] = {
    Look.LIGHT: partial(schemes.held, scheme="light"),
    Look.DARK: partial(schemes.held, scheme="dark"),
    Look.THUNDERBIRD: thunderbird.dark,
    Look.GMAIL: inversion.inverted,
    Look.PICTURES_OFF: lambda html: pictures.off(schemes.held(html, "light")),
}


def letter(session: Session, here: Ground, edition: Edition, reader: Reader, words: Words | None = None) -> Letter:
    """What *reader* gets: the real message, opened, saying *words* where they are not the edition's own.

    What was approved is as it was approved.
    """
    newsletter, settings = _newsletter(here, edition), here.app.settings
    if words is not None:
        words = wording.clean(words) if words != wording.of(edition) else words
    changed = words is not None and words != wording.of(edition)
    proof = None if changed else proofs.frozen(session, edition)
    if words is not None and changed:
        edition = wording.draft(edition, words)
    proof = proof or proofs.today(edition, newsletter, settings, now=here.clock())
    return letters.opened(proofs.mould(proof, edition, newsletter, settings).message(reader))


def sample(here: Ground, edition: Edition) -> Reader:
    """Somebody who does not exist."""
    return Reader(0, "ada@example.com", "Ada", links.token(here.secret, edition.id, 0))


def _reader(session: Session, here: Ground, edition: Edition, address: str) -> Reader:
    """The reader with that *address*, whose links are a sample's all the same: nobody leaves by a look."""
    if not address:
        return sample(here, edition)
    person = roll.find(session, address) if address.isprintable() else None
    if person is None:
        raise NotFound(f"Nobody in the roll has the address {address[:320]}, so this shows what was there before.")
    return sample(here, edition)._replace(address=person.email, name=person.name, plain=person.plain_text)


def _newsletter(here: Ground, edition: Edition) -> Newsletter:
    newsletter = here.newsletter_of(edition)
    if newsletter is None:
        raise NotFound(f"The newsletter {edition.newsletter!r} is not in the settings any more.")
    return newsletter
