"""What a suppression rests on: the event that taught it, and the letter that told it, where it came by mail."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.tracking.heard import MAILBOX
from newsletter.tracking.models import Event, Returned

#: signs of a letter's digest, which an event's key begins with
_DIGEST = 64


@dataclass(frozen=True, slots=True)
class Footing:
    """One piece of evidence."""

    #: "sendgrid", "smtp", "mailbox"
    provider: str
    #: their word for it
    kind: str
    at: datetime
    edition_id: int | None
    #: of the letter, where it came by mail
    letter: int | None = None
    #: somebody here read the letter, and said what it is
    by_hand: bool = False


def of(session: Session, evidence: Iterable[str]) -> dict[str, Footing]:
    """What each piece of *evidence* is, as a suppression names it; one that is not held any more is absent."""
    keys: dict[str, list[str]] = {}
    for one in sorted({each for each in evidence if each}):
        provider, _, key = one.partition("/")
        keys.setdefault(provider, []).append(key)
    letters = _letters(session, keys.get(MAILBOX, ()))
    found = {}
    for provider, named in keys.items():
        query = select(Event).where(Event.provider == provider, Event.provider_event_id.in_(named))
        for event in session.scalars(query):
            key = event.provider_event_id
            letter = letters.get(key[:_DIGEST]) if provider == MAILBOX else None
            by_hand = provider == MAILBOX and "-ruled-" in key
            found[f"{provider}/{key}"] = Footing(provider, event.kind, event.at, event.edition_id, letter, by_hand)
    return found


def _letters(session: Session, keys: Iterable[str]) -> dict[str, int]:
    digests = sorted({key[:_DIGEST] for key in keys})
    if not digests:
        return {}
    return dict(session.execute(select(Returned.digest, Returned.id).where(Returned.digest.in_(digests))).all())
