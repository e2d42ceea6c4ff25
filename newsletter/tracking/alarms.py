"""Refusals that no reader is to blame for: told to operations, once for each kind, domain and edition."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, func, select, text
from sqlalchemy.orm import Session

from newsletter.config import Lessons
from newsletter.editions import watch
from newsletter.editions.models import Alarm, Edition
from newsletter.plural import counted
from newsletter.tracking.heard import Heard, Lesson
from newsletter.tracking.models import TEACHES, Event
from subscribers.models import Subscriber

_BECAUSE = {
    Lesson.POLICY: "because of who sends it, or from where (policy)",
    Lesson.CONTENT: "because of what it holds, or how large it is (content)",
    Lesson.WIRE: "by a fault of its own servers, or of those on the way (a loop, or the like)",
}
_LOOK = {
    Lesson.POLICY: "Look at SPF, DKIM, DMARC and block lists, and at what the words ask for",
    Lesson.CONTENT: "Look at its links, its size and its wording",
    Lesson.WIRE: "Tell its postmaster if it stays so",
}
_LONGEST_WORDS = 200
#: of the database's advisory locks, this one is ours
_LOCK = 0x6E6C616C


def ring(session: Session, new: Sequence[Heard], *, rules: Lessons, now: datetime) -> None:
    """Tell of each edition, kind and domain that *new* refusals are about, once there are enough of them."""
    if not new or not rules.alarm_after:
        return
    if session.get_bind().dialect.name == "postgresql":
        # else two posts at once would each count without the other
        session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    kinds = {(each.edition_id, each.lesson) for each in new if each.edition_id is not None and each.lesson is not None}
    for edition_id, lesson in sorted(kinds):
        ids = {each.subscriber_id for each in new if (each.edition_id, each.lesson) == (edition_id, lesson)}
        _ring(session, edition_id, lesson, {one for one in ids if one is not None}, rules, now)


def _ring(
    session: Session, edition_id: int, lesson: Lesson, subscriber_ids: set[int], rules: Lessons, now: datetime
) -> None:
    name, domain = _name(session, edition_id), _domain(session)
    if not name:
        return  # a number that somebody else's event made up
    wanted = sorted(subscriber_ids)
    domains: set[str] = set()
    for start in range(0, len(wanted), 1000):
        domains.update(session.scalars(select(domain).where(Subscriber.id.in_(wanted[start : start + 1000]))))
    keys = {f"{lesson} {name} {each}"[:200]: each for each in sorted(domains)}
    rung = set(session.scalars(select(Alarm.key).where(Alarm.key.startswith(f"{lesson} {name} ", autoescape=True))))
    waiting = [each for key, each in keys.items() if key not in rung]
    if not waiting:
        return
    refused = (
        select(domain, func.count(Event.subscriber_id.distinct()), func.max(Event.reason))
        .join(Subscriber, Subscriber.id == Event.subscriber_id)
        .where(Event.edition_id == edition_id, Event.lesson == lesson, TEACHES, domain.in_(waiting))
        .group_by(domain)
        .having(func.count(Event.subscriber_id.distinct()) >= rules.alarm_after)
        .order_by(domain)
    )
    for each, readers, words in session.execute(refused).all():
        watch.ring(session, f"{lesson} {name} {each}", _told(lesson, name, each, readers, words), now)


def _name(session: Session, edition_id: int) -> str:
    """What people call the edition; empty where there is none."""
    found = session.execute(select(Edition.newsletter, Edition.date).where(Edition.id == edition_id)).first()
    return f"{found.newsletter}/{found.date}" if found else ""


def _told(lesson: Lesson, name: str, domain: str, readers: int, words: str) -> str:
    said = words if len(words) <= _LONGEST_WORDS else f"{words[: _LONGEST_WORDS - 1]}…"
    quoted = f": “{said}”" if said else ""
    return (
        f"{domain} refuses {name} {_BECAUSE[lesson]}, for {counted(readers, 'reader')} so far{quoted}."
        f" {_LOOK[lesson]}; no reader was suppressed for it."
    )


def _domain(session: Session) -> ColumnElement[str]:
    """What follows the @ of a reader's address."""
    key = Subscriber.email_key
    if session.get_bind().dialect.name == "postgresql":
        return func.split_part(key, "@", 2)
    return func.substr(key, func.instr(key, "@") + 1)
