"""Soft bounces counted, by person: an address is given up, or was given up too early as it now turns out."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from functools import cache

import orjson
from sqlalchemy import Select, exists, select
from sqlalchemy.orm import Session

from newsletter.config import Lessons
from newsletter.tracking import copies
from newsletter.tracking.heard import Heard, Lesson
from newsletter.tracking.lessons import Sign, given_up
from newsletter.tracking.models import TEACHES, Event
from subscribers import rows, suppressions
from subscribers.models import Subscriber, SuppressionReason
from subscribers.suppressions import Stop

#: what an event is called that only a mailbox which takes mail can bring about
_ALIVE = ("delivered", "open", "click")
#: so few that the editions they were sent fit into one statement beside them
_AT_ONCE = 200


def count(session: Session, new: Sequence[Heard], *, rules: Lessons, now: datetime) -> None:
    """Look anew at everybody with a soft bounce whom something *new* is about.

    A person's whole history decides and not the order in which it came: what a late event undoes is undone.
    """
    ids = {each.subscriber_id for each in new if each.status or each.lesson or each.kind in _ALIVE if each.is_ours}
    ids.discard(None)
    if ids:
        people = _counted(session, ids)
        for first in range(0, len(people), _AT_ONCE):
            _judge(session, people[first : first + _AT_ONCE], rules, now)


def recount(session: Session, person: int, *, rules: Lessons, now: datetime) -> None:
    """Look anew at one person, of whom something counts no more."""
    session.scalars(select(Subscriber.id).where(Subscriber.id == person).with_for_update()).all()
    _judge(session, [person], rules, now)


def _counted(session: Session, ids: Collection[int | None]) -> Sequence[int]:
    """Those of *ids* with a soft bounce; two posts about one person are judged one after the other."""
    connection = session.connection()
    told = orjson.dumps([[one] for one in ids]).decode()
    found = sorted(connection.execute(_bounced_softly(connection.dialect.name), {"told": told}).scalars())
    if not found:
        return []
    # SQLite has one writer, and no such words
    locked = select(Subscriber.id).where(Subscriber.id.in_(found)).order_by(Subscriber.id).with_for_update()
    return session.scalars(locked).all()


@cache
def _bounced_softly(dialect: str) -> Select[int]:
    told, [subscriber_id] = rows.told(dialect, Subscriber.id)
    return (
        select(subscriber_id)
        .select_from(told)
        .where(exists().where(Event.subscriber_id == subscriber_id, Event.lesson == Lesson.SOFT_BOUNCE, TEACHES))
    )


def _judge(session: Session, people: Sequence[int], rules: Lessons, now: datetime) -> None:
    soft = _soft(session, people)
    likely = [one for one in people if given_up([sign for sign, _ in soft.get(one, ())], (), rules)]
    alive = _alive(session, likely, min(sign.at for one in likely for sign, _ in soft[one])) if likely else {}
    final: dict[int, Sign] = {}
    for one in likely:
        if sign := given_up([each for each, _ in soft[one]], alive.get(one, ()), rules):
            final[one] = sign
    _give_up(session, final, {one: dict(soft[one]) for one in final}, now)
    too_early = suppressions.among(session, people, SuppressionReason.GIVEN_UP) - final.keys()
    suppressions.undo(session, too_early, SuppressionReason.GIVEN_UP)


def _soft(session: Session, people: Collection[int]) -> dict[int, list[tuple[Sign, Event]]]:
    """Each one's soft bounces that count: since they were let in again, and of copies to the address they have."""
    query = select(Event).where(Event.subscriber_id.in_(people), Event.lesson == Lesson.SOFT_BOUNCE, TEACHES)
    zero = suppressions.zero(session, sorted(people))
    found: dict[int, list[tuple[Sign, Event]]] = {}
    for event in session.scalars(query):
        one, edition_id = event.subscriber_id, event.edition_id
        if one is None or edition_id is None or (one in zero and event.received_at <= zero[one]):
            continue
        found.setdefault(one, []).append((Sign(edition_id, event.at), event))
    return found


def _alive(session: Session, people: Sequence[int], since: datetime) -> dict[int, list[Sign]]:
    """Each one's copies that arrived, as far as can be told."""
    editions = copies.editions_since(session, since - timedelta(weeks=4))
    signs: dict[int, list[Sign]] = {}
    events = select(Event.subscriber_id, Event.edition_id, Event.at).where(
        Event.edition_id.in_(editions), Event.subscriber_id.in_(people), Event.kind.in_(_ALIVE), Event.is_ours
    )
    for one, edition_id, at in session.execute(events):
        if one is not None and edition_id is not None:
            signs.setdefault(one, []).append(Sign(edition_id, at))
    for one, edition_id, at in copies.silent(session, editions, people):
        signs.setdefault(one, []).append(Sign(edition_id, at, silent=True))
    return signs


def _give_up(session: Session, final: dict[int, Sign], events: dict[int, dict[Sign, Event]], now: datetime) -> None:
    if not final:
        return
    keys = session.execute(select(Subscriber.id, Subscriber.email_key).where(Subscriber.id.in_(final))).all()
    stops = []
    for one, key in sorted(keys):
        event = events[one][final[one]]
        evidence = f"{event.provider}/{event.provider_event_id}"
        stops.append(Stop(key, SuppressionReason.GIVEN_UP, event.reason, evidence))
    suppressions.suppress(session, stops, now=now)
