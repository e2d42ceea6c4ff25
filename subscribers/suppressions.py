"""Addresses that are never mailed again: on what evidence, since when, and how that is taken back."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import case, delete, func, insert, or_, select
from sqlalchemy.orm import Session

from . import addresses, strangers
from .errors import BadDetail
from .models import AddressChange, Barred, Lift, Subscriber, Suppression, SuppressionReason
from .rows import upsert

_AT_ONCE = 1000
_LONGEST_KEY = 320
#: of two reasons that evidence gives the stricter is kept
_RANK = {reason: strangers.STRICTNESS.index(Barred(reason.value)) for reason in SuppressionReason}


@dataclass(frozen=True, slots=True)
class Stop:
    """An address that is not to be mailed any more."""

    #: as `addresses.key`
    key: str
    reason: SuppressionReason
    #: the other side's words, or somebody's here
    note: str = ""
    #: what it rests on, in the words of who keeps the evidence; empty where somebody decided it
    evidence: str = ""


def is_possible(key: str) -> bool:
    """Whether *key* could be anybody's address."""
    return bool(key.partition("@")[2]) and len(key) <= _LONGEST_KEY


def suppress(session: Session, stops: Iterable[Stop], *, now: datetime) -> int:
    """Never mail the addresses of *stops* again, whether or not they are anybody's; returns how many that were not so.

    What somebody here decided is kept as it is. Of what evidence says the stricter reason is kept, whichever
    came first, and the date is that of the first. Of who is not here no more than a hash and the reason is kept.
    """
    strictest: dict[str, Stop] = {}
    for stop in stops:
        known = strictest.get(stop.key)
        if is_possible(stop.key) and (known is None or _RANK[stop.reason] > _RANK[known.reason]):
            strictest[stop.key] = stop
    if not strictest:
        return 0
    here = _here(session, sorted(strictest))
    return _bar(session, {key: stop for key, stop in strictest.items() if key not in here}, now) + _write(
        session, [strictest[key] for key in sorted(here)], now
    )


def lift(session: Session, email: str, *, why: str, despite_complaint: bool = False, now: datetime) -> bool:
    """Allow mail to *email* again, and keep *why*; False where nothing stood against it.

    What was known until now counts no more (see `zero`). Raises BadDetail where no reason is given, and for a
    complaint where nobody says that it is lifted in spite of it: they have said that our mail is spam.
    """
    key = addresses.key(email)
    stands = session.scalar(select(Suppression).where(Suppression.email_key == key))
    barred = strangers.why(session, key)
    if (stands is not None or barred) and not why.strip():
        raise BadDetail("say why mail may go there again (--why): it is kept with the history")
    complained = {stands.reason.value if stands else "", barred.reason.value if barred else ""}
    if SuppressionReason.COMPLAINT.value in complained and not despite_complaint:
        raise BadDetail(
            "they reported our mail as spam: that is lifted only in spite of their complaint, where they have asked"
            " for it themselves since (--despite-complaint)"
        )
    if stands is not None:
        subscriber_id = session.scalar(select(Subscriber.id).where(Subscriber.email_key == key))
        if subscriber_id is not None:
            session.execute(
                insert(Lift).values(
                    subscriber_id=subscriber_id,
                    reason=stands.reason,
                    note=stands.note,
                    suppressed_at=stands.at,
                    why=why.strip(),
                    at=now,
                )
            )
        session.delete(stands)
        session.flush()
    return strangers.forget(session, key) or stands is not None


def undo(session: Session, subscriber_ids: Iterable[int], reason: SuppressionReason) -> int:
    """Take back what evidence said for *reason* and does not say any more; returns how many that were."""
    wanted, undone = sorted(subscriber_ids), 0
    for start in range(0, len(wanted), _AT_ONCE):
        keys = select(Subscriber.email_key).where(Subscriber.id.in_(wanted[start : start + _AT_ONCE]))
        statement = delete(Suppression).where(
            Suppression.email_key.in_(keys), Suppression.reason == reason, Suppression.evidence != ""
        )
        undone += session.connection().execute(statement).rowcount
    return undone


@dataclass(frozen=True, slots=True)
class Listed:
    """An address of somebody here that is not mailed."""

    id: int
    email: str
    #: None where nobody has that address any more
    subscriber_id: int | None
    reason: SuppressionReason
    note: str
    evidence: str
    at: datetime


def listed(
    session: Session, *, reason: SuppressionReason | None = None, before: int | None = None, limit: int
) -> list[Listed]:
    """Who is not mailed, the newest first, *before* one of them; for one *reason* where that is said."""
    query = (
        select(
            Suppression.id,
            func.coalesce(Subscriber.email, Suppression.email_key),
            Subscriber.id,
            Suppression.reason,
            Suppression.note,
            Suppression.evidence,
            Suppression.at,
        )
        .outerjoin(Subscriber, Subscriber.email_key == Suppression.email_key)
        .order_by(Suppression.id.desc())
        .limit(limit)
    )
    if reason is not None:
        query = query.where(Suppression.reason == reason)
    if before is not None:
        query = query.where(Suppression.id < before)
    return [Listed(*row) for row in session.execute(query)]


