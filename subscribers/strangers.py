"""People who are not here and must not be mailed: known by a salted hash of the address, and by nothing else."""

import hashlib
import secrets
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from . import details
from .models import Barred, Salt, Stranger, Suppression, SuppressionReason
from .rows import upsert

#: what of it stays true of somebody who comes in by a new yes of their own
SUPPRESSING = {Barred(reason.value): reason for reason in SuppressionReason}
#: the strictest last
STRICTNESS = (
    Barred.UNSUBSCRIBED,
    Barred.ERASED,
    Barred.GIVEN_UP,
    Barred.COMPLAINT,
    Barred.MANUAL,
    Barred.HARD_BOUNCE,
)
_AT_ONCE = 10_000


def hasher(session: Session) -> Callable[[str], str]:
    """What makes the digest of an address's key (see `addresses.key`); the salt is made on first use."""
    salt = bytes.fromhex(_salt(session))

    def digest(key: str) -> str:
        return hashlib.blake2b(key.encode("utf-8", "surrogatepass"), digest_size=20, key=salt).hexdigest()

    return digest


def bar(session: Session, reasons: Mapping[str, Barred], *, source: str, now: datetime) -> None:
    """Remember of each key why it must not be brought in; of two reasons the stricter is kept."""
    digest = hasher(session)
    known = barred(session, reasons)
    way = details.source(source)
    rows = [
        {"digest": digest(key), "reason": reason, "source": way, "at": now}
        for key, reason in sorted(reasons.items())
        if key not in known or STRICTNESS.index(known[key]) < STRICTNESS.index(reason)
    ]
    if not rows:
        return
    new = upsert(session, Stranger)
    changed = {"reason": new.excluded.reason, "source": new.excluded.source, "at": new.excluded.at}
    session.connection().execute(new.on_conflict_do_update(index_elements=["digest"], set_=changed), rows)


def barred(session: Session, keys: Iterable[str]) -> dict[str, Barred]:
    """Which of *keys* must not be brought in, and why; the others are absent."""
    if session.scalar(select(Stranger.digest).limit(1)) is None:
        return {}
    digest = hasher(session)
    by_digest = {digest(key): key for key in keys}
    wanted = sorted(by_digest)
    found: dict[str, Barred] = {}
    for start in range(0, len(wanted), _AT_ONCE):
        query = select(Stranger.digest, Stranger.reason)
        for hashed, reason in session.execute(query.where(Stranger.digest.in_(wanted[start : start + _AT_ONCE]))):
            found[by_digest[hashed]] = reason
    return found


def why(session: Session, key: str) -> Stranger | None:
    """What is known against *key*, when and by which way; None where nothing is."""
    if session.scalar(select(Salt.value)) is None:
        return None
    return session.get(Stranger, hasher(session)(key))


def counts(session: Session) -> dict[Barred, int]:
    """How many addresses of nobody here must not be brought in, by reason."""
    found = dict(session.execute(select(Stranger.reason, func.count()).group_by(Stranger.reason)).all())
    return {reason: found[reason] for reason in Barred if reason in found}


def forget(session: Session, key: str) -> bool:
    """Nothing stands against *key* any longer; False where nothing did."""
    statement = delete(Stranger).where(Stranger.digest == hasher(session)(key))
    return session.connection().execute(statement).rowcount > 0


def welcome(session: Session, keys: Iterable[str]) -> None:
    """*keys* are somebody's here now: what still holds becomes a suppression in the clear, the rest is over."""
    for key, reason in barred(session, keys).items():
        row = session.get_one(Stranger, hasher(session)(key))
        if reason in SUPPRESSING:
            once = upsert(session, Suppression)
            values = {"email_key": key, "reason": SUPPRESSING[reason], "note": row.source, "at": row.at}
            session.execute(once.on_conflict_do_nothing().values(values))
        session.delete(row)
    session.flush()


def _salt(session: Session) -> str:
    value = session.scalar(select(Salt.value))
    if value is None:
        once = upsert(session, Salt)
        session.execute(once.on_conflict_do_nothing().values(id=1, value=secrets.token_hex(32)))
        value = session.scalars(select(Salt.value)).one()
    return value
