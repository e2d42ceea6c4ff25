"""How fast a sending goes: its copies by the minute, the pace of the last minutes, and when it is done at that pace."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from newsletter.delivery.models import Act, Batch, BatchState, Sending, SendingState
from newsletter.tracking.reports import courses
from newsletter.tracking.reports.courses import Course

#: minutes that are shown
HOUR = 60
#: of so long the pace is told, and never of less: two batches make none
_LATELY, _LEAST = timedelta(minutes=5), timedelta(seconds=10)
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Pace:
    """How a sending moves."""

    #: "copies": how many were taken in each minute of the last hour, or of its own last one
    course: Course
    #: readers dealt with in a minute, lately; None where nobody can say
    rate: float | None
    #: readers who wait for a later hour of their own, and the last of those hours
    later: int
    last_hour: datetime | None

    def lasts(self, to_do: int) -> timedelta | None:
        """How long it takes, at that pace, until nothing is left that need not wait for its hour."""
        due = to_do - self.later
        if due <= 0 or not self.rate:
            return None
        return timedelta(minutes=due / self.rate)


def of(session: Session, sending: Sending, *, now: datetime) -> Pace:
    """The pace of *sending*."""
    here = Batch.edition_id == sending.edition_id
    until = now
    if sending.state in (SendingState.COMPLETE, SendingState.CANCELLED):
        until = session.scalar(select(func.max(Batch.settled_at)).where(here)) or now
    begins = until.replace(second=0, microsecond=0) - (HOUR - 1) * _MINUTE
    later, last_hour = session.execute(
        select(func.sum(Batch.size - Batch.skipped - Batch.refused), func.max(Batch.not_before)).where(
            here, Batch.state == BatchState.QUEUED, Batch.not_before > now, Batch.attempts == 0
        )
    ).one()
    since = _since(session, sending, now)
    course, lately = _by_the_minute(session, sending, begins, since or now)
    rate = lately / ((now - since) / _MINUTE) if since is not None else None
    return Pace(course, rate, int(later or 0), last_hour)


def _since(session: Session, sending: Sending, now: datetime) -> datetime | None:
    """From when on the pace is told: since it began or was let go on, of the last minutes; None where it has none."""
    if sending.state is not SendingState.RUNNING:
        return None
    went_on = session.scalar(
        select(func.max(Act.at)).where(Act.edition_id == sending.edition_id, Act.verb.in_(("resume", "retry")))
    )
    began = sending.audience_complete_at or sending.started_at
    since = max(now - _LATELY, began, went_on or began)
    return since if now - since >= _LEAST else None


def _by_the_minute(session: Session, sending: Sending, begins: datetime, since: datetime) -> tuple[Course, int]:
    """Copies that were taken in each minute of an hour, and how many readers were dealt with *since*."""
    minute = courses.stretch(session, Batch.settled_at, _MINUTE)
    taken = func.sum(Batch.size - Batch.skipped - Batch.refused).filter(Batch.state == BatchState.ACCEPTED)
    dealt_with = func.sum(Batch.size).filter(Batch.settled_at > since)
    rows = session.execute(
        select(minute, taken, dealt_with)
        .where(Batch.edition_id == sending.edition_id, Batch.settled_at >= min(begins, since))
        .group_by(minute)
    )
    first, counts, lately = int(begins.timestamp()) // 60, [0] * HOUR, 0
    for at, copies, readers in rows:
        lately += int(readers or 0)
        if 0 <= at - first < HOUR:
            counts[at - first] = int(copies or 0)
    return Course(begins, _MINUTE, {"copies": counts}), lately
