"""Links that show an edition to somebody without an account: one revision of it, for some days, until withdrawn."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from itsdangerous import BadData, URLSafeSerializer
from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter import plural
from newsletter.editions import shelf
from newsletter.editions.models import Edition, Showing
from newsletter.errors import BadInput, NotFound, WrongState

#: days that a link may be good for
DAYS, MOST_DAYS = 7, 30
#: links of one edition at once
MOST = 20
_ASK = "ask whoever sent it to you for a new one"


def make(session: Session, edition: Edition, *, days: int, by: str, now: datetime) -> Showing:
    """A link to *edition* as it stands, good for *days*."""
    if not 1 <= days <= MOST_DAYS:
        raise BadInput(f"A link is good for 1 to {plural.counted(MOST_DAYS, 'day')}.")
    if len(standing(session, edition, now=now)) >= MOST:
        raise WrongState(f"{shelf.name(edition)} has {MOST} links already: withdraw one first.")
    made = Showing(
        edition_id=edition.id, revision=edition.revision, by=by, made_at=now, until=now + timedelta(days=days)
    )
    session.add(made)
    session.flush()
    return made


def standing(session: Session, edition: Edition, *, now: datetime) -> Sequence[Showing]:
    """The links that still open *edition*, the newest first."""
    query = select(Showing).where(Showing.edition_id == edition.id, Showing.until > now, Showing.withdrawn_at.is_(None))
    return session.scalars(query.order_by(Showing.id.desc())).all()


def withdraw(session: Session, edition: Edition, number: int, *, now: datetime) -> bool:
    """Let that link open nothing any more, and tell whether it did until now."""
    found = session.get(Showing, number)
    if found is None or found.edition_id != edition.id:
        raise NotFound("There is no such link: open the edition's page again.")
    stood = found.withdrawn_at is None and found.until > now
    found.withdrawn_at = found.withdrawn_at or now
    return stood


def sign(secret: str, showing: Showing) -> str:
    """What stands in the link."""
    return _serializer(secret).dumps([showing.id, showing.edition_id, showing.revision])


def opened(session: Session, secret: str, token: str, *, now: datetime) -> tuple[Showing, Edition]:
    """The link that *token* is, and its edition as it stands.

    Raises BadInput where it is none of ours, its days are over, it was withdrawn, or the edition says something else
    by now.
    """
    try:
        number, edition_id, revision = (int(part) for part in _serializer(secret).loads(token))
    except (BadData, TypeError, ValueError) as error:
        raise BadInput("This link is not complete: copy it whole, or ask whoever sent it to you.") from error
    showing, edition = session.get(Showing, number), session.get(Edition, edition_id)
    if showing is None or edition is None or (showing.edition_id, showing.revision) != (edition_id, revision):
        raise BadInput(f"What this link showed is not here any more: {_ASK}.")
    if showing.withdrawn_at is not None:
        raise BadInput(f"This link was withdrawn: {_ASK}.")
    if now >= showing.until:
        day = showing.until
        raise BadInput(f"This link was good until {day.day} {day:%B %Y}: {_ASK}.")
    if edition.revision != revision:
        raise BadInput(f"What this link showed has been changed since: {_ASK}.")
    return showing, edition


def _serializer(secret: str) -> URLSafeSerializer:
    return URLSafeSerializer(secret, salt="newsletter.editions.showing")
