"""Joining by a form: who asked, in which words, and what their yes moves. Nobody is mailed from here.

Asking alone moves nobody who was here before, or who was told never to be brought in: anybody can type any address.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy import delete, exists, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from . import addresses, details, intake, roll, strangers
from .models import Consent, ConsentEvent, List, SignUp, Subscriber, Subscription, Suppression, Wording
from .rows import upsert

#: how a request, and the yes that came of it, are called in the history
ASKED_BY, CONFIRMED_BY = "sign-up form", "confirmation link"
#: how long a request that nobody answered is kept
PATIENCE = timedelta(days=30)

_QUIETLY = {"synchronize_session": False}
_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Request:
    """What somebody filled in, checked; `request` makes one."""

    email: str
    newsletter: str
    lists: tuple[str, ...]
    #: the words beside the button
    wording: str
    #: "sign-up page", "form: footer", "api"
    form: str
    name: str = ""
    language: str = ""
    time_zone: str = ""
    #: of the page, for the letter
    page_language: str = ""
    #: the address on the network that it came from
    given_from: str = ""


@dataclass(frozen=True, slots=True)
class Waiting:
    """Somebody who signed up, as a letter to them needs it."""

    id: int
    #: as mail servers want it
    email: str
    newsletter: str
    lists: tuple[str, ...]
    language: str
    asked_at: datetime
    #: the person, if they are here
    subscriber_id: int | None
    #: they are on all of these lists already
    is_on: bool
    #: nothing may be mailed to them
    is_suppressed: bool


def checked(request: Request) -> Request:
    """*request* as it is kept; raises BadAddress, BadDetail."""
    return replace(
        request,
        email=addresses.check(request.email),
        name=details.name(request.name),
        language=details.language(request.language),
        time_zone=details.time_zone(request.time_zone),
        form=details.name(request.form)[:64],
        given_from=request.given_from[:45],
    )


def digest(wording: str) -> str:
    """The version of a wording: sixteen hex digits over its letters."""
    return sha256(" ".join(wording.split()).encode()).hexdigest()[:16]


def ask(session: Session, request: Request, *, now: datetime) -> int:
    """Keep a checked request; the id of the sign-up. Raises NoSuchList.

    Who is new is put on the lists, waiting for their yes. Who is here, or may not be brought in, stays as
    they are until they say yes.
    """
    intake.list_ids(session, request.lists)
    version = _keep_wording(session, request.wording, now)
    key = addresses.key(request.email)
    if roll.find(session, request.email) is None and key not in strangers.barred(session, [key]):
        _put_on(session, request, request.lists, now=now)
        person = roll.get(session, request.email)
        _mark(session, person.id, version, request.form, request.given_from, now=now)
    return _keep(session, request, key, version, now=now)


def waiting(session: Session, *, before: datetime) -> list[int]:
    """The ids of the first sign-ups that no letter has answered, asked before that moment."""
    query = select(SignUp.id).where(SignUp.mailed_at.is_(None), SignUp.asked_at <= before)
    return list(session.scalars(query.order_by(SignUp.id).limit(_AT_ONCE)))


def take(session: Session, sign_up_id: int, *, now: datetime) -> Waiting | None:
    """Note that the letter goes out now; None where it has. Commit it before the letter goes."""
    row = _take(session, sign_up_id, SignUp.mailed_at, now)
    return None if row is None else _waiting(session, row)


def give_back(session: Session, sign_up_id: int) -> None:
    """The letter certainly did not go out."""
    session.execute(update(SignUp).where(SignUp.id == sign_up_id).values(mailed_at=None))


def to_welcome(session: Session, newsletters: Sequence[str], *, since: datetime) -> list[int]:
    """The ids of the first sign-ups for *newsletters*, confirmed since that moment, that have had no welcome."""
    query = select(SignUp.id).where(
        SignUp.newsletter.in_(newsletters), SignUp.confirmed_at >= since, SignUp.welcomed_at.is_(None)
    )
    return list(session.scalars(query.order_by(SignUp.id).limit(_AT_ONCE)))


def take_welcome(session: Session, sign_up_id: int, *, now: datetime) -> Waiting | None:
    """Note that the welcome goes out now; None where it has, or where it is not wanted any more."""
    row = _take(session, sign_up_id, SignUp.welcomed_at, now)
    found = None if row is None else _waiting(session, row)
    return found if found and found.is_on and not found.is_suppressed else None


@dataclass(frozen=True, slots=True)
class Joined:
    """What a yes came to: who it was, and the lists they are on by it."""

    subscriber_id: int | None = None
    lists: tuple[str, ...] = ()


def get(session: Session, sign_up_id: int) -> SignUp | None:
    """The request with that id, unless it was forgotten."""
    return session.get(SignUp, sign_up_id)


def confirm(
    session: Session, sign_up_id: int, lists: Sequence[str], *, asked_at: datetime, given_from: str = "", now: datetime
) -> Joined:
    """The address said yes to a letter that was written at *asked_at*; again changes nothing.

    Who left after the letter was written stays away, however often its link is opened.
    """
    row = session.get(SignUp, sign_up_id)
    if row is None:
        return Joined()
    person = roll.find(session, row.email)
    if person is None or not _left_since(session, person.id, lists, asked_at):
        _put_on(session, _request(row), lists, now=now)
        person = roll.get(session, row.email)
        roll.rejoin(session, person.id, lists, source=ASKED_BY, now=now)
    for slug in lists:
        roll.confirm(session, person.id, slug, source=CONFIRMED_BY, now=now)
    standing = roll.subscriptions(session, person.id)
    joined = tuple(slug for slug in lists if standing.get(slug) is Consent.CONFIRMED)
    _mark(session, person.id, row.wording, row.form, given_from, given_at=now, now=now)
    if joined and (row.confirmed_at is None or row.confirmed_at < row.asked_at):
        row.confirmed_at = now
    session.flush()
    return Joined(person.id, joined)


def forget(session: Session, *, unconfirmed_before: datetime, networks_before: datetime) -> int:
    """Erase what nobody said yes to, with the people who came by it, and network addresses whose time is over.

    Returns how many people that were.
    """
    stale = list(
        session.scalars(
            select(SignUp).where(SignUp.confirmed_at.is_(None), SignUp.asked_at <= unconfirmed_before).limit(_AT_ONCE)
        )
    )
    people = _only_waiting(session, [row.email_key for row in stale], unconfirmed_before)
    session.execute(delete(SignUp).where(SignUp.id.in_([row.id for row in stale])))
    session.execute(delete(Subscriber).where(Subscriber.id.in_(people)))
    for table, at in ((SignUp, SignUp.asked_at), (ConsentEvent, ConsentEvent.at)):
        old = update(table).where(table.given_from != "", at <= networks_before)
        session.execute(old.values(given_from=""), execution_options=_QUIETLY)
    return len(people)


def is_suppressed(session: Session, key: str) -> bool:
    """Whether the address with that key must never be mailed, be it anybody's here or not."""
    if session.scalar(select(exists().where(Suppression.email_key == key))):
        return True
    return strangers.barred(session, [key]).get(key) in strangers.SUPPRESSING


