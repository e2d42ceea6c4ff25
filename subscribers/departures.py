"""Why people left, where they said: one click, kept as a figure even when the person is erased."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from .models import Consent, ConsentEvent, Departure, List, Why
from .rows import upsert


@dataclass(frozen=True, slots=True)
class WhyCount:
    """How many gave that reason for leaving a newsletter."""

    newsletter: str
    why: Why
    people: int


def note(
    session: Session, subscriber_id: int, why: Why, *, newsletter: str, edition_id: int | None, now: datetime
) -> None:
    """Keep why somebody left; another click replaces it."""
    row = {
        "subscriber_id": subscriber_id, "newsletter": newsletter, "edition_id": edition_id, "why": why, "at": now,
    }  # fmt: skip
    statement = upsert(session, Departure).values(row)
    changed = {"why": why, "edition_id": edition_id, "at": now}
    session.execute(statement.on_conflict_do_update(index_elements=["subscriber_id", "newsletter"], set_=changed))


def counts(session: Session) -> Sequence[WhyCount]:
    """How often each reason was given, the most frequent first."""
    people = func.count()
    query = (
        select(Departure.newsletter, Departure.why, people)
        .group_by(Departure.newsletter, Departure.why)
        .order_by(Departure.newsletter, people.desc(), Departure.why)
    )
    return [WhyCount(*row) for row in session.execute(query)]


def left(slugs: Sequence[str], *, since: datetime, until: datetime) -> Select[int, str, datetime]:
    """Who left any of the lists *slugs* between the two moments, by which way, and when; who came back since, too."""
    return (
        select(ConsentEvent.subscriber_id, ConsentEvent.source, ConsentEvent.at)
        .join(List, List.id == ConsentEvent.list_id)
        .where(
            List.slug.in_(slugs),
            ConsentEvent.consent == Consent.UNSUBSCRIBED,
            ConsentEvent.at >= since,
            ConsentEvent.at < until,
        )
    )
