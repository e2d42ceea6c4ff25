"""Who waits to be asked for their yes, and when they were: one confirmation letter at a time, and not every day."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select, update
from sqlalchemy.orm import Session

from . import addresses, intake
from .audience import SUPPRESSED
from .models import Consent, List, Subscriber, Subscription, Suppression

#: who has been asked is left in peace for so long, unless somebody asks for them by name
PATIENCE = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Invitee:
    """One person to be asked; the address is as mail servers want it."""

    id: int
    email: str
    #: BCP 47, or empty where unknown
    language: str
    #: slug → title of each list they would be on
    lists: Mapping[str, str]
    #: list id → when they were last asked, before now
    before: Mapping[int, datetime | None]


def waiting(session: Session, slugs: Sequence[str] | None = None) -> int:
    """How many people wait for a yes of theirs on any of *slugs* (None: on any list), suppressed ones left out."""
    return session.scalar(select(func.count()).select_from(_people(slugs).subquery())) or 0


def due(session: Session, slugs: Sequence[str] | None = None, *, now: datetime) -> list[int]:
    """The ids of those of them who have not been asked within `PATIENCE`, in order. Raises NoSuchList."""
    intake.list_ids(session, slugs or ())
    return list(session.scalars(_people(slugs).where(_not_lately(now))))


def take(
    session: Session, subscriber_id: int, slugs: Sequence[str] | None = None, *, again: bool = False, now: datetime
) -> Invitee | None:
    """Note that the person is asked now, once for all that waits; None where nothing does, or was asked lately.

    To be committed before the letter goes out, so that of two who ask only one mails. With *again* it does
    not matter when they were last asked. Who left, or is suppressed, is never taken.
    """
    query = (
        select(Subscriber.email, Subscriber.language, List.id, List.slug, List.title, Subscription.invited_at)
        .join(Subscription, Subscription.subscriber_id == Subscriber.id)
        .join(List, List.id == Subscription.list_id)
        .where(Subscriber.id == subscriber_id, *_may_be_asked(slugs))
        .order_by(List.title)
        .with_for_update(of=Subscription)
    )
    rows = session.execute(query if again else query.where(_not_lately(now))).all()
    if not rows:
        return None
    _ask(session, subscriber_id, dict.fromkeys([row.id for row in rows], now))
    return Invitee(
        id=subscriber_id,
        email=addresses.wire(rows[0].email),
        language=rows[0].language,
        lists={row.slug: row.title for row in rows},
        before={row.id: row.invited_at for row in rows},
    )


def give_back(session: Session, invitee: Invitee) -> None:
    """The letter certainly did not go out: they were last asked when they were before."""
    _ask(session, invitee.id, invitee.before)


def why_not(session: Session, subscriber_id: int, slugs: Sequence[str] | None = None) -> str:
    """Why nobody may ask this person now, in words."""
    reason = session.scalar(
        select(Suppression.reason)
        .join(Subscriber, Subscriber.email_key == Suppression.email_key)
        .where(Subscriber.id == subscriber_id)
    )
    if reason is not None:
        return SUPPRESSED[reason]
    query = select(Subscription.consent).where(Subscription.subscriber_id == subscriber_id, *_on(slugs))
    standing = set(session.scalars(query))
    if Consent.PENDING in standing:
        return "asked a moment ago"
    if Consent.CONFIRMED in standing:
        return "has confirmed already"
    return "has left; who asks to come back is added with --again" if standing else "is on no list that was asked for"


def _people(slugs: Sequence[str] | None) -> Select[int]:
    return (
        select(Subscriber.id)
        .join(Subscription, Subscription.subscriber_id == Subscriber.id)
        .where(*_may_be_asked(slugs))
        .distinct()
        .order_by(Subscriber.id)
    )


def _may_be_asked(slugs: Sequence[str] | None) -> list[ColumnElement[bool]]:
    suppressed = exists().where(Suppression.email_key == Subscriber.email_key)
    return [Subscription.consent == Consent.PENDING, ~suppressed, *_on(slugs)]


def _on(slugs: Sequence[str] | None) -> list[ColumnElement[bool]]:
    return [] if slugs is None else [Subscription.list_id.in_(select(List.id).where(List.slug.in_(slugs)))]


def _not_lately(now: datetime) -> ColumnElement[bool]:
    # who left and came back since has not been asked about that
    return or_(
        Subscription.invited_at.is_(None),
        Subscription.invited_at <= now - PATIENCE,
        Subscription.invited_at < Subscription.changed_at,
    )


def _ask(session: Session, subscriber_id: int, at: Mapping[int, datetime | None]) -> None:
    for list_id, moment in at.items():
        this = and_(Subscription.subscriber_id == subscriber_id, Subscription.list_id == list_id)
        session.execute(update(Subscription).where(this).values(invited_at=moment))
