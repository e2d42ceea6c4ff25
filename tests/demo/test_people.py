"""The readers of the demo: as many as said, standing as said, the same every time."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.demo import people
from newsletter.demo.people import LISTS, Counts
from subscribers import audience, roll
from subscribers.models import Consent, Subscriber, Suppression, SuppressionReason


def test_they_stand_as_counted(session: Session, now: datetime) -> None:
    assert people.fill(session, now) == Counts(
        people=200, audience=176, on_both=42, pending=8, unsubscribed=8, suppressed=8
    )


def test_the_audience_is_as_large_as_said(session: Session, now: datetime) -> None:
    counts = people.fill(session, now)
    assert len(session.scalars(audience.audience(LISTS)).all()) == counts.audience


def test_those_on_both_lists_are_as_many_as_said(session: Session, now: datetime) -> None:
    counts = people.fill(session, now)
    weekly, retail_tech = (set(session.scalars(audience.audience([slug]))) for slug in LISTS)
    assert len(weekly & retail_tech) == counts.on_both


def test_every_consent_and_every_suppression_is_among_them(session: Session, now: datetime) -> None:
    people.fill(session, now)
    ids = session.scalars(select(Subscriber.id)).all()
    consents = {consent for id_ in ids for consent in roll.subscriptions(session, id_).values()}
    reasons = set(session.scalars(select(Suppression.reason)))
    assert (consents, reasons) == (set(Consent), set(SuppressionReason))


def test_names_are_of_many_kinds(session: Session, now: datetime) -> None:
    people.fill(session, now)
    names = " ".join(session.scalars(select(Subscriber.name)))
    assert [letter for letter in "éß李ل',Łさ" if letter not in names] == []