def _keep_wording(session: Session, wording: str, now: datetime) -> str:
    plain = " ".join(wording.split())
    version = digest(plain)
    session.execute(intake.once(session, Wording).values(digest=version, text=plain, first_used_at=now))
    return version


def _put_on(session: Session, request: Request, lists: Sequence[str], *, now: datetime) -> None:
    """Make it somebody's, waiting on *lists* that they were never on; nothing else of who is here changes."""
    roll.add(
        session, request.email, name=request.name, language=request.language, time_zone=request.time_zone,
        lists=lists, consent=Consent.PENDING, source=ASKED_BY, now=now,
    )  # fmt: skip


def _mark(
    session: Session, subscriber_id: int, version: str, form: str, given_from: str, *, now: datetime,
    given_at: datetime | None = None,
) -> None:  # fmt: skip
    """Put the evidence beside the history that was just written."""
    events = update(ConsentEvent).where(ConsentEvent.subscriber_id == subscriber_id, ConsentEvent.at == now)
    evidence = {"wording": version, "form": form, "given_from": given_from[:45], "given_at": given_at or now}
    session.execute(events.values(evidence), execution_options=_QUIETLY)


def _keep(session: Session, request: Request, key: str, version: str, *, now: datetime) -> int:
    row = {
        "email": request.email,
        "email_key": key,
        "name": request.name,
        "language": request.language,
        "time_zone": request.time_zone,
        "newsletter": request.newsletter,
        "lists": list(request.lists),
        "page_language": request.page_language,
        "asked_at": now,
        "wording": version,
        "form": request.form,
        "given_from": request.given_from,
        "mailed_at": None,
    }
    statement = upsert(session, SignUp).values(row)
    statement = statement.on_conflict_do_update(index_elements=["email_key", "newsletter"], set_=row)
    return int(session.execute(statement.returning(SignUp.id)).scalar_one())


def _take(
    session: Session, sign_up_id: int, mark: InstrumentedAttribute[datetime | None], now: datetime
) -> SignUp | None:
    mine = update(SignUp).where(SignUp.id == sign_up_id, mark.is_(None)).values({mark: now}).returning(SignUp)
    return session.execute(mine, execution_options=_QUIETLY).scalar_one_or_none()


def _waiting(session: Session, row: SignUp) -> Waiting:
    person = roll.find(session, row.email)
    standing = roll.subscriptions(session, person.id) if person else {}
    return Waiting(
        id=row.id,
        email=addresses.wire(row.email),
        newsletter=row.newsletter,
        lists=tuple(row.lists),
        language=(person.language if person else "") or row.language or row.page_language,
        asked_at=row.asked_at,
        subscriber_id=person.id if person else None,
        is_on=all(standing.get(slug) is Consent.CONFIRMED for slug in row.lists),
        is_suppressed=is_suppressed(session, row.email_key),
    )


def _request(row: SignUp) -> Request:
    return Request(row.email, row.newsletter, tuple(row.lists), "", row.form, row.name, row.language, row.time_zone)


def _left_since(session: Session, subscriber_id: int, lists: Sequence[str], moment: datetime) -> bool:
    """Whether the person left one of *lists* after *moment*."""
    left = (
        exists()
        .where(
            Subscription.subscriber_id == subscriber_id,
            Subscription.list_id.in_(select(List.id).where(List.slug.in_(lists))),
            Subscription.consent == Consent.UNSUBSCRIBED,
            Subscription.changed_at > moment,
        )
        .select()
    )
    return bool(session.scalar(left))


def _only_waiting(session: Session, keys: Sequence[str], moment: datetime) -> list[int]:
    """Who of *keys* has never done anything but wait, on lists of a form that was filled in before *moment*."""
    other = exists().where(
        ConsentEvent.subscriber_id == Subscriber.id,
        (ConsentEvent.consent != Consent.PENDING) | (ConsentEvent.source != ASKED_BY) | (ConsentEvent.at > moment),
    )
    asks = exists().where(SignUp.email_key == Subscriber.email_key, SignUp.asked_at > moment)
    never = exists().where(ConsentEvent.subscriber_id == Subscriber.id)
    query = select(Subscriber.id).where(Subscriber.email_key.in_(keys), ~other, ~asks, never)
    return list(session.scalars(query))
