"""Warm-up: a new sender's daily allowance, which grows on good days and holds or shrinks on bad ones."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from newsletter.config import Limits
from newsletter.delivery.models import Outcome, Progress, Sending, Status, Tally

#: by which a good day lets the next one grow, and a bad one shrink
GROWTH, RETREAT = 1.5, 0.5
#: complaints are felt long before bounces: of a thousand readers, this many
COMPLAINT_SHARE = 0.003
#: minutes
_DAY = 24 * 60
#: days of sending that are looked back on; by then the allowance is beyond every list
_REMEMBERED = 60


@dataclass(frozen=True, slots=True)
class Day:
    """One day on which something was sent."""

    messages: int
    #: refused, bounced or dropped
    failed: int = 0
    complained: int = 0


def allowance(first: int, days: Sequence[Day], limits: Limits) -> int:
    """How many messages may go today, after *days* of sending, the oldest first.

    A day that used less than half of its allowance proves nothing, and the allowance stays.
    """
    today = float(first)
    for day in days:
        if day.failed > limits.bounce_share * day.messages or day.complained > COMPLAINT_SHARE * day.messages:
            today = max(first, today * RETREAT)
        elif day.failed > limits.bounce_share / 2 * day.messages or day.messages < today / 2:
            continue
        else:
            today *= GROWTH
    return int(today)


def today(session: Session, sender: str, limits: Limits, *, now: datetime) -> int | None:
    """The day's allowance of *sender* by its own history; None where no warm-up is set."""
    if not limits.warm_up:
        return None
    return allowance(limits.warm_up, _days(session, sender, now=now), limits)


def _days(session: Session, sender: str, *, now: datetime) -> list[Day]:
    """The last days in UTC before today on which *sender* sent, and what came back on them."""
    rows = session.execute(select(Tally.minute, Tally.messages).where(Tally.key == sender))
    sent: Counter[int] = Counter()
    for minute, messages in rows:
        sent[minute // _DAY] += messages
    days = sorted(day for day in sent if day < int(now.timestamp() // 60) // _DAY)[-_REMEMBERED:]
    return [_day(session, sender, datetime.fromtimestamp(day * _DAY * 60, UTC), sent[day]) for day in days]


def _day(session: Session, sender: str, begins: datetime, messages: int) -> Day:
    ends = begins + timedelta(days=1)
    theirs = select(Sending.edition_id).where(Sending.sender == sender)
    refused = select(func.count()).where(
        Outcome.edition_id.in_(theirs), Outcome.status == Status.REFUSED, Outcome.at >= begins, Outcome.at < ends
    )
    told = (
        select(Progress.status, func.count())
        .where(Progress.edition_id.in_(theirs), Progress.at >= begins, Progress.at < ends)
        .group_by(Progress.status)
    )
    counts = {status: count for status, count in session.execute(told)}  # noqa: C416 (a Row is no pair to mypy)
    failed = counts.get(Status.BOUNCED, 0) + counts.get(Status.DROPPED, 0) + (session.scalar(refused) or 0)
    return Day(messages, failed, counts.get(Status.COMPLAINED, 0))
