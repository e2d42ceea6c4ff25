"""Events: stored for ever and once, and what follows from a new one, in the same transaction."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from newsletter.delivery.ledger import settling, statuses
from newsletter.delivery.ledger.statuses import Move
from newsletter.delivery.models import Batch, BatchState, Delivery, Sending
from newsletter.tracking import lessons, ownership, quarantine, sendgrid
from newsletter.tracking.models import Event, Watermark
from newsletter.tracking.quarantine import Unreadable
from newsletter.tracking.sendgrid import PROVIDER, Heard
from subscribers.rows import upsert

_AT_ONCE = 1000
#: a late bounce is looked for among so many of the newest editions
_EDITIONS_BACK = 26
_LONGEST_PIECE = 4000


@dataclass(frozen=True, slots=True)
class Recorded:
    """What a post brought."""

    #: events that were new, and events that we had
    new: int = 0
    known: int = 0
    #: of the new ones, events of another install on the same account, which change nobody here
    foreign: int = 0
    #: pieces that could not be read, now in quarantine
    unreadable: int = 0
    #: batches whose fate is known by it
    settled: int = 0


def record(
    session: Session,
    raw_events: Sequence[Mapping[str, Any]],
    *,
    unreadable: Sequence[Unreadable] = (),
    account_is_ours: bool = False,
    now: datetime,
    trouble_at: datetime | None = None,
) -> Recorded:
    """Store each of SendGrid's events once, and let the new ones settle batches, move statuses and teach the roll.

    The order, the number of copies and the cut of the posts make no difference to where things stand
    afterwards. Only what is about a copy or a person of ours moves anything (see `ownership`). *unreadable*:
    what else stood in the post. *trouble_at*: when a post was last turned away through our own fault.
    """
    heard, odd = _read(raw_events, now=now)
    quarantine.keep(session, PROVIDER, [*unreadable, *odd], now=now)
    known_attempts = _known_attempts(session, {each.attempt for each in heard.values() if each.attempt})
    people = ownership.people(session, heard.values())
    owned = [ownership.claim(each, known_attempts, people) for each in heard.values()]
    new = _store(session, _located(session, owned), now=now)
    ours = [each for each in new if each.is_ours]
    settled = _settle(session, ours, known_attempts, now=now)
    _advance(session, ours)
    lessons.learn(session, new, account_is_ours=account_is_ours, now=now)
    _move_watermark(session, heard.values(), now=now, trouble_at=trouble_at)
    return Recorded(
        new=len(new),
        known=len(raw_events) - len(new) - len(odd),
        foreign=len(new) - len(ours),
        unreadable=len(unreadable) + len(odd),
        settled=settled,
    )


def _read(raw_events: Sequence[Mapping[str, Any]], *, now: datetime) -> tuple[dict[str, Heard], list[Unreadable]]:
    heard, odd = dict[str, Heard](), list[Unreadable]()
    for event in raw_events:
        try:
            each = sendgrid.read(event, now=now)
        except (ValueError, TypeError, OverflowError, RecursionError) as error:
            odd.append(Unreadable(repr(event)[:_LONGEST_PIECE], f"{type(error).__name__}: {error}"))
        else:
            heard[each.key] = each
    return heard, odd


def trouble(session: Session, *, now: datetime) -> None:
    """A post was turned away that SendGrid will bring again: silence means nothing for a while."""
    session.connection().execute(_watermark(session).values(at=_BEGINNING, trouble_at=now))


def _located(session: Session, heard: list[Heard]) -> list[Heard]:
    """The same, where late bounces know which copy they are most likely about."""
    return [
        replace(each, edition_id=_newest_copy(session, each.subscriber_id, each.at))
        if each.is_late_bounce and each.subscriber_id is not None
        else each
        for each in heard
    ]


def _newest_copy(session: Session, subscriber_id: int, before: datetime) -> int | None:
    """The newest edition that was handed over to this person before that moment."""
    # by edition, because that is how the rows lie: a search by person alone would read them all
    editions = (
        select(Sending.edition_id)
        .where(Sending.sender == PROVIDER)
        .order_by(Sending.started_at.desc(), Sending.edition_id.desc())
        .limit(_EDITIONS_BACK)
    )
    return session.scalar(
        select(Delivery.edition_id)
        .join(Batch, (Batch.edition_id == Delivery.edition_id) & (Batch.number == Delivery.batch))
        .where(
            Delivery.edition_id.in_(session.scalars(editions).all()),
            Delivery.subscriber_id == subscriber_id,
            Batch.state.in_((BatchState.ACCEPTED, BatchState.UNKNOWN, BatchState.SENDING)),
            Batch.fenced_at <= before,
        )
        .order_by(Batch.fenced_at.desc(), Delivery.edition_id.desc())
        .limit(1)
    )


def _store(session: Session, heard: Sequence[Heard], *, now: datetime) -> list[Heard]:
    """Write down what is new, and return it."""
    if not heard:
        return []
    # always in the same order, so that two posts at once can't block each other
    rows = [_row(each, now) for each in sorted(heard, key=lambda each: each.key)]
    statement = (
        upsert(session, Event)
        .on_conflict_do_nothing(index_elements=["provider", "provider_event_id"])
        .returning(Event.provider_event_id)
    )
    new: set[str] = set()
    for start in range(0, len(rows), _AT_ONCE):
        new.update(session.connection().execute(statement, rows[start : start + _AT_ONCE]).scalars())
    return [each for each in heard if each.key in new]


def _row(heard: Heard, now: datetime) -> dict[str, Any]:
    return {
        "provider": PROVIDER,
        "provider_event_id": heard.key,
        "kind": heard.kind,
        "at": heard.at,
        "received_at": now,
        "is_ours": heard.is_ours,
        "edition_id": heard.edition_id,
        "subscriber_id": heard.subscriber_id,
        "attempt": heard.attempt,
        "reason": heard.reason,
        "payload": heard.payload,
    }


def _settle(session: Session, new: Sequence[Heard], known: Collection[str], *, now: datetime) -> int:
    """One event proves its whole hand-over; without an attempt that we know it proves one copy."""
    attempts = {each.attempt for each in new if each.attempt in known}
    settled = sum(settling.settle(session, attempt, now=now) for attempt in sorted(attempts))
    strangers = {
        (each.edition_id, each.subscriber_id)
        for each in new
        if each.attempt not in known and not each.is_late_bounce
        if each.edition_id is not None and each.subscriber_id is not None
    }
    return settled + sum(settling.prove(session, *pair, now=now) for pair in sorted(strangers))


def _known_attempts(session: Session, attempts: Collection[str]) -> set[str]:
    wanted, known = sorted(attempts), set[str]()
    for start in range(0, len(wanted), _AT_ONCE):
        known.update(session.scalars(select(Batch.attempt).where(Batch.attempt.in_(wanted[start : start + _AT_ONCE]))))
    return known


def _advance(session: Session, new: Iterable[Heard]) -> None:
    moves = [
        Move(each.edition_id, each.subscriber_id, each.status, each.reason, each.at)
        for each in new
        if each.status is not None and each.edition_id is not None and each.subscriber_id is not None
    ]
    statuses.advance_all(session, sorted(moves, key=lambda move: (move.edition_id, move.subscriber_id)))


def _move_watermark(session: Session, heard: Iterable[Heard], *, now: datetime, trouble_at: datetime | None) -> None:
    """Remember the newest event time, but never one that lies ahead of our own clock."""
    dated = [min(each.at, now) for each in heard if each.is_dated]
    if dated:
        session.connection().execute(_watermark(session).values(at=max(dated), trouble_at=trouble_at))


#: before every event
_BEGINNING = datetime.fromisoformat("2000-01-01T00:00:00+00:00")


def _watermark(session: Session) -> Any:
    """An upsert that only moves forwards."""
    statement = upsert(session, Watermark).values(provider=PROVIDER)
    new = statement.excluded
    return statement.on_conflict_do_update(
        index_elements=["provider"],
        set_={
            "at": _later(session, new.at, Watermark.at),
            # SQLite's max of two is NULL where one is
            "trouble_at": func.coalesce(
                _later(session, new.trouble_at, Watermark.trouble_at), new.trouble_at, Watermark.trouble_at
            ),
        },
        where=or_(new.at > Watermark.at, new.trouble_at.is_not(None)),
    )


def _later(session: Session, one: Any, other: Any) -> Any:
    return func.greatest(one, other) if _is_postgresql(session) else func.max(one, other)


def _is_postgresql(session: Session) -> bool:
    return session.get_bind().dialect.name == "postgresql"
