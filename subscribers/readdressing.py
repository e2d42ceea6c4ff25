"""A person moves to another address: asked at the new one, told at the old one."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import and_, delete, func, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from . import addresses, roll, signing_up, strangers
from .errors import BadDetail
from .models import AddressChange, Barred, SignUp, Subscriber, Suppression

#: a link to confirm a new address by is good for so long
LIFETIME = timedelta(days=3)
#: wishes of one person in a day, each of which is a letter to an address that they typed
_MOST = 3

_Mark = InstrumentedAttribute[datetime | None]


class Moved(StrEnum):
    """What became of a wish for another address."""

    DONE = "done"
    #: it was done before
    BEFORE = "before"
    #: the new address is somebody's here already
    TAKEN = "taken"
    #: nothing may be mailed to the new address
    SUPPRESSED = "suppressed"
    #: too old, or overtaken by a later wish, or the person was erased
    OVER = "over"


@dataclass(frozen=True, slots=True)
class Notice:
    """A letter about a change of address; *to* is as mail servers want it."""

    change_id: int
    subscriber_id: int
    newsletter: str
    to: str
    old: str
    new: str
    language: str


def ask(session: Session, person: Subscriber, new_email: str, *, newsletter: str, now: datetime) -> int:
    """Keep the wish of *person*; nothing moves before the new address says yes. Raises BadAddress, BadDetail."""
    email = addresses.check(new_email)
    if addresses.key(email) == person.email_key:
        raise BadDetail("that is the address we write to already")
    lately = and_(AddressChange.subscriber_id == person.id, AddressChange.asked_at > now - timedelta(days=1))
    if (session.scalar(select(func.count()).select_from(AddressChange).where(lately)) or 0) >= _MOST:
        raise BadDetail("that address was changed several times today: try again tomorrow")
    change = AddressChange(
        subscriber_id=person.id, newsletter=newsletter, old_email=person.email, new_email=email, asked_at=now
    )
    session.add(change)
    session.flush()
    return change.id


def move(session: Session, change_id: int, subscriber_id: int, *, now: datetime) -> Moved:
    """The new address said yes."""
    change = session.get(AddressChange, change_id)
    person = session.get(Subscriber, subscriber_id)
    if change is None or person is None or change.subscriber_id != subscriber_id:
        return Moved.OVER
    if change.changed_at is not None:
        return Moved.BEFORE if person.email == change.new_email else Moved.OVER
    if now - change.asked_at > LIFETIME or person.email != change.old_email or _newest(session, person) != change.id:
        return Moved.OVER
    if roll.find(session, change.new_email) is not None:
        return Moved.TAKEN
    if signing_up.is_suppressed(session, addresses.key(change.new_email)):
        return Moved.SUPPRESSED
    _rewrite(session, person, change.new_email, now=now)
    change.changed_at = now
    session.flush()
    return Moved.DONE


def get(session: Session, change_id: int) -> AddressChange | None:
    """The wish with that id."""
    return session.get(AddressChange, change_id)


def has_left(session: Session, subscriber_id: int, address: str) -> bool:
    """Whether *address*, which is not the person's now, is one that they were written to before."""
    key = addresses.key(address)
    former = select(AddressChange.old_email).where(
        AddressChange.subscriber_id == subscriber_id, AddressChange.changed_at.is_not(None)
    )
    return key in {addresses.key(old) for old in session.scalars(former)}


def to_ask(session: Session, *, before: datetime) -> list[int]:
    """The ids of wishes that the new address has not been asked about, made before that moment."""
    query = select(AddressChange.id).where(AddressChange.mailed_at.is_(None), AddressChange.asked_at <= before)
    return list(session.scalars(query.order_by(AddressChange.id).limit(100)))


def to_tell(session: Session) -> list[int]:
    """The ids of changes that the old address has not been told of."""
    query = select(AddressChange.id).where(AddressChange.changed_at.is_not(None), AddressChange.told_at.is_(None))
    return list(session.scalars(query.order_by(AddressChange.id).limit(100)))


def take_question(session: Session, change_id: int, *, now: datetime) -> Notice | None:
    """Note that the new address is asked now; None where it was. Commit it before the letter goes."""
    return _take(session, change_id, AddressChange.mailed_at, now)


def take_news(session: Session, change_id: int, *, now: datetime) -> Notice | None:
    """Note that the old address is told now; None where it was. Commit it before the letter goes."""
    return _take(session, change_id, AddressChange.told_at, now)


def give_back(session: Session, change_id: int, *, question: bool) -> None:
    """The letter certainly did not go out."""
    column = AddressChange.mailed_at if question else AddressChange.told_at
    session.execute(update(AddressChange).where(AddressChange.id == change_id).values({column: None}))


def _take(session: Session, change_id: int, mark: _Mark, now: datetime) -> Notice | None:
    mine = update(AddressChange).where(AddressChange.id == change_id, mark.is_(None)).values({mark: now})
    quietly = {"synchronize_session": False}
    row = session.execute(mine.returning(AddressChange), execution_options=quietly).scalar_one_or_none()
    if row is None:
        return None
    person = session.get_one(Subscriber, row.subscriber_id)
    to = row.new_email if mark is AddressChange.mailed_at else row.old_email
    return Notice(row.id, person.id, row.newsletter, addresses.wire(to), row.old_email, row.new_email, person.language)


def _rewrite(session: Session, person: Subscriber, email: str, *, now: datetime) -> None:
    """Give *person* the new address; no old file may bring the old one in beside it."""
    old, new = person.email_key, addresses.key(email)
    reason = session.scalar(select(Suppression.reason).where(Suppression.email_key == old))
    session.execute(delete(Suppression).where(Suppression.email_key == old))
    barred = Barred.UNSUBSCRIBED if reason is None else Barred(reason.value)
    strangers.bar(session, {old: barred}, source="moved to another address", now=now)
    strangers.forget(session, new)
    session.execute(delete(SignUp).where(SignUp.email_key == new))
    session.execute(update(SignUp).where(SignUp.email_key == old).values(email=email, email_key=new))
    person.email, person.email_key = email, new


def _newest(session: Session, person: Subscriber) -> int | None:
    return session.scalar(select(func.max(AddressChange.id)).where(AddressChange.subscriber_id == person.id))
