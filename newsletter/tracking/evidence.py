"""The evidence: what was heard of copies, once and for ever, and what follows from it, in the same transaction."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.config import Lessons
from newsletter.delivery.ledger import settling, statuses
from newsletter.delivery.ledger.statuses import Move
from newsletter.delivery.models import Status
from newsletter.tracking import learning, sendgrid, store
from newsletter.tracking.heard import BY_MAIL, MAILBOX, SENDGRID, Heard
from newsletter.tracking.models import Event
from subscribers import suppressions

#: what says of a copy that it stands so, by who says it
_STATUSES: Mapping[str, Mapping[str, Status]] = {SENDGRID: sendgrid.STATUSES, MAILBOX: BY_MAIL}


@dataclass(frozen=True, slots=True)
class Noted:
    """What became of what was heard."""

    #: what we did not have yet
    new: Sequence[Heard] = ()
    #: batches whose fate is known by it
    settled: int = 0


def record(session: Session, heard: Iterable[Heard], *, rules: Lessons | None = None, now: datetime) -> Noted:
    """Store each thing *heard* once, and let what is new settle batches, move statuses and teach.

    Whichever channel it came by, in whatever order and however often: things stand the same afterwards. Only what
    is ours moves anything. *rules*: the settings, from when on soft bounces suppress and alarms ring.
    """
    new = store.keep(session, list({(each.provider, each.key): each for each in heard}.values()), now=now)
    ours = [each for each in new if each.is_ours]
    settled = _settle(session, ours, now=now)
    _advance(session, ours)
    learning.learn(session, new, rules=rules or Lessons(), now=now)
    return Noted(new, settled)


def retract(session: Session, key: str, *, rules: Lessons | None = None, now: datetime) -> None:
    """A person made too much of a letter: what was heard by *key* is about nobody now; things stand as without.

    That the copy had been handed over stays known: who takes that back would send it again.
    """
    event = session.scalar(select(Event).where(Event.provider == MAILBOX, Event.provider_event_id == key))
    if event is None or event.subscriber_id is None:
        return
    edition_id, person = event.edition_id, event.subscriber_id
    event.payload = event.payload | {"taken_back": now.isoformat(), "was_about": [edition_id, person]}
    event.edition_id = event.subscriber_id = None
    event.is_ours, event.lesson = False, ""
    session.flush()
    if edition_id is not None:
        statuses.restate(session, edition_id, person, list(_moves(session, edition_id, person)))
    suppressions.withdraw(session, f"{MAILBOX}/{key}")
    learning.again(session, person, rules=rules or Lessons(), now=now)


def _moves(session: Session, edition_id: int, person: int) -> Iterator[Move]:
    query = select(Event).where(Event.edition_id == edition_id, Event.subscriber_id == person, Event.is_ours)
    for event in session.scalars(query.order_by(Event.id)):
        if status := _STATUSES.get(event.provider, {}).get(event.kind):
            yield Move(edition_id, person, status, event.reason, event.at)


def _settle(session: Session, new: Iterable[Heard], *, now: datetime) -> int:
    """One event proves its whole hand-over; without an attempt that we know it proves one copy."""
    attempts: set[str] = set()
    strangers: set[tuple[int, int]] = set()
    for each in new:
        if each.knows_attempt:
            attempts.add(each.attempt)
        elif each.proves and each.edition_id is not None and each.subscriber_id is not None:
            strangers.add((each.edition_id, each.subscriber_id))
    settled = settling.settle_all(session, attempts, now=now)
    return settled + settling.prove_all(session, strangers, now=now)


def _advance(session: Session, new: Iterable[Heard]) -> None:
    statuses.advance_all(
        session,
        [
            Move(each.edition_id, each.subscriber_id, each.status, each.reason, each.at)
            for each in new
            if each.status is not None and each.edition_id is not None and each.subscriber_id is not None
        ],
    )
