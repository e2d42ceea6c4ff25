"""How an edition fared over time: copies taken and delivered, links followed by people, readers who left."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Integer, cast, func, select
from sqlalchemy.orm import Session

from newsletter.delivery.models import Batch, BatchState, Delivery, Progress, Sending, Status
from newsletter.rendering.counted import DECOY, PIXEL
from newsletter.tracking.links.models import Verdict, Visit
from subscribers import departures

#: what a copy's way is looked at for, and what people do with it
_ON_ITS_WAY, _WITH_READERS = timedelta(days=3), timedelta(days=7)
#: the steps in which a course may be told: minutes of the first, hours of the second
_FINE = tuple(timedelta(minutes=minutes) for minutes in (1, 2, 5, 10, 15, 30, 60, 120, 240))
_COARSE = tuple(timedelta(hours=hours) for hours in (1, 3, 6, 12))
#: as many steps as a small picture bears
_STEPS = 40


@dataclass(frozen=True, slots=True)
class Course:
    """How many, step by step; who came after the last step stands in none."""

    begins: datetime
    step: timedelta
    #: "accepted", "delivered", "came back"; "clicks"; "left" → one figure for each step
    counts: Mapping[str, Sequence[int]]

    @property
    def steps(self) -> int:
        """How many there are."""
        return max(map(len, self.counts.values()), default=0)

    def at(self, step: int) -> datetime:
        """When that step begins."""
        return self.begins + step * self.step

    def total(self, name: str) -> int:
        """All of one kind."""
        return sum(self.counts.get(name, ()))


def of_copies(session: Session, sending: Sending) -> Course:
    """When copies were taken, delivered, and came back, as the ledger and the provider's events say."""
    begins = sending.audience_complete_at or sending.started_at
    minute = stretch(session, Batch.settled_at, timedelta(minutes=1))
    taken = session.execute(
        select(minute, func.sum(Batch.size - Batch.skipped - Batch.refused))
        .where(
            Batch.edition_id == sending.edition_id,
            Batch.state == BatchState.ACCEPTED,
            Batch.settled_at < begins + _ON_ITS_WAY,
        )
        .group_by(minute)
    )
    minute = stretch(session, Progress.at, timedelta(minutes=1))
    told = session.execute(
        select(Progress.status, minute, func.count())
        .where(Progress.edition_id == sending.edition_id, Progress.at < begins + _ON_ITS_WAY)
        .group_by(Progress.status, minute)
    ).all()
    rows = {
        "accepted": [(at, int(copies or 0)) for at, copies in taken],
        "delivered": [(at, copies) for status, at, copies in told if status in _ARRIVED],
        "came back": [(at, copies) for status, at, copies in told if status in _BACK],
    }
    return _course(begins, timedelta(minutes=1), _FINE, rows)


_ARRIVED = frozenset({Status.DELIVERED, Status.COMPLAINED})
_BACK = frozenset({Status.BOUNCED, Status.DROPPED})


def of_clicks(session: Session, sending: Sending) -> Course:
    """When links were followed by people, most likely."""
    begins = sending.audience_complete_at or sending.started_at
    hour = stretch(session, Visit.at, timedelta(hours=1))
    rows = session.execute(
        select(hour, func.sum(Visit.times))
        .where(
            Visit.edition_id == sending.edition_id,
            Visit.verdict == Verdict.HUMAN,
            Visit.number.not_in((PIXEL, DECOY)),
            Visit.provider == "",
            Visit.at < begins + _WITH_READERS,
        )
        .group_by(hour)
    )
    counts = {"clicks": [(at, int(times)) for at, times in rows]}
    return _course(_whole(begins), timedelta(hours=1), _COARSE, counts)


def of_leaving(session: Session, sending: Sending, lists: Sequence[str], *, until: datetime) -> Course:
    """When readers who had it left, up to *until*."""
    begins = sending.audience_complete_at or sending.started_at
    gone = departures.left(lists, since=begins, until=until).subquery()
    hour = stretch(session, gone.c.at, timedelta(hours=1))
    rows = session.execute(
        select(hour, func.count(gone.c.subscriber_id.distinct()))
        .join(Delivery, (Delivery.subscriber_id == gone.c.subscriber_id) & (Delivery.edition_id == sending.edition_id))
        .group_by(hour)
    )
    return _course(_whole(begins), timedelta(hours=1), _COARSE, {"left": [(at, people) for at, people in rows]})


def followed(begins: datetime, moments: Iterable[datetime]) -> Course:
    """Clicks at *moments*, as a provider told them."""
    hours = [(int(at.timestamp()) // 3600, 1) for at in moments if at < begins + _WITH_READERS]
    return _course(_whole(begins), timedelta(hours=1), _COARSE, {"clicks": hours})


def stretch(session: Session, at: ColumnElement[datetime] | Any, length: timedelta) -> ColumnElement[int]:
    """Which stretch of that *length* since 1970 a moment lies in."""
    if session.get_bind().dialect.name == "sqlite":
        seconds: ColumnElement[Any] = cast(func.strftime("%s", at), Integer)
    else:
        seconds = cast(func.floor(func.extract("epoch", at)), Integer)
    return (seconds // int(length.total_seconds())).label("stretch")


def _course(
    begins: datetime, length: timedelta, steps: Sequence[timedelta], rows: Mapping[str, Iterable[tuple[int, int]]]
) -> Course:
    """*rows* of stretches of that *length*, told in the finest of *steps* that the picture bears."""
    first = int(begins.timestamp()) // int(length.total_seconds())
    # our clock and a provider's differ: what seems to come before the beginning belongs to it
    placed = {name: [(max(0, at - first), count) for at, count in some] for name, some in rows.items()}
    last = max((at for some in placed.values() for at, _ in some), default=0)
    step = next((one for one in steps if (last + 1) * length <= _STEPS * one), steps[-1])
    width = step // length
    counts = {}
    for name, some in placed.items():
        figures = [0] * (last // width + 1)
        for at, count in some:
            figures[at // width] += count
        counts[name] = figures
    return Course(begins, step, counts)


def _whole(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)
