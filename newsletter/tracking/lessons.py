"""What events teach about people, for all editions to come."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.tracking.models import Event
from newsletter.tracking.sendgrid import PROVIDER, Heard, Lesson
from subscribers import roll
from subscribers.errors import BadAddress
from subscribers.models import Subscriber, SuppressionReason

_SUPPRESSED_FOR = {Lesson.HARD_BOUNCE: SuppressionReason.HARD_BOUNCE, Lesson.COMPLAINT: SuppressionReason.COMPLAINT}
#: where a reader leaves one of the account's groups, and comes back to it
LEFT, CAME_BACK = "group_unsubscribe", "group_resubscribe"


def learn(session: Session, new: Iterable[Heard], *, account_is_ours: bool, now: datetime) -> None:
    """Suppress, unsubscribe and take back, by *new* events, which are stored.

    Only what is ours teaches. An event that names no copy counts for more if *account_is_ours*: who left by
    the account's own pages has left us, and a dead address is remembered before it is anybody's here.
    """
    for each in sorted((each for each in new if each.lesson), key=lambda each: (each.at, each.key)):
        by_the_account = account_is_ours and not each.names_a_copy
        if each.lesson in _SUPPRESSED_FOR:
            if each.is_ours or by_the_account:
                _suppress(session, each, now=now)
        elif each.is_ours and each.subscriber_id is not None and (each.names_a_copy or by_the_account):
            _move(session, each, each.subscriber_id, now=now)


def _move(session: Session, heard: Heard, subscriber_id: int, *, now: datetime) -> None:
    """Out, or back in; of a group's own events the latest word counts, whatever came first to us."""
    if heard.kind not in (LEFT, CAME_BACK):
        roll.unsubscribe(session, subscriber_id, source=_source(heard.kind), now=now)
    elif _is_last_word(session, heard, subscriber_id):
        if heard.kind == LEFT:
            roll.unsubscribe(session, subscriber_id, source=_source(LEFT), now=now)
        else:
            roll.take_back(session, subscriber_id, left_by=_source(LEFT), source=_source(CAME_BACK), now=now)


def _is_last_word(session: Session, heard: Heard, subscriber_id: int) -> bool:
    """Whether nothing later was heard of this group; of the same second, leaving counts."""
    query = select(Event.kind, Event.at, Event.payload).where(
        Event.provider == PROVIDER, Event.subscriber_id == subscriber_id, Event.kind.in_((LEFT, CAME_BACK))
    )
    words = [
        (at, kind == LEFT)
        for kind, at, payload in session.execute(query)
        if payload.get("asm_group_id") == heard.payload.get("asm_group_id")
    ]
    return (heard.at, heard.kind == LEFT) >= max(words, default=(heard.at, False))


def _source(kind: str) -> str:
    return f"{PROVIDER} {kind}"


def _suppress(session: Session, heard: Heard, *, now: datetime) -> None:
    address = heard.address or session.scalar(select(Subscriber.email).where(Subscriber.id == heard.subscriber_id))
    if heard.lesson is None or not address:
        return
    try:
        roll.suppress(session, address, reason=_SUPPRESSED_FOR[heard.lesson], note=heard.reason, now=now)
    except BadAddress:
        return  # not an address that anybody could have; the event itself is stored
