"""How one person stands, now and as of a moment: all that decides whether they are mailed, in a few queries.

However much is on record of them, and however many others there are, the number of queries is the same.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from . import addresses, history, nearness, strangers
from .history import Step
from .models import (
    AddressChange,
    Barred,
    Consent,
    Lift,
    List,
    Rhythm,
    SignUp,
    Subscriber,
    Subscription,
    Suppression,
    SuppressionReason,
    TopicChoice,
)


@dataclass(frozen=True, slots=True)
class Place:
    """A person on a list, as it stands now."""

    consent: Consent
    changed_at: datetime
    #: when they were last asked for their yes; None is never
    invited_at: datetime | None


@dataclass(frozen=True, slots=True)
class Stop:
    """A suppression: why nothing is mailed, since when, and the evidence."""

    reason: SuppressionReason
    note: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Over:
    """A suppression that was lifted."""

    stop: Stop
    #: why mail may go there again, in the operator's words
    why: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Bar:
    """What is known against an address that is nobody's here."""

    reason: Barred
    source: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Request:
    """Somebody asked, in a form, to be sent a newsletter."""

    newsletter: str
    asked_at: datetime
    #: when the letter went out that asks for the yes
    mailed_at: datetime | None
    confirmed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Change:
    """Another address from a moment on."""

    old: str
    new: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Standing:
    """One person."""

    id: int
    email: str
    since: datetime
    rhythm: Rhythm = Rhythm.WEEKLY
    paused_until: date | None = None
    topics: frozenset[str] = frozenset()
    on: Mapping[str, Place] | None = None
    steps: tuple[Step, ...] = ()
    suppression: Stop | None = None
    #: suppressions that are over, oldest first
    over: tuple[Over, ...] = ()
    #: oldest first
    changes: tuple[Change, ...] = ()

    def places(self, slugs: Collection[str]) -> dict[str, Place]:
        """Where they stand with those of *slugs* that they ever were on."""
        return {slug: place for slug, place in (self.on or {}).items() if slug in slugs}

    def as_of(self, slug: str, moment: datetime) -> Step | None:
        """The last change of their subscription to *slug* up to *moment*; None where there was none."""
        return next((step for step in reversed(self.steps) if step.slug == slug and step.at <= moment), None)

    def consent_at(self, slug: str, moment: datetime) -> Consent | None:
        """How they stood with *slug* at *moment*; None where they were not on it."""
        if step := self.as_of(slug, moment):
            return step.consent
        place = (self.on or {}).get(slug)
        # of an old database, or of one that people were put into by hand, there is no history
        recorded = any(step.slug == slug for step in self.steps)
        return place.consent if place and not recorded and place.changed_at <= moment else None

    def address_at(self, moment: datetime) -> str:
        """The address they had at *moment*."""
        return next((change.old for change in self.changes if change.at > moment), self.email)


@dataclass(frozen=True, slots=True)
class Found:
    """What is known of an address."""

    asked: str
    person: Standing | None = None
    bar: Bar | None = None
    requests: tuple[Request, ...] = ()
    #: addresses of others that may have been meant; for operators alone
    near: tuple[str, ...] = ()


def of_address(session: Session, address: str, *, guess: bool = False) -> Found:
    """What is known of *address*, or of the person who had it before. *guess*: also who may have been meant."""
    asked, key = address.strip(), addresses.key(address)
    person = session.scalar(select(Subscriber).where(Subscriber.email_key == key)) or _formerly(session, key)
    requests = session.scalars(select(SignUp).where(SignUp.email_key == key).order_by(SignUp.id)).all()
    asked_for = tuple(Request(one.newsletter, one.asked_at, one.mailed_at, one.confirmed_at) for one in requests)
    if person is not None:
        return Found(asked, _standing(session, person), requests=asked_for)
    bar = strangers.why(session, key)
    return Found(
        asked,
        bar=Bar(bar.reason, bar.source, bar.at) if bar else None,
        requests=asked_for,
        near=tuple(nearness.near(session, address)) if guess and bar is None and not asked_for else (),
    )


def of_number(session: Session, subscriber_id: int) -> Found:
    """What is known of the person with that id, who may have been erased since."""
    person = session.get(Subscriber, subscriber_id)
    if person is None:
        return Found(str(subscriber_id))
    return Found(person.email, _standing(session, person))


def _formerly(session: Session, key: str) -> Subscriber | None:
    """Who moved away from that address, and is written to elsewhere now."""
    moved = (
        select(AddressChange.subscriber_id)
        .where(AddressChange.changed_at.is_not(None))
        .where(or_(func.lower(AddressChange.old_email) == key, AddressChange.old_email == key))
        .order_by(AddressChange.id.desc())
        .limit(1)
    )
    return session.scalar(select(Subscriber).where(Subscriber.id == moved.scalar_subquery()))


def _standing(session: Session, person: Subscriber) -> Standing:
    places = session.execute(
        select(List.slug, Subscription.consent, Subscription.changed_at, Subscription.invited_at)
        .join(List, List.id == Subscription.list_id)
        .where(Subscription.subscriber_id == person.id)
        .order_by(List.slug)
    )
    stop = session.scalar(select(Suppression).where(Suppression.email_key == person.email_key))
    return Standing(
        id=person.id,
        email=person.email,
        since=person.created_at,
        rhythm=person.rhythm,
        paused_until=person.paused_until,
        topics=frozenset(session.scalars(select(TopicChoice.topic).where(TopicChoice.subscriber_id == person.id))),
        on={slug: Place(consent, changed, invited) for slug, consent, changed, invited in places},
        steps=tuple(history.steps(session, person.id)),
        suppression=Stop(stop.reason, stop.note, stop.at) if stop else None,
        over=tuple(
            Over(Stop(lift.reason, lift.note, lift.suppressed_at), lift.why, lift.at)
            for lift in session.scalars(select(Lift).where(Lift.subscriber_id == person.id).order_by(Lift.id))
        ),
        changes=tuple(
            Change(one.old_email, one.new_email, one.changed_at)
            for one in history.address_changes(session, person.id)
            if one.changed_at
        ),
    )
