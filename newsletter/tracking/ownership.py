"""Whether an event is ours: several installs (staging, production) may share one account, and all hear everything.

Bare numbers prove nothing, for every install counts its editions and readers from 1. An event that names a copy
is ours if we know its attempt, or if its address is that reader's. An event that names none (a late bounce, what
became of a letter) is ours if its address is somebody's here.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.tracking.heard import Heard, Lesson
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


def claim(heard: Heard, people: People, *, names_a_copy: bool, account_is_ours: bool) -> None:
    """Find out whether *heard*, which carries no attempt of ours, is ours: what is not loses the numbers that look so.

    What is not ours teaches nothing, and what names no copy only counts as somebody's own leaving if
    *account_is_ours*: who left by the account's own pages has left us, and a dead address is remembered
    before it is anybody's here.
    """
    key = addresses.key(heard.address)
    if not names_a_copy:
        heard.subscriber_id, heard.is_ours = people.by_key.get(key), key in people.by_key
        teaches = account_is_ours or (heard.is_ours and heard.lesson not in _LEAVING)
    else:
        teaches = heard.is_ours = heard.subscriber_id is not None and people.by_id.get(heard.subscriber_id) == key
        if not heard.is_ours:
            heard.edition_id = heard.subscriber_id = None
    if not teaches:
        heard.lesson = None


_LEAVING = (Lesson.UNSUBSCRIBE, Lesson.RESUBSCRIBE)
