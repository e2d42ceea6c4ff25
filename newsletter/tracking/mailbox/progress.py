"""How far each place has been read, and how long one that can't be read is left alone."""

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from newsletter.tracking.mailbox.places import Mark
from newsletter.tracking.models import MailboxPlace
from subscribers.rows import upsert

#: after the first failure, doubled with each, until the last
_SOONEST, _LATEST = timedelta(minutes=1), timedelta(hours=1)
#: a network that is away for a while is nobody's business
ALARM_AFTER = timedelta(minutes=30)


def known(session: Session, place: str) -> tuple[int, Mark]:
    """The row of *place*, made where there is none, and how far it has been read."""
    session.connection().execute(
        upsert(session, MailboxPlace)
        .values(place=place, validity=0, last=0, failures=0, trouble="")
        .on_conflict_do_nothing(index_elements=["place"])
    )
    row = session.execute(
        select(MailboxPlace.id, MailboxPlace.validity, MailboxPlace.last).where(MailboxPlace.place == place)
    ).one()
    return row.id, Mark(row.validity, row.last)


def advance(session: Session, place_id: int, mark: Mark) -> None:
    """Everything up to *mark* is taken in and put away."""
    _set(session, MailboxPlace.id == place_id, validity=mark.validity, last=mark.last)


def finished(session: Session, place_id: int, *, now: datetime) -> None:
    """The place was read to its end."""
    _set(
        session,
        MailboxPlace.id == place_id,
        read_at=now,
        failures=0,
        failing_since=None,
        next_at=None,
        trouble="",
    )


def failed(session: Session, places: Collection[str], trouble: str, *, now: datetime) -> timedelta:
    """None of *places* could be read; how long that has been so."""
    longest = timedelta(0)
    for place in sorted(places):
        place_id, _ = known(session, place)
        row = session.get_one(MailboxPlace, place_id, populate_existing=True)
        since = row.failing_since or now
        longest = max(longest, now - since)
        row.failures, row.failing_since, row.trouble = row.failures + 1, since, trouble
        row.next_at = now + min(_SOONEST * 2 ** min(row.failures - 1, 10), _LATEST)
    session.flush()
    return longest


def is_due(session: Session, places: Collection[str], *, now: datetime) -> bool:
    """Whether none of *places* is to be left alone; a clock that was set back makes nobody wait for ever."""
    waiting = select(MailboxPlace.id).where(
        MailboxPlace.place.in_(places), MailboxPlace.next_at > now, MailboxPlace.next_at <= now + _LATEST
    )
    return session.scalar(waiting.limit(1)) is None


def rows(session: Session) -> list[MailboxPlace]:
    """Every place that was ever read, by its key."""
    return list(session.scalars(select(MailboxPlace).order_by(MailboxPlace.place)))


def _set(session: Session, where: object, **values: object) -> None:
    session.connection().execute(update(MailboxPlace).where(where).values(**values))  # type: ignore[arg-type]
