"""Whether an event is ours: several installs (staging, production) may share one account, and all hear everything.

Bare numbers prove nothing, for every install counts its editions and readers from 1. An event that names a copy
is ours if we know its attempt, or if its address is that reader's. An event that names none (a late bounce, what
became of a letter) is ours if its address is somebody's here.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.tracking.heard import Heard, Lesson
from newsletter.tracking.sendgrid import Told
from subscribers import addresses
from subscribers.models import Subscriber

_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class People:
    """Those of our readers whom a post may be about."""

    by_id: Mapping[int, str]
    by_key: Mapping[str, int]


def people(session: Session, told: Iterable[Told]) -> People:
    """Our readers whose address stands in what was *told*."""
    keys = sorted({addresses.key(each.heard.address) for each in told if each.heard.address})
    by_key: dict[str, int] = {}
    for start in range(0, len(keys), _AT_ONCE):
        query = select(Subscriber.email_key, Subscriber.id)
        by_key.update(session.execute(query.where(Subscriber.email_key.in_(keys[start : start + _AT_ONCE]))).all())
    return People({subscriber_id: key for key, subscriber_id in by_key.items()}, by_key)


def claim(told: Told, known_attempts: Collection[str], people: People, *, account_is_ours: bool) -> Heard:
    """What was *told*, with what it says of ours: a foreign event loses the numbers that look like ours.

    What is not ours teaches nothing, and what names no copy only counts as somebody's own leaving if
    *account_is_ours*: who left by the account's own pages has left us, and a dead address is remembered
    before it is anybody's here.
    """
    heard = told.heard
    if heard.attempt in known_attempts:
        return replace(heard, is_ours=True, knows_attempt=True)
    key = addresses.key(heard.address)
    if not told.names_a_copy:
        found = replace(heard, subscriber_id=people.by_key.get(key), is_ours=key in people.by_key)
        return found if account_is_ours or (found.is_ours and heard.lesson not in _LEAVING) else _dumb(found)
    if heard.subscriber_id is not None and people.by_id.get(heard.subscriber_id) == key:
        return replace(heard, is_ours=True)
    return _dumb(replace(heard, edition_id=None, subscriber_id=None))


def _dumb(heard: Heard) -> Heard:
    return heard if heard.lesson is None else replace(heard, lesson=None)


_LEAVING = (Lesson.UNSUBSCRIBE, Lesson.RESUBSCRIBE)
