"""What people did: written down once, in the transaction of the deed, and never altered."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session as Database

from newsletter.staff.models import Act, User


@dataclass(frozen=True, slots=True)
class Doer:
    """Who does something, and by which door."""

    who: str
    door: str
    user_id: int | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """Which acts are wanted; what is left empty leaves nothing out."""

    #: whose; 0 is nobody's who has an account
    user_id: int | None = None
    door: str = ""
    did: str = ""
    #: stands in what it was done to
    what: str = ""
    #: from this moment on, and before this one
    since: datetime | None = None
    until: datetime | None = None


#: words that acts have used are looked for among so many of the newest
_WORDS_AMONG = 5_000


def of(user: User, door: str = "desk") -> Doer:
    """*user*, at *door*."""
    return Doer(user.called, door, user.id)


def note(session: Database, doer: Doer, did: str, what: str = "", *, now: datetime, **details: Any) -> None:
    """Write down that *doer* *did* something to *what*."""
    act = Act(at=now, user_id=doer.user_id, who=doer.who[:320], door=doer.door, did=did, what=what[:320])
    act.details = details
    session.add(act)


def since(session: Database, at: datetime, *, did: str) -> Sequence[Act]:
    """Whenever somebody *did* that after *at*, oldest first."""
    return session.scalars(select(Act).where(Act.at > at, Act.did == did).order_by(Act.id)).all()


def lately(session: Database, *, user_id: int | None = None, before: int | None = None, limit: int) -> Sequence[Act]:
    """The newest acts, of one person or of all; older than the one numbered *before*."""
    return find(session, Asked(user_id), before=before, limit=limit)


def find(session: Database, asked: Asked, *, before: int | None = None, limit: int) -> Sequence[Act]:
    """The newest acts of those *asked* for; older than the one numbered *before*."""
    query = _narrowed(select(Act), asked).order_by(Act.id.desc()).limit(limit)
    if before is not None:
        query = query.where(Act.id < before)
    return session.scalars(query).all()


def words(session: Database) -> tuple[list[str], list[str]]:
    """What people did lately, and by which doors, each once: what one can ask for."""
    newest = select(Act.did, Act.door).order_by(Act.id.desc()).limit(_WORDS_AMONG).subquery()
    found = session.execute(select(newest.c.did, newest.c.door).distinct()).all()
    return sorted({did for did, _ in found}), sorted({door for _, door in found})


def _narrowed(query: Select[Act], asked: Asked) -> Select[Act]:
    if asked.user_id is not None:
        query = query.where(Act.user_id == asked.user_id if asked.user_id else Act.user_id.is_(None))
    if asked.door:
        query = query.where(Act.door == asked.door)
    if asked.did:
        query = query.where(Act.did == asked.did)
    if asked.what:
        query = query.where(Act.what.icontains(asked.what, autoescape=True))
    if asked.since is not None:
        query = query.where(Act.at >= asked.since)
    if asked.until is not None:
        query = query.where(Act.at < asked.until)
    return query
