"""Who opened a reader's link: of which edition, standing how, and spoken to in which language."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fastapi.responses import HTMLResponse
from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.config import Newsletter
from newsletter.editions.models import Edition
from newsletter.rendering import languages, links
from newsletter.rendering.languages import Words
from newsletter.web.ground import Ground
from subscribers import roll
from subscribers.models import Consent, List, Subscriber, Suppression, SuppressionReason

HERE_TO_STAY = frozenset({Consent.CONFIRMED, Consent.PENDING})

#: why no mail comes, as the person is told it
WHY_NOT = {
    SuppressionReason.HARD_BOUNCE: "your mail server told us that this address does not exist",
    SuppressionReason.COMPLAINT: "one of our letters was reported as spam from this address",
    SuppressionReason.GIVEN_UP: "for several weeks your mailbox was full, or could not be reached",
    SuppressionReason.MANUAL: "we were asked not to write to this address",
}


@dataclass(frozen=True, slots=True)
class Visit:
    """Who opened a link, and of which edition; a person may have been erased since."""

    token: str
    edition: Edition | None
    person: Subscriber | None
    newsletter: Newsletter | None
    #: why nothing may be mailed to them
    suppression: Suppression | None
    words: Words
    #: whether the link stands in a preview or a test copy, and is no reader's
    sample: bool = False

    @property
    def title(self) -> str:
        return self.newsletter.title if self.newsletter else self.words.text("our newsletter")

    @property
    def lists(self) -> tuple[str, ...] | None:
        """The lists that this newsletter goes to; None: all there are."""
        return self.newsletter.lists if self.newsletter else None

    @property
    def mailbox(self) -> str:
        """Enough of the address to know it by, for links are forwarded."""
        return masked(self.person.email) if self.person else ""

    @property
    def why_not(self) -> str:
        """Why no mail comes, in a sentence; empty where it may."""
        return self.words.text(WHY_NOT[self.suppression.reason]) if self.suppression else ""

    @property
    def desk(self) -> str:
        """Where a person writes to."""
        return (self.newsletter.reply_to or self.newsletter.from_address) if self.newsletter else ""


@dataclass(frozen=True, slots=True)
class Choice:
    """A list that a reader may be on."""

    slug: str
    title: str
    chosen: bool


def visit(session: Session, here: Ground, token: str) -> Visit:
    """Who comes with *token*; raises BadInput where it is not one of ours."""
    edition_id, subscriber_id = links.read(here.secret, token)
    edition = session.get(Edition, edition_id)
    newsletter = here.newsletter_of(edition)
    person = session.get(Subscriber, subscriber_id)
    suppression = (
        session.scalar(select(Suppression).where(Suppression.email_key == person.email_key)) if person else None
    )
    tags = (person.language if person else "", newsletter.language if newsletter else "")
    return Visit(token, edition, person, newsletter, suppression, languages.choose(*tags), sample=not subscriber_id)


def page(here: Ground, who: Visit, template: str, *, status: int = 200, **values: Any) -> HTMLResponse:
    """A page for *who*, in their language."""
    return here.page(template, status=status, words=who.words, visit=who, token=who.token, **values)


def still_on(session: Session, who: Visit) -> list[str]:
    """Which of the edition's lists the reader is on."""
    return _standing_so(session, who, HERE_TO_STAY)


def gone_from(session: Session, who: Visit) -> list[str]:
    """Which of the edition's lists the reader has left."""
    return _standing_so(session, who, {Consent.UNSUBSCRIBED})


def choices(session: Session, here: Ground, who: Visit) -> list[Choice]:
    """Every list that goes into a newsletter, and those that the reader is on besides."""
    if who.person is None:
        return []
    standing = roll.subscriptions(session, who.person.id)
    offered = {slug for newsletter in here.app.settings.newsletters.values() for slug in newsletter.lists}
    rows = session.scalars(select(List).where(List.slug.in_(offered | standing.keys())).order_by(List.title, List.slug))
    return [Choice(row.slug, row.title, standing.get(row.slug) in HERE_TO_STAY) for row in rows]


def join(session: Session, here: Ground, person: Subscriber, lists: Sequence[str], *, source: str) -> None:
    """Put *person* on *lists* by their own word: their link came to their own mailbox."""
    now = here.clock()
    standing = roll.subscriptions(session, person.id)
    strange = [slug for slug in lists if slug not in standing]
    if strange:
        roll.add(session, person.email, lists=strange, consent=Consent.CONFIRMED, source=source, now=now)
    if left := [slug for slug in lists if standing.get(slug) is Consent.UNSUBSCRIBED]:
        roll.rejoin(session, person.id, left, source=source, now=now)
    for slug in lists:
        roll.confirm(session, person.id, slug, source=source, now=now)


def masked(email: str) -> str:
    """Enough of an address to know it by, on one line."""
    local, _, domain = email.partition("@")
    return f"{local[:1]}…\N{WORD JOINER}@{domain}"


def _standing_so(session: Session, who: Visit, consents: set[Consent] | frozenset[Consent]) -> list[str]:
    if who.person is None:
        return []
    standing = roll.subscriptions(session, who.person.id)
    return [
        slug for slug, consent in standing.items() if consent in consents and (who.lists is None or slug in who.lists)
    ]
