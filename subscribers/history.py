"""Everything that is held about one person, in the order in which it happened."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from . import preferences
from .models import (
    AddressChange,
    Consent,
    ConsentEvent,
    Departure,
    List,
    SignUp,
    Subscriber,
    Subscription,
    Wording,
)


@dataclass(frozen=True, slots=True)
class Step:
    """One change of one subscription, with what is on record about it."""

    at: datetime
    slug: str
    consent: Consent
    source: str
    #: the words that were agreed to, and their version; empty where none were shown
    wording: str
    version: str
    form: str
    #: when they said so, where that was at another moment
    given_at: datetime | None
    given_from: str


@dataclass(frozen=True, slots=True)
class Holdings:
    """What this room holds on a person, as plain values that JSON can take."""

    person: dict[str, Any]
    preferences: dict[str, Any]
    lists: dict[str, str]
    consent_history: list[dict[str, Any]]
    sign_ups: list[dict[str, Any]]
    address_changes: list[dict[str, Any]]
    reasons_for_leaving: list[dict[str, Any]]


def steps(session: Session, subscriber_id: int) -> list[Step]:
    """The consent history of a person, oldest first."""
    query = (
        select(ConsentEvent, List.slug, Wording.text)
        .join(List, List.id == ConsentEvent.list_id)
        .outerjoin(Wording, Wording.digest == ConsentEvent.wording)
        .where(ConsentEvent.subscriber_id == subscriber_id)
        .order_by(ConsentEvent.at, ConsentEvent.id)
    )
    return [
        Step(row.at, slug, row.consent, row.source, text or "", row.wording, row.form, row.given_at, row.given_from)
        for row, slug, text in session.execute(query)
    ]


def everything(session: Session, person: Subscriber) -> Holdings:
    """All that stands here about *person*."""
    chosen = preferences.of(session, person)
    standing = (
        select(List.slug, Subscription.consent)
        .join(List, List.id == Subscription.list_id)
        .where(Subscription.subscriber_id == person.id)
        .order_by(List.slug)
    )
    return Holdings(
        person={
            "id": person.id,
            "email": person.email,
            "name": person.name,
            "language": person.language,
            "time_zone": person.time_zone,
            "here_since": person.created_at.isoformat(),
        },
        preferences={
            "rhythm": chosen.rhythm.value,
            "paused_until": _plain(chosen.paused_until),
            "plain_text": chosen.plain_text,
            "topics": sorted(chosen.topics),
        },
        lists={slug: consent.value for slug, consent in session.execute(standing)},
        consent_history=[_step(step) for step in steps(session, person.id)],
        sign_ups=_rows(session, SignUp, SignUp.email_key == person.email_key),
        address_changes=_rows(session, AddressChange, AddressChange.subscriber_id == person.id),
        reasons_for_leaving=_rows(session, Departure, Departure.subscriber_id == person.id),
    )


def address_changes(session: Session, subscriber_id: int) -> Sequence[AddressChange]:
    """The wishes of a person for another address, oldest first."""
    query = select(AddressChange).where(AddressChange.subscriber_id == subscriber_id).order_by(AddressChange.id)
    return session.scalars(query).all()


def departures(session: Session, subscriber_id: int) -> Sequence[Departure]:
    """The reasons that a person gave for leaving, oldest first."""
    query = select(Departure).where(Departure.subscriber_id == subscriber_id).order_by(Departure.at, Departure.id)
    return session.scalars(query).all()


def _step(step: Step) -> dict[str, Any]:
    return {
        "at": step.at.isoformat(),
        "list": step.slug,
        "consent": step.consent.value,
        "by": step.source,
        "form": step.form,
        "wording": step.wording,
        "wording_version": step.version,
        "given_at": _plain(step.given_at),
        "given_from": step.given_from,
    }


def _rows(
    session: Session, table: type[SignUp] | type[AddressChange] | type[Departure], whose: ColumnElement[bool]
) -> list[dict[str, Any]]:
    names = (column.name for column in table.__table__.columns)
    columns = [name for name in names if name not in {"id", "subscriber_id", "email_key"}]
    rows = session.scalars(select(table).where(whose).order_by(table.id))
    return [{name: _plain(getattr(row, name)) for name in columns} for row in rows]


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date | datetime) else value
