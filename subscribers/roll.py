"""The roll: who is on which list, and by whose word; every change of consent leaves a ConsentEvent."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, delete, exists, func, select, update
from sqlalchemy.orm import Session

from . import addresses, details, intake, returned, strangers, suppressions
from .errors import BadAddress, NoSuchSubscriber
from .models import (
    Barred,
    Consent,
    ConsentEvent,
    List,
    SignUp,
    Subscriber,
    Subscription,
    Suppression,
    SuppressionReason,
)
from .suppressions import Stop


def add(
    session: Session,
    email: str,
    *,
    name: str = "",
    language: str = "",
    time_zone: str = "",
    lists: Sequence[str] = (),
    consent: Consent = Consent.PENDING,
    source: str,
    now: datetime,
) -> Subscriber:
    """Put a person on *lists*, waiting for their confirmation.

    CONFIRMED is for those whose yes is on record elsewhere; *source* then names the evidence. Whoever is
    here already gets the lists and details that were missing; who left a list stays off it (see `rejoin`).
    Raises BadAddress, BadDetail, NoSuchList.
    """
    if consent is Consent.CONFIRMED and not source.strip():
        raise ValueError("confirmed without evidence: say in source where the yes is on record")
    consents = dict.fromkeys(lists, consent)
    entry = intake.entry(email, name=name, language=language, time_zone=time_zone, consents=consents)
    intake.take_in(session, [entry], overwrite=False, source=source, now=now)
    return session.scalars(select(Subscriber).where(Subscriber.email_key == entry.key)).one()


def confirm(session: Session, subscriber_id: int, list_slug: str | None = None, *, source: str, now: datetime) -> int:
    """The person said yes: to one list, or to all that waited; how many subscriptions that moved.

    Only what waits is confirmed, so an old link can't bring back somebody who left since.
    """
    return _move(
        session, subscriber_id, None if list_slug is None else [list_slug], {Consent.PENDING}, Consent.CONFIRMED,
        source=source, now=now,
    )  # fmt: skip


def unsubscribe(
    session: Session, subscriber_id: int, lists: Sequence[str] | None = None, *, source: str, now: datetime
) -> int:
    """The person leaves *lists* (None: all of them); 0 where they had left, or were erased, before."""
    staying = {Consent.PENDING, Consent.CONFIRMED}
    return _move(session, subscriber_id, lists, staying, Consent.UNSUBSCRIBED, source=source, now=now)


def take_back(session: Session, subscriber_id: int, *, left_by: str, source: str, now: datetime) -> int:
    """The person takes back that they left by way of *left_by*: each list that they left so stands as before.

    How many lists that moved. A list that was left in any other way stays left.
    """
    query = (
        select(List.slug, ConsentEvent.consent, ConsentEvent.source)
        .join(List, List.id == ConsentEvent.list_id)
        .where(ConsentEvent.subscriber_id == subscriber_id)
        .order_by(ConsentEvent.id)
    )
    history: dict[str, list[tuple[Consent, str]]] = {}
    for slug, consent, by in session.execute(query):
        history.setdefault(slug, []).append((consent, by))
    before = {slug: words[-2][0] for slug, words in history.items() if len(words) > 1 and words[-1][1] == left_by}
    return sum(
        _move(session, subscriber_id, [slug], {Consent.UNSUBSCRIBED}, consent, source=source, now=now)
        for slug, consent in before.items()
    )


def rejoin(session: Session, subscriber_id: int, lists: Sequence[str], *, source: str, now: datetime) -> int:
    """Somebody who left asks to come back: waits for a new confirmation."""
    return _move(session, subscriber_id, lists, {Consent.UNSUBSCRIBED}, Consent.PENDING, source=source, now=now)


def suppress(session: Session, email: str, *, reason: SuppressionReason, note: str = "", now: datetime) -> bool:
    """Somebody decided never to mail *email* again, whether or not it is anybody's here; False where that was so.

    The first reason is kept. Raises BadAddress only for what nobody's address can look like.
    """
    key = addresses.key(email)
    if not suppressions.is_possible(key):
        raise BadAddress(f"{email!r} is not an address")
    return suppressions.suppress(session, [Stop(key, reason, note)], now=now) > 0


def find(session: Session, email: str) -> Subscriber | None:
    """The person with the address *email*, in whatever case it is written."""
    return session.scalar(select(Subscriber).where(Subscriber.email_key == addresses.key(email)))


def beginning(session: Session, text: str, *, limit: int) -> list[Subscriber]:
    """Up to *limit* people whose address begins like *text*, in whatever case."""
    begins = addresses.key(text) if "@" in text else text.strip().casefold()
    if not begins:
        return []
    key, ends = Subscriber.email_key, f"{begins}{chr(0x10FFFF)}"
    # not LIKE, which finds no index in a statement that was prepared before its value was known
    if session.get_bind().dialect.name == "postgresql":
        between = and_(key.bool_op("~>=~")(begins), key.bool_op("~<~")(ends))
    else:
        between = and_(key >= begins, key < ends)
    return sorted(session.scalars(select(Subscriber).where(between).limit(limit)), key=lambda one: one.email_key)


def get(session: Session, email: str) -> Subscriber:
    """The person with the address *email*; raises NoSuchSubscriber."""
    person = find(session, email)
    if person is None:
        raise NoSuchSubscriber(f"nobody here has the address {email.strip()}")
    return person


def subscriptions(session: Session, subscriber_id: int) -> dict[str, Consent]:
    """List slug → where the person stands with it, by slug."""
    query = (
        select(List.slug, Subscription.consent)
        .join(List, List.id == Subscription.list_id)
        .where(Subscription.subscriber_id == subscriber_id)
        .order_by(List.slug)
    )
    return dict(session.execute(query).all())


def on_list(session: Session, slug: str, *, consent: Consent = Consent.CONFIRMED) -> Iterator[Subscriber]:
    """Everybody who stands so with the list *slug*, by id; read as they are asked for. Raises NoSuchList.

    Of the confirmed, those are left out who are suppressed: no mail goes to them.
    """
    list_id = intake.list_ids(session, [slug])[slug]
    query = (
        select(Subscriber)
        .join(Subscription, Subscription.subscriber_id == Subscriber.id)
        .where(Subscription.list_id == list_id, Subscription.consent == consent)
        .order_by(Subscriber.id)
        .execution_options(yield_per=500)
    )
    if consent is Consent.CONFIRMED:
        query = query.where(~exists().where(Suppression.email_key == Subscriber.email_key))
    return iter(session.scalars(query))


def page(
    session: Session, slug: str | None = None, *, consent: Consent = Consent.CONFIRMED, after: int = 0, limit: int
) -> Sequence[Subscriber]:
    """The next *limit* people by id, of all or of those who stand so with the list *slug*. Raises NoSuchList."""
    query = select(Subscriber).where(Subscriber.id > after).order_by(Subscriber.id).limit(limit)
    if slug is not None:
        list_id = intake.list_ids(session, [slug])[slug]
        # the page is cut from the subscriptions' own index first: joined before, PostgreSQL walks all that went before
        cut = (
            select(Subscription.subscriber_id)
            .where(Subscription.list_id == list_id, Subscription.consent == consent, Subscription.subscriber_id > after)
            .order_by(Subscription.subscriber_id)
            .limit(limit)
            .subquery()
        )
        query = select(Subscriber).join(cut, cut.c.subscriber_id == Subscriber.id).order_by(Subscriber.id)
    return session.scalars(query).all()


def create_list(session: Session, slug: str, *, title: str = "", now: datetime) -> List:
    """The list *slug*, made unless it is there; raises BadDetail."""
    title = details.name(title) or slug.replace("-", " ").capitalize()
    session.execute(intake.once(session, List).values(slug=details.slug(slug), title=title, created_at=now))
    return session.scalars(select(List).where(List.slug == slug)).one()


def slugs(session: Session) -> set[str]:
    """The slugs of the lists there are."""
    return set(session.scalars(select(List.slug)))


@dataclass(frozen=True, slots=True)
class ListCount:
    """How many stand how with a list."""

    slug: str
    title: str
    confirmed: int
    pending: int
    unsubscribed: int


def lists(session: Session) -> list[ListCount]:
    """Every list with its figures, by slug."""
    counts = select(Subscription.list_id, Subscription.consent, func.count()).group_by(
        Subscription.list_id, Subscription.consent
    )
    figures = {(list_id, consent): count for list_id, consent, count in session.execute(counts)}
    return [
        ListCount(row.slug, row.title, *(figures.get((row.id, consent), 0) for consent in _COLUMNS))
        for row in session.scalars(select(List).order_by(List.slug))
    ]


def erase(session: Session, subscriber_id: int, *, now: datetime) -> bool:
    """Forget a person: name, address, lists and history are deleted; False where nobody has that id.

    A salted hash of the address stays, because forgetting that they must not be mailed would let the next
    old file, or a late event, bring them back.
    """
    key = session.scalar(select(Subscriber.email_key).where(Subscriber.id == subscriber_id))
    if key is None:
        return False
    reason = session.scalar(select(Suppression.reason).where(Suppression.email_key == key))
    why = Barred.ERASED if reason is None else Barred(reason.value)
    strangers.bar(session, {key: why}, source="erased", now=now)
    session.execute(delete(Suppression).where(Suppression.email_key == key))
    session.execute(delete(SignUp).where(SignUp.email_key == key))
    returned.forget(session, key)
    session.execute(delete(Subscriber).where(Subscriber.id == subscriber_id))
    return True


_COLUMNS = (Consent.CONFIRMED, Consent.PENDING, Consent.UNSUBSCRIBED)


def _move(
    session: Session,
    subscriber_id: int,
    slugs: Sequence[str] | None,
    from_: set[Consent],
    to: Consent,
    *,
    source: str,
    now: datetime,
) -> int:
    wanted = None if slugs is None else set(intake.list_ids(session, slugs).values())
    # by conditional UPDATE … RETURNING, so that of two clicks at once only one writes history
    statement = update(Subscription).where(Subscription.subscriber_id == subscriber_id, Subscription.consent.in_(from_))
    if wanted is not None:
        statement = statement.where(Subscription.list_id.in_(wanted))
    moved = session.scalars(statement.values(consent=to, changed_at=now).returning(Subscription.list_id)).all()
    intake.note(session, {(subscriber_id, list_id): to for list_id in moved}, source, now)
    return len(moved)
