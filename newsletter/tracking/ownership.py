"""Whether an event is ours: several installs (staging, production) may share one account, and all hear everything.

Bare numbers prove nothing, for every install counts its editions and readers from 1. An event that names a copy
is ours if we know its attempt, or if its address is that reader's. An event that names none (a late bounce, what
became of a letter) is ours if its address is somebody's here.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.tracking.sendgrid import Heard
from subscribers import addresses
from subscribers.models import Subscriber

_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class People:
    """Those of our readers whom a post may be about."""

    by_id: Mapping[int, str]
    by_key: Mapping[str, int]


def people(session: Session, heard: Iterable[Heard]) -> People:
    """Our readers whose address stands in *heard*."""
    keys = sorted({addresses.key(each.address) for each in heard if each.address})
    by_key: dict[str, int] = {}
    for start in range(0, len(keys), _AT_ONCE):
        query = select(Subscriber.email_key, Subscriber.id)
        by_key.update(session.execute(query.where(Subscriber.email_key.in_(keys[start : start + _AT_ONCE]))).all())
    return People({subscriber_id: key for key, subscriber_id in by_key.items()}, by_key)


def claim(heard: Heard, known_attempts: Collection[str], people: People) -> Heard:
    """*heard* with what it says of ours: a foreign event loses the numbers that look like ours."""
    if heard.attempt in known_attempts:
        return replace(heard, is_ours=True)
    key = addresses.key(heard.address)
    if not heard.names_a_copy:
        return replace(heard, subscriber_id=people.by_key.get(key), is_ours=key in people.by_key)
    if heard.subscriber_id is not None and people.by_id.get(heard.subscriber_id) == key:
        return replace(heard, is_ours=True)
    return replace(heard, edition_id=None, subscriber_id=None)
