"""Who may be mailed: as one SELECT when an audience is frozen, and by id just before the wire."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import Exists, Select, bindparam, exists, select
from sqlalchemy.orm import Session

from . import addresses
from .models import Consent, List, Subscriber, Subscription, Suppression, SuppressionReason
from .rows import Rows

#: why somebody is left out at the last moment, in words
ERASED = "erased"
UNSUBSCRIBED = "unsubscribed after planning"
SUPPRESSED = {
    SuppressionReason.HARD_BOUNCE: "suppressed: hard bounce",
    SuppressionReason.COMPLAINT: "suppressed: complaint",
    SuppressionReason.MANUAL: "suppressed: by hand",
}

# PostgreSQL takes 65,535 parameters in a statement and SQLite 32,766
_AT_ONCE = 10_000

# built once: they are run for every batch, and building them costs more than running them
_IDS = Subscriber.id.in_(bindparam("ids", expanding=True))
_PEOPLE = (
    select(Subscriber.id, Subscriber.email, Subscriber.name, Subscriber.language, Subscriber.time_zone)
    .where(_IDS)
    .order_by(Subscriber.id)
)
_MAILABLE = Rows(
    # by its primary key, so that no planner is tempted to read a list of a million for a batch of 25
    _PEOPLE.add_columns(
        Suppression.reason,
        exists()
        .where(
            Subscription.subscriber_id == Subscriber.id,
            Subscription.list_id.in_(select(List.id).where(List.slug.in_(bindparam("lists", expanding=True)))),
            Subscription.consent == Consent.CONFIRMED,
        )
        .label("confirmed"),
    ).outerjoin(Suppression, Suppression.email_key == Subscriber.email_key)
)


@dataclass(frozen=True, slots=True)
class Person:
    """One subscriber, as a message to them needs it; the address is as mail servers want it."""

    id: int
    email: str
    name: str
    language: str
    time_zone: str


def audience(lists: Sequence[str]) -> Select[int]:
    """The ids of all who are confirmed on any of *lists* and not suppressed, each once, in no order.

    Made for INSERT … SELECT. A list that does not exist has nobody on it.
    """
    return select(Subscriber.id).where(Subscriber.id.in_(_confirmed(lists)), ~_suppressed())


def audience_with_zone(lists: Sequence[str]) -> Select[int, str]:
    """The same people, with the time zone of each, empty where unknown."""
    return audience(lists).add_columns(Subscriber.time_zone)


def mailable(session: Session, ids: Sequence[int], lists: Sequence[str]) -> tuple[list[Person], dict[int, str]]:
    """Who of *ids* may be mailed now, by id, and of each of the others why not, in words."""
    may: list[Person] = []
    reasons = dict.fromkeys(ids, ERASED)
    for some in _portions(sorted(reasons)):
        for *person, suppression, confirmed in _MAILABLE.of(session, {"ids": some, "lists": list(lists)}):
            id_, email, name, language, time_zone = person
            if suppression is not None:
                reasons[id_] = SUPPRESSED[suppression]
            elif not confirmed:
                reasons[id_] = UNSUBSCRIBED
            else:
                del reasons[id_]
                may.append(Person(id_, addresses.wire(email), name, language, time_zone))
    return may, reasons


def barred(session: Session, ids: Sequence[int], lists: Sequence[str]) -> dict[int, str]:
    """Which of *ids* must not be mailed now, and why, in words; who may be mailed is absent."""
    return mailable(session, ids, lists)[1]


def people(session: Session, ids: Sequence[int]) -> list[Person]:
    """The subscribers *ids*, by id; who was erased is absent."""
    return [
        Person(id_, addresses.wire(email), name, language, time_zone)
        for some in _portions(sorted(set(ids)))
        for id_, email, name, language, time_zone in session.execute(_PEOPLE, {"ids": some})
    ]


def _confirmed(lists: Sequence[str]) -> Select[int]:
    # IN, not JOIN with DISTINCT: nobody is doubled, so nothing has to be sorted or hashed twice
    return select(Subscription.subscriber_id).where(
        Subscription.list_id.in_(select(List.id).where(List.slug.in_(lists))),
        Subscription.consent == Consent.CONFIRMED,
    )


def _suppressed() -> Exists:
    return exists().where(Suppression.email_key == Subscriber.email_key)


def _portions(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    return (ids[start : start + _AT_ONCE] for start in range(0, len(ids), _AT_ONCE))
