"""Who may be mailed: as one SELECT when an audience is frozen, and by id just before the wire."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Date,
    Exists,
    Select,
    bindparam,
    case,
    exists,
    func,
    or_,
    select,
)
from sqlalchemy.orm import Session

from . import addresses
from .models import Consent, List, Rhythm, Subscriber, Subscription, Suppression, SuppressionReason
from .rows import Rows

#: why somebody is left out at the last moment, in words
ERASED = "erased"
UNSUBSCRIBED = "unsubscribed after planning"
SUPPRESSED = {
    SuppressionReason.HARD_BOUNCE: "suppressed: hard bounce",
    SuppressionReason.COMPLAINT: "suppressed: complaint",
    SuppressionReason.GIVEN_UP: "suppressed: came back too often",
    SuppressionReason.MANUAL: "suppressed: by hand",
}
PAUSED = "paused by the reader"

# PostgreSQL takes 65,535 parameters in a statement and SQLite 32,766
_AT_ONCE = 10_000

# built once: they are run for every batch, and building them costs more than running them
_IDS = Subscriber.id.in_(bindparam("ids", expanding=True))
# one parameter, however many: PostgreSQL takes longer to read a thousand than to look them up; SQLite does not
_IDS_AT_ONCE = Subscriber.id == func.any(bindparam("ids", type_=ARRAY(BigInteger)))


def _people(whose: ColumnElement[bool]) -> Select[int, str, str, str, str, bool]:
    return (
        select(
            Subscriber.id,
            Subscriber.email,
            Subscriber.name,
            Subscriber.language,
            Subscriber.time_zone,
            Subscriber.plain_text,
        )
        .where(whose)
        .order_by(Subscriber.id)
    )


def _mailable(whose: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    # by its primary key, so that no planner is tempted to read a list of a million for a batch of 25
    return (
        _people(whose)
        .add_columns(
            Suppression.reason,
            # as a number: what comes as JSON has no dates
            case((Subscriber.paused_until > bindparam("day", type_=Date), 1), else_=0).label("paused"),
            exists()
            .where(
                Subscription.subscriber_id == Subscriber.id,
                Subscription.list_id.in_(select(List.id).where(List.slug.in_(bindparam("lists", expanding=True)))),
                Subscription.consent == Consent.CONFIRMED,
            )
            .label("confirmed"),
        )
        .outerjoin(Suppression, Suppression.email_key == Subscriber.email_key)
    )


_PEOPLE = _people(_IDS)
_MAILABLE = Rows(_mailable(_IDS), elsewhere=_mailable(_IDS_AT_ONCE))


class Person(NamedTuple):
    """One subscriber, as a message to them needs it; the address is as mail servers want it."""

    id: int
    email: str
    name: str
    language: str
    time_zone: str
    #: gets the text part alone
    plain_text: bool = False


@dataclass(frozen=True, slots=True)
class Issue:
    """What of an edition decides about who wants it."""

    day: date
    #: no edition of this newsletter went out earlier in the month
    first_of_month: bool = True
    #: only who is in this segment
    within: ColumnElement[bool] | None = None


def audience(lists: Sequence[str], issue: Issue | None = None, *, few: bool = False) -> Select[int]:
    """The ids of all who are confirmed on any of *lists* and not suppressed, each once, in no order.

    With *issue*, only who wants that one: not paused, in their rhythm, within its segment. *few*: another
    condition leaves few, each of whom is then looked up. Made for INSERT … SELECT. A list that does not exist
    has nobody on it.
    """
    found = select(Subscriber.id).where(_is_confirmed(lists, few=few), ~_suppressed())
    return found if issue is None else found.where(*_wanting(issue))


def audience_with_zone(lists: Sequence[str]) -> Select[int, str]:
    """The same people, with the time zone of each, empty where unknown."""
    return audience(lists).add_columns(Subscriber.time_zone)


def mailable(
    session: Session, ids: Sequence[int], lists: Sequence[str], *, day: date = date.max
) -> tuple[list[Person], dict[int, str]]:
    """Who of *ids* may be mailed now, by id, and of each of the others why not, in words.

    *day* is the edition's: who has paused beyond it since planning is left out.
    """
    may: list[Person] = []
    reasons = dict.fromkeys(ids, ERASED)
    wanted = {"lists": list(lists), "day": day}
    for some in _portions(sorted(reasons)):
        for *person, suppression, paused, confirmed in _MAILABLE.of(session, {**wanted, "ids": some}):
            found = _person(*person)
            if suppression is not None:
                reasons[found.id] = SUPPRESSED[suppression]
            elif not confirmed:
                reasons[found.id] = UNSUBSCRIBED
            elif paused:
                reasons[found.id] = PAUSED
            else:
                del reasons[found.id]
                may.append(found)
    return may, reasons


def barred(session: Session, ids: Sequence[int], lists: Sequence[str]) -> dict[int, str]:
    """Which of *ids* must not be mailed now, and why, in words; who may be mailed is absent."""
    return mailable(session, ids, lists)[1]


def people(session: Session, ids: Sequence[int]) -> list[Person]:
    """The subscribers *ids*, by id; who was erased is absent."""
    return [_person(*row) for some in _portions(sorted(set(ids))) for row in session.execute(_PEOPLE, {"ids": some})]


def _person(id_: int, email: str, name: str, language: str, time_zone: str, plain_text: bool) -> Person:
    return Person(id_, addresses.wire(email), name, language, time_zone, bool(plain_text))


def _wanting(issue: Issue) -> list[ColumnElement[bool]]:
    wanting = [or_(Subscriber.paused_until.is_(None), Subscriber.paused_until <= issue.day)]
    if not issue.first_of_month:
        wanting.append(Subscriber.rhythm == Rhythm.WEEKLY)
    return wanting if issue.within is None else [*wanting, issue.within]


def _is_confirmed(lists: Sequence[str], *, few: bool) -> ColumnElement[bool]:
    confirmed = _confirmed(lists)
    if few:
        return confirmed.where(Subscription.subscriber_id == Subscriber.id).correlate(Subscriber).exists()
    return Subscriber.id.in_(confirmed)


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
