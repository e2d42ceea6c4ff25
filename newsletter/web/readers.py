"""What the emails link to: leave, choose, read in a browser. A GET changes nothing, for scanners follow links."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Form
from fastapi.responses import HTMLResponse
from itsdangerous import BadData, URLSafeTimedSerializer
from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.editions.models import Edition
from newsletter.errors import BadInput, NotFound
from newsletter.rendering import links, proofs
from newsletter.rendering.models import Proof
from newsletter.rendering.mould import Reader
from newsletter.web.ground import MAIL_POLICY, Ground, Here
from subscribers import roll
from subscribers.models import Consent, List, Subscriber

router = APIRouter()

#: seconds in which a click on "unsubscribe" can be taken back on the page it led to
UNDO = 24 * 3600
_HERE_TO_STAY = {Consent.CONFIRMED, Consent.PENDING}


@dataclass(frozen=True, slots=True)
class Visit:
    """Who opened a link, and of which edition; a person may have been erased since."""

    edition: Edition | None
    person: Subscriber | None
    title: str
    #: the lists that this newsletter goes to; None: all there are
    lists: tuple[str, ...] | None

    @property
    def mailbox(self) -> str:
        """Enough of the address to know it by, for links are forwarded."""
        if self.person is None:
            return ""
        local, _, domain = self.person.email.partition("@")
        return f"{local[0]}…@{domain}"


@router.get("/u/{token}")
def ask(token: str, here: Here) -> HTMLResponse:
    """Ask whether the reader wants to leave."""
    with here.app.database.read() as session:
        visit = _visit(session, here, token)
        if not _still_on(session, visit):
            return here.page("left.html", visit=visit, undo="", token=token)
    return here.page("leave.html", visit=visit)


@router.post("/u/{token}")
def leave(token: str, here: Here, by: str = "") -> HTMLResponse:
    """Leave the edition's lists, at once and for good (RFC 8058 section 3.1); again does no harm.

    The body is not looked at: a mail program posts List-Unsubscribe=One-Click, without cookies.
    """
    source = "unsubscribe page" if by == "page" else "one-click"
    with here.app.database.write() as session:
        visit = _visit(session, here, token)
        leaving = _still_on(session, visit)
        if visit.person and leaving:
            roll.unsubscribe(session, visit.person.id, leaving, source=source, now=here.clock())
    undo = _undoing(here).dumps([token, *leaving]) if leaving else ""
    return here.page("left.html", visit=visit, undo=undo, token=token)


@router.post("/u/{token}/undo")
def come_back(token: str, here: Here, undo: Annotated[str, Form()] = "") -> HTMLResponse:
    """Take a click on "unsubscribe" back, from the page that it led to."""
    try:
        undone, *lists = _undoing(here).loads(undo, max_age=UNDO)
    except (BadData, TypeError, ValueError) as error:
        raise BadInput("It is too late to undo that here: choose your lists on the preferences page.") from error
    if undone != token:
        raise BadInput("That button belongs to another page: open the link in your email again.")
    with here.app.database.write() as session:
        visit = _visit(session, here, token)
        if visit.person:
            _join(session, here, visit.person, lists, source="undo on the unsubscribe page")
    return here.page("back.html", visit=visit, token=token)


@router.get("/p/{token}")
def preferences(token: str, here: Here) -> HTMLResponse:
    """Which lists the reader is on."""
    with here.app.database.read() as session:
        visit = _visit(session, here, token)
        choices = _choices(session, here, visit)
    return here.page("preferences.html", visit=visit, choices=choices, saved=False)


@router.post("/p/{token}")
def choose(
    token: str,
    here: Here,
    lists: Annotated[list[str] | None, Form()] = None,
    everything: Annotated[str, Form()] = "",
) -> HTMLResponse:
    """Leave what is not ticked and join what is; the link came to their own mailbox, so this is their word."""
    with here.app.database.write() as session:
        visit = _visit(session, here, token)
        if visit.person:
            offered = {choice.slug for choice in _choices(session, here, visit)}
            wanted = set() if everything else offered & set(lists or ())
            _settle(session, here, visit.person, wanted, offered)
        choices = _choices(session, here, visit)
    return here.page("preferences.html", visit=visit, choices=choices, saved=True)


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


@dataclass(frozen=True, slots=True)
class Choice:
    """A list that a reader may be on."""

    slug: str
    title: str
    chosen: bool


def _visit(session: Session, here: Ground, token: str) -> Visit:
    """Who comes with *token*; raises BadInput where it is not one of ours."""
    edition_id, subscriber_id = links.read(here.secret, token)
    edition = session.get(Edition, edition_id)
    newsletter = here.newsletter_of(edition)
    return Visit(
        edition=edition,
        person=session.get(Subscriber, subscriber_id),
        title=newsletter.title if newsletter else "our newsletter",
        lists=newsletter.lists if newsletter else None,
    )


def _still_on(session: Session, visit: Visit) -> list[str]:
    """Which of the edition's lists the reader is on."""
    if visit.person is None:
        return []
    standing = roll.subscriptions(session, visit.person.id)
    return [
        slug
        for slug, consent in standing.items()
        if consent in _HERE_TO_STAY and (visit.lists is None or slug in visit.lists)
    ]


def _choices(session: Session, here: Ground, visit: Visit) -> list[Choice]:
    """Every list that goes into a newsletter, and those that the reader is on besides."""
    if visit.person is None:
        return []
    standing = roll.subscriptions(session, visit.person.id)
    offered = {slug for newsletter in here.app.settings.newsletters.values() for slug in newsletter.lists}
    rows = session.scalars(select(List).where(List.slug.in_(offered | standing.keys())).order_by(List.title, List.slug))
    return [Choice(row.slug, row.title, standing.get(row.slug) in _HERE_TO_STAY) for row in rows]


def _settle(session: Session, here: Ground, person: Subscriber, wanted: set[str], offered: set[str]) -> None:
    standing = roll.subscriptions(session, person.id)
    leaving = [slug for slug in offered - wanted if standing.get(slug) in _HERE_TO_STAY]
    if leaving:
        roll.unsubscribe(session, person.id, sorted(leaving), source="preferences page", now=here.clock())
    joining = [slug for slug in wanted if standing.get(slug) is not Consent.CONFIRMED]
    _join(session, here, person, sorted(joining), source="preferences page")


def _join(session: Session, here: Ground, person: Subscriber, lists: Sequence[str], *, source: str) -> None:
    now = here.clock()
    standing = roll.subscriptions(session, person.id)
    strangers = [slug for slug in lists if slug not in standing]
    if strangers:
        roll.add(session, person.email, lists=strangers, consent=Consent.CONFIRMED, source=source, now=now)
    if left := [slug for slug in lists if standing.get(slug) is Consent.UNSUBSCRIBED]:
        roll.rejoin(session, person.id, left, source=source, now=now)
    for slug in lists:
        roll.confirm(session, person.id, slug, source=source, now=now)


def _undoing(here: Ground) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(here.secret, salt="newsletter.web.readers.undo")