def of(session: Session, subscriber_id: int) -> Suppression | None:
    """What stands against a person; None where nothing does."""
    own = select(Subscriber.email_key).where(Subscriber.id == subscriber_id)
    return session.scalar(select(Suppression).where(Suppression.email_key.in_(own)))


def counts(session: Session) -> dict[SuppressionReason, int]:
    """How many addresses of people here are not mailed, by reason."""
    rows = session.execute(select(Suppression.reason, func.count()).group_by(Suppression.reason)).all()
    found = dict(rows)
    return {reason: found[reason] for reason in SuppressionReason if reason in found}


def withdraw(session: Session, evidence: str) -> int:
    """Nothing rests on *evidence* any more: somebody here had made too much of it. How many suppressions that ends."""
    statement = delete(Suppression).where(Suppression.evidence == evidence) if evidence else None
    return session.connection().execute(statement).rowcount if statement is not None else 0


def among(session: Session, subscriber_ids: Sequence[int], reason: SuppressionReason) -> set[int]:
    """Those who are suppressed for *reason*, on evidence."""
    query = (
        select(Subscriber.id)
        .join(Suppression, Suppression.email_key == Subscriber.email_key)
        .where(Subscriber.id.in_(subscriber_ids), Suppression.reason == reason, Suppression.evidence != "")
    )
    return set(session.scalars(query))


def zero(session: Session, subscriber_ids: Sequence[int]) -> dict[int, datetime]:
    """From when on what is heard counts: a suppression was lifted, or the person moved to another address."""
    lifted = select(Lift.subscriber_id, func.max(Lift.at)).where(Lift.subscriber_id.in_(subscriber_ids))
    moved = select(AddressChange.subscriber_id, func.max(AddressChange.changed_at)).where(
        AddressChange.subscriber_id.in_(subscriber_ids), AddressChange.changed_at.is_not(None)
    )
    since: dict[int, datetime] = {}
    for query in (lifted.group_by(Lift.subscriber_id), moved.group_by(AddressChange.subscriber_id)):
        for subscriber_id, at in session.execute(query):
            if at is not None:
                since[subscriber_id] = max(at, since.get(subscriber_id, at))
    return since


def mailed_at(session: Session, copies: Sequence[tuple[int, datetime]]) -> list[str]:
    """Under which key each person was written to at that moment; empty for who is not here."""
    ids = sorted({subscriber_id for subscriber_id, _ in copies})
    keys, moves = dict[int, str](), dict[int, list[tuple[datetime, str]]]()
    for start in range(0, len(ids), _AT_ONCE):
        some = ids[start : start + _AT_ONCE]
        keys.update(session.execute(select(Subscriber.id, Subscriber.email_key).where(Subscriber.id.in_(some))).all())
        query = (
            select(AddressChange.subscriber_id, AddressChange.changed_at, AddressChange.old_email)
            .where(AddressChange.subscriber_id.in_(some), AddressChange.changed_at.is_not(None))
            .order_by(AddressChange.changed_at, AddressChange.id)
        )
        for subscriber_id, changed_at, old in session.execute(query):
            if changed_at is not None:
                moves.setdefault(subscriber_id, []).append((changed_at, addresses.key(old)))
    return [
        next((old for changed_at, old in moves.get(one, ()) if changed_at > at), keys.get(one, ""))
        for one, at in copies
    ]


def lifts(session: Session, subscriber_id: int) -> Sequence[Lift]:
    """What stood against a person and was taken back, oldest first."""
    return session.scalars(select(Lift).where(Lift.subscriber_id == subscriber_id).order_by(Lift.at, Lift.id)).all()


def _here(session: Session, keys: Sequence[str]) -> set[str]:
    found: set[str] = set()
    for start in range(0, len(keys), _AT_ONCE):
        query = select(Subscriber.email_key).where(Subscriber.email_key.in_(keys[start : start + _AT_ONCE]))
        found.update(session.scalars(query))
    return found


def _bar(session: Session, stops: Mapping[str, Stop], now: datetime) -> int:
    if not stops:
        return 0
    known = strangers.barred(session, stops)
    strangers.bar(
        session, {key: Barred(stop.reason.value) for key, stop in stops.items()}, source="suppressed", now=now
    )
    return sum(known.get(key) not in strangers.SUPPRESSING for key in stops)


def _write(session: Session, stops: Sequence[Stop], now: datetime) -> int:
    if not stops:
        return 0
    rows = [
        {
            "email_key": stop.key,
            "reason": stop.reason,
            "note": stop.note.replace("\0", ""),  # PostgreSQL keeps no NUL, and a provider may send anything
            "evidence": stop.evidence,
            "at": now,
        }
        for stop in stops
    ]
    statement = upsert(session, Suppression)
    new = statement.excluded
    stricter = or_(
        *(
            (Suppression.reason == old) & (new.reason == reason)
            for old in SuppressionReason
            for reason in SuppressionReason
            if _RANK[reason] > _RANK[old]
        )
    )
    written = session.connection().execute(
        statement.on_conflict_do_update(
            index_elements=["email_key"],
            set_={"reason": new.reason, "note": new.note, "evidence": new.evidence},
            where=stricter & (Suppression.evidence != "") & (new.evidence != ""),
        ).returning(Suppression.email_key, case((Suppression.at == now, 1), else_=0)),
        rows,
    )
    return sum(fresh for _, fresh in written)
