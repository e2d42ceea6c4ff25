"""What follows for people from evidence that is stored: suppressed, counted, let go, taken back, or told to operations.

What teaches what stands in `lessons`; here it is done, in the transaction that stores the evidence.
"""

from collections.abc import Sequence
from datetime import datetime

import orjson
from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.config import Lessons
from newsletter.tracking import alarms, copies, counting
from newsletter.tracking.heard import Heard, Lesson
from newsletter.tracking.lessons import ALARMS, AT_ONCE, CONSENT
from newsletter.tracking.models import TEACHES, Event
from subscribers import addresses, roll, suppressions
from subscribers.suppressions import Stop

#: where a reader leaves one of the account's groups, and comes back to it
LEFT, CAME_BACK = "group_unsubscribe", "group_resubscribe"


def learn(session: Session, new: Sequence[Heard], *, rules: Lessons, now: datetime) -> None:
    """Let people and operations learn from *new* events, which are stored."""
    teaching = sorted((each for each in new if each.lesson), key=lambda each: (each.at, each.provider, each.key))
    _stop(session, [each for each in teaching if each.lesson in AT_ONCE], now=now)
    for each in teaching:
        if each.lesson in CONSENT and each.subscriber_id is not None:
            _move(session, each, each.subscriber_id, now=now)
    counting.count(session, new, rules=rules, now=now)
    # the last, for it may wait for what another post is learning at this moment
    alarms.ring(session, [each for each in teaching if each.lesson in ALARMS], rules=rules, now=now)


def again(session: Session, person: int, *, rules: Lessons, now: datetime) -> None:
    """Let what is still held of *person* teach once more, after something of it was taken back."""
    since = suppressions.zero(session, [person]).get(person)
    final = Event.lesson.in_(sorted(AT_ONCE))
    query = select(Event).where(Event.subscriber_id == person, final, Event.is_ours, TEACHES)
    for event in session.scalars(query.order_by(Event.at, Event.id)):
        if since is None or event.received_at > since:
            _stop(session, [_told(event)], now=event.received_at)
    counting.recount(session, person, rules=rules, now=now)


def _told(event: Event) -> Heard:
    return Heard(
        event.provider,
        event.provider_event_id,
        event.kind,
        event.at,
        edition_id=event.edition_id,
        subscriber_id=event.subscriber_id,
        lesson=Lesson(event.lesson),
        reason=event.reason,
    )


def _stop(session: Session, final: Sequence[Heard], *, now: datetime) -> None:
    """Suppress the address that was mailed, which need not be the one that the reader has now."""
    named = [(each, addresses.key(each.address)) for each in final if each.address]
    unnamed = [each for each in final if not each.address and each.subscriber_id is not None]
    keys = [*named, *zip(unnamed, _mailed(session, unnamed), strict=True)]
    stops = [
        Stop(key, AT_ONCE[each.lesson], each.reason, each.evidence)
        for each, key in sorted(keys, key=lambda pair: (pair[0].at, pair[0].evidence))
        if each.lesson is not None
    ]
    suppressions.suppress(session, stops, now=now)


def _mailed(session: Session, heard: Sequence[Heard]) -> list[str]:
    """To which address each copy was handed over."""
    if not heard:
        return []
    handed_over = copies.handed_over(session, {(each.edition_id, each.subscriber_id) for each in heard})
    moments = [
        (each.subscriber_id or 0, handed_over.get((each.edition_id, each.subscriber_id), each.at)) for each in heard
    ]
    return suppressions.mailed_at(session, moments)


def _move(session: Session, heard: Heard, subscriber_id: int, *, now: datetime) -> None:
    """Out, or back in; of a group's own events the latest word counts, whatever came first to us."""
    if heard.kind not in (LEFT, CAME_BACK):
        roll.unsubscribe(session, subscriber_id, source=_source(heard, heard.kind), now=now)
    elif _is_last_word(session, heard, subscriber_id):
        left = _source(heard, LEFT)
        if heard.kind == LEFT:
            roll.unsubscribe(session, subscriber_id, source=left, now=now)
        else:
            roll.take_back(session, subscriber_id, left_by=left, source=_source(heard, CAME_BACK), now=now)


def _is_last_word(session: Session, heard: Heard, subscriber_id: int) -> bool:
    """Whether nothing later was heard of this group; of the same second, leaving counts."""
    query = select(Event.kind, Event.at, Event.payload).where(
        Event.provider == heard.provider, Event.subscriber_id == subscriber_id, Event.kind.in_((LEFT, CAME_BACK))
    )
    group = orjson.loads(heard.payload).get("asm_group_id")
    words = [(at, kind == LEFT) for kind, at, payload in session.execute(query) if payload.get("asm_group_id") == group]
    return (heard.at, heard.kind == LEFT) >= max(words, default=(heard.at, False))


def _source(heard: Heard, kind: str) -> str:
    return f"{heard.provider} {kind}"
