"""What people did: written down once, in the transaction of the deed, and never altered."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session as Database

from newsletter.staff.models import Act, User


@dataclass(frozen=True, slots=True)
class Doer:
    """Who does something, and by which door."""

    who: str
    door: str
    user_id: int | None = None


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
    query = select(Act).order_by(Act.id.desc()).limit(limit)
    if user_id is not None:
        query = query.where(Act.user_id == user_id)
    if before is not None:
        query = query.where(Act.id < before)
    return session.scalars(query).all()
