"""The evidence: what was heard of copies, once and for ever, and what follows from it, in the same transaction."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from newsletter.config import Lessons
from newsletter.delivery.ledger import settling, statuses
from newsletter.delivery.ledger.statuses import Move
from newsletter.tracking import learning
from newsletter.tracking.heard import Heard
from newsletter.tracking.models import Event
from subscribers.rows import upsert

_AT_ONCE = 1000


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
    new = _store(session, {(each.provider, each.key): each for each in heard}.values(), now=now)
    ours = [each for each in new if each.is_ours]
    settled = _settle(session, ours, now=now)
    _advance(session, ours)
    learning.learn(session, new, rules=rules or Lessons(), now=now)
    return Noted(new, settled)


def _store(session: Session, heard: Iterable[Heard], *, now: datetime) -> list[Heard]:
    """Write down what is new, and return it."""
    # always in the same order, so that two posts at once can't block each other
    ordered = sorted(heard, key=lambda each: (each.provider, each.key))
    if not ordered:
        return []
    rows = [_row(each, now) for each in ordered]
    statement = (
        upsert(session, Event)
        .on_conflict_do_nothing(index_elements=["provider", "provider_event_id"])
        .returning(Event.provider, Event.provider_event_id)
    )
    new: set[tuple[str, str]] = set()
    for start in range(0, len(rows), _AT_ONCE):
        found = session.connection().execute(statement, rows[start : start + _AT_ONCE])
        new.update((provider, key) for provider, key in found)
    return [each for each in ordered if (each.provider, each.key) in new]


def _row(heard: Heard, now: datetime) -> dict[str, Any]:
    return {
        "provider": heard.provider,
        "provider_event_id": heard.key,
        "kind": heard.kind,
        "at": heard.at,
        "received_at": now,
        "is_ours": heard.is_ours,
        "edition_id": heard.edition_id,
        "subscriber_id": heard.subscriber_id,
        "attempt": heard.attempt,
        "lesson": heard.lesson or "",
        "reason": heard.reason,
        "payload": heard.payload,
    }


def _settle(session: Session, new: Iterable[Heard], *, now: datetime) -> int:
    """One event proves its whole hand-over; without an attempt that we know it proves one copy."""
    proofs = [each for each in new if each.proves]
    attempts = {each.attempt for each in proofs if each.knows_attempt}
    settled = sum(settling.settle(session, attempt, now=now) for attempt in sorted(attempts))
    strangers = {
        (each.edition_id, each.subscriber_id)
        for each in proofs
        if not each.knows_attempt and each.edition_id is not None and each.subscriber_id is not None
    }
    return settled + sum(settling.prove(session, *pair, now=now) for pair in sorted(strangers))


def _advance(session: Session, new: Iterable[Heard]) -> None:
    moves = [
        Move(each.edition_id, each.subscriber_id, each.status, each.reason, each.at)
        for each in new
        if each.status is not None and each.edition_id is not None and each.subscriber_id is not None
    ]
    statuses.advance_all(session, sorted(moves, key=lambda move: (move.edition_id, move.subscriber_id)))
