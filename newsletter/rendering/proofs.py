"""Proofs: an edition as rendered for approval, kept with its digest. What was approved is what is sent."""

import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.config import Newsletter, Settings
from newsletter.editions.models import Edition, State
from newsletter.errors import WrongState
from newsletter.rendering import amending, counted
from newsletter.rendering.amending import Note
from newsletter.rendering.counted import Counting
from newsletter.rendering.models import Proof
from newsletter.rendering.mould import Mould, digest

if TYPE_CHECKING:
    from newsletter.rendering.templates import Template

#: states in which the bytes of a proof are not to change
_FROZEN = frozenset({State.APPROVED, State.SENDING, State.SENT, State.CANCELLED})


def make(session: Session, edition: Edition, newsletter: Newsletter, settings: Settings, *, now: datetime) -> Proof:
    """Render *edition* and keep it, for approval; the proof there is already, where it says the same.

    Raises BadTemplate. To look at an edition that may be approved already, ask for its `current` proof.
    """
    proof = today(edition, newsletter, settings, now=now)
    last = latest(session, edition.id, edition.revision)
    if last is not None and last.digest == proof.digest:
        return last
    session.add(proof)
    session.flush()
    return proof


def today(
    edition: Edition, newsletter: Newsletter, settings: Settings, *, now: datetime, template: "Template | None" = None
) -> Proof:
    """What today's templates and settings make of *edition*, or this *template*, not kept; raises BadTemplate."""
    from newsletter.rendering import sheet  # with MJML and Jinja2; what is approved is sent without them

    page = sheet.lay_out(edition, newsletter, settings, template)
    tracking = str(counted.counting(newsletter))
    return Proof(
        edition_id=edition.id,
        revision=edition.revision,
        subject=page.subject,
        html=page.html.encode(),
        text=page.text.encode(),
        tracking=tracking,
        digest=digest(page.subject, page.html, page.text, tracking),
        made_at=now,
    )


def amended(
    edition: Edition,
    newsletter: Newsletter,
    settings: Settings,
    notes: Sequence[Note],
    *,
    now: datetime,
) -> Proof:
    """The page of an *edition* that went out and was corrected since: what it says now, with *notes* of what was wrong.

    Raises BadTemplate.
    """
    proof = today(edition, newsletter, settings, now=now)
    html, text = amending.noted(proof.html.decode(), proof.text.decode(), notes, language=newsletter.language)
    proof.html, proof.text = html.encode(), text.encode()
    proof.digest = digest(proof.subject, html, text, proof.tracking)
    return proof


def newest(session: Session, edition_id: int) -> Proof | None:
    """What the edition's page shows: as it was corrected last, else as it was approved."""
    query = select(Proof).where(Proof.edition_id == edition_id).order_by(Proof.revision.desc(), Proof.id.desc())
    return session.scalar(query.limit(1))


def latest(session: Session, edition_id: int, revision: int) -> Proof | None:
    """The newest proof of that revision."""
    query = select(Proof).where(Proof.edition_id == edition_id, Proof.revision == revision).order_by(Proof.id.desc())
    return session.scalar(query.limit(1))


def current(session: Session, edition: Edition, newsletter: Newsletter, settings: Settings, *, now: datetime) -> Proof:
    """The approved proof of *edition*, whatever became of templates and settings since; a draft's is made anew."""
    return frozen(session, edition) or make(session, edition, newsletter, settings, now=now)


def frozen(session: Session, edition: Edition) -> Proof | None:
    """The approved proof of *edition*, which nothing changes any more; None of a draft."""
    return latest(session, edition.id, edition.revision) if edition.state in _FROZEN else None


def mould(
    proof: Proof,
    edition: Edition,
    newsletter: Newsletter,
    settings: Settings,
    *,
    now: datetime | None = None,
    for_readers: bool = False,
    for_a_test: bool = False,
    answers: int | None = None,
) -> Mould:
    """The mould of *proof*; *now* becomes the Date of every copy (default: when the proof was made).

    *for_readers*: its links are counted, as was approved. Those of previews and test copies are not: they lead
    where the approved ones lead, without passing by us. *for_a_test*: its subject says so, and each test is a
    message of its own. *answers*: the edition whose copies these ones answer.

    Raises WrongState where the kept bytes are not those that the digest was taken of.
    """
    subject, html, text = proof.subject, proof.html.decode(), proof.text.decode()
    if digest(subject, html, text, proof.tracking) != proof.digest:
        raise WrongState(f"the proof of edition {edition.id} was altered after it was made: approve the edition again")
    return Mould(
        edition_id=edition.id,
        subject=f"[Test] {subject}" if for_a_test else subject,
        html=html,
        text=text,
        sender=(newsletter.from_name or newsletter.title, newsletter.from_address),
        reply_to=newsletter.reply_to,
        list_name=(newsletter.title, newsletter.slug),
        public_url=settings.public_url,
        secret=settings.secret.get_secret_value(),
        date=now or proof.made_at,
        mailbox=newsletter.unsubscribe_mailbox,
        counting=counted.parse(proof.tracking) if for_readers else Counting(),
        test=secrets.token_hex(4) if for_a_test else "",
        answers=answers,
    )
