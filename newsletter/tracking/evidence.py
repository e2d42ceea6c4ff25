"""The evidence: what was heard of copies, once and for ever, and what follows from it, in the same transaction."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from newsletter.config import Lessons
from newsletter.delivery.ledger import settling, statuses
from newsletter.delivery.ledger.statuses import Move
from newsletter.tracking import learning, store
from newsletter.tracking.heard import Heard


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
