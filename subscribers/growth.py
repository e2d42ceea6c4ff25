"""How lists grow and shrink: who came and who left, week by week, from the consent history."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, and_, case, func, literal, select
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from .models import Consent, ConsentEvent, List, Subscriber, Subscription, Suppression

_WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Week:
    """One week of one list."""

    slug: str
    #: when it began
    begins: datetime
    #: who got to be confirmed, and who left having been so
    joined: int
    left: int
    #: of those who are on it now, who was suppressed in that week
    suppressed: int
    #: confirmed at its end
    confirmed: int

    @property
    def net(self) -> int:
        """By how many it grew."""
        return self.joined - self.left


def weeks(session: Session, slugs: Collection[str], *, until: datetime, count: int = 12) -> Sequence[Week]:
    """The last *count* weeks before *until* of each of the lists *slugs*, oldest first."""
    since = until - count * _WEEK
    moved = _moves(session, slugs, since, until, count)
    stopped = _suppressed(session, slugs, since, until, count)
    found: list[Week] = []
    for slug, confirmed in session.execute(_confirmed(slugs)):
        # from what is so now, back; the week after the last is whatever came since
        end = confirmed
        for week in range(count, -1, -1):
            joined, left = moved.get((slug, week), (0, 0))
            if week < count:
                found.append(Week(slug, since + week * _WEEK, joined, left, stopped.get((slug, week), 0), end))
            end += left - joined
    return sorted(found, key=lambda week: (week.slug, week.begins))


def _confirmed(slugs: Collection[str]) -> Select[str, int]:
    on = and_(Subscription.list_id == List.id, Subscription.consent == Consent.CONFIRMED)
    return (
        select(List.slug, func.count(Subscription.subscriber_id))
        .outerjoin(Subscription, on)
        .where(List.slug.in_(slugs))
        .group_by(List.slug)
        .order_by(List.slug)
    )


def _moves(
    session: Session, slugs: Collection[str], since: datetime, until: datetime, count: int
) -> dict[tuple[str, int], tuple[int, int]]:
    """(list, week) → who joined and who left; what came after *until* is the week numbered *count*."""
    earlier = aliased(ConsentEvent)
    before = (
        select(earlier.consent)
        .where(
            earlier.subscriber_id == ConsentEvent.subscriber_id,
            earlier.list_id == ConsentEvent.list_id,
            earlier.id < ConsentEvent.id,
        )
        .order_by(earlier.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    was = func.coalesce(before, "")
    came = and_(ConsentEvent.consent == Consent.CONFIRMED, was != Consent.CONFIRMED.value)
    went = and_(ConsentEvent.consent == Consent.UNSUBSCRIBED, was == Consent.CONFIRMED.value)
    week = _week(ConsentEvent.at, since, until, count)
    query = (
        select(
            List.slug,
            week.label("week"),
            func.coalesce(func.sum(case((came, 1), else_=0)), 0),
            func.coalesce(func.sum(case((went, 1), else_=0)), 0),
        )
        .join(List, List.id == ConsentEvent.list_id)
        .where(List.slug.in_(slugs), ConsentEvent.at >= since)
        .group_by(List.slug, "week")
    )
    return {(slug, number): (int(joined), int(left)) for slug, number, joined, left in session.execute(query)}


def _suppressed(
    session: Session, slugs: Collection[str], since: datetime, until: datetime, count: int
) -> dict[tuple[str, int], int]:
    week = _week(Suppression.at, since, until, count)
    query = (
        select(List.slug, week.label("week"), func.count())
        .select_from(Suppression)
        .join(Subscriber, Subscriber.email_key == Suppression.email_key)
        .join(Subscription, Subscription.subscriber_id == Subscriber.id)
        .join(List, List.id == Subscription.list_id)
        .where(List.slug.in_(slugs), Suppression.at >= since, Suppression.at < until)
        .group_by(List.slug, "week")
    )
    return {(slug, number): int(people) for slug, number, people in session.execute(query)}


def _week(at: InstrumentedAttribute[datetime], since: datetime, until: datetime, count: int) -> ColumnElement[int]:
    ends = [(at < since + (number + 1) * _WEEK, literal(number)) for number in range(count - 1)]
    return case(*ends, (at < until, literal(count - 1)), else_=literal(count))
