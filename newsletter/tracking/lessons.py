"""What events teach about people, for all editions to come."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.config import Lessons
from newsletter.tracking.heard import Heard, Lesson
from newsletter.tracking.models import Event
from subscribers import roll
from subscribers.errors import BadAddress
from subscribers.models import Subscriber, SuppressionReason

_SUPPRESSED_FOR = {Lesson.HARD_BOUNCE: SuppressionReason.HARD_BOUNCE, Lesson.COMPLAINT: SuppressionReason.COMPLAINT}
_LEAVING = (Lesson.UNSUBSCRIBE, Lesson.RESUBSCRIBE)
#: where a reader leaves one of the account's groups, and comes back to it
LEFT, CAME_BACK = "group_unsubscribe", "group_resubscribe"


def learn(session: Session, new: Iterable[Heard], *, rules: Lessons, now: datetime) -> None:
    """Suppress, unsubscribe and take back, by *new* events, which are stored."""
    for each in sorted((each for each in new if each.lesson), key=lambda each: (each.at, each.key)):
        if each.lesson in _SUPPRESSED_FOR:
            _suppress(session, each, now=now)
        elif each.lesson in _LEAVING and each.subscriber_id is not None:
            _move(session, each, each.subscriber_id, now=now)


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
    words = [
        (at, kind == LEFT)
        for kind, at, payload in session.execute(query)
        if payload.get("asm_group_id") == heard.payload.get("asm_group_id")
    ]
    return (heard.at, heard.kind == LEFT) >= max(words, default=(heard.at, False))


def _source(heard: Heard, kind: str) -> str:
    return f"{heard.provider} {kind}"


def _suppress(session: Session, heard: Heard, *, now: datetime) -> None:
    address = heard.address or session.scalar(select(Subscriber.email).where(Subscriber.id == heard.subscriber_id))
    if heard.lesson is None or not address:
        return
    try:
        roll.suppress(session, address, reason=_SUPPRESSED_FOR[heard.lesson], note=heard.reason, now=now)
    except BadAddress:
        return  # not an address that anybody could have; the event itself is stored
