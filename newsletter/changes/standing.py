"""What was set at the desk and counts: now, or as it was at an earlier change."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from newsletter.changes.models import Change
from newsletter.errors import NotFound, WrongState
from newsletter.staff.acts import Doer

#: what newsletter.toml says counts again
FILE = None


def alone(session: Session) -> None:
    """Let nobody else change a setting until the end of the transaction.

    Numbers then come in the order of the commits, so that the newest one tells whether anything is new, and two
    changes that are right alone can't be wrong together.
    """
    if session.get_bind().dialect.name == "postgresql":  # SQLite has one writer anyway
        session.execute(text(f"LOCK TABLE {Change.__tablename__} IN SHARE ROW EXCLUSIVE MODE"))


def newest(session: Session) -> int:
    """The number of the newest change; 0 where nothing was ever changed."""
    return session.scalar(select(func.max(Change.id))) or 0


def counting(session: Session, *, at: int | None = None) -> dict[str, Change]:
    """Key → the change that counts, with the change *at* as the last one; what was given back is left out."""
    last = select(func.max(Change.id)).group_by(Change.key)
    if at is not None:
        last = last.where(Change.id <= at)
    found = session.scalars(select(Change).where(Change.id.in_(last)).order_by(Change.id))
    return {change.key: change for change in found if change.value}


def value(change: Change) -> Any:
    """What *change* set; None where it gave the setting back."""
    return json.loads(change.value) if change.value else FILE


def put(session: Session, values: Mapping[str, Any], *, by: Doer, now: datetime) -> list[Change]:
    """Give each key its value, None what the file says; each that is no news is left out."""
    stands = counting(session)
    made = []
    for key, given in values.items():
        written = "" if given is FILE else json.dumps(given, ensure_ascii=False, allow_nan=False)
        if written != (stands[key].value if key in stands else ""):
            made.append(Change(at=now, who=by.who[:320], door=by.door, key=key, value=written))
    session.add_all(made)
    session.flush()
    return made


def latest(session: Session, key: str) -> Change | None:
    """The newest change of *key*."""
    return session.scalar(select(Change).where(Change.key == key).order_by(Change.id.desc()).limit(1))


def before(session: Session, number: int) -> tuple[str, Any]:
    """The key of that change, and what stood before it; raises WrongState where it was changed again since."""
    change = session.get(Change, number)
    if change is None:
        raise NotFound("There is no such change.")
    later = latest(session, change.key)
    if later is not None and later.id != change.id:
        raise WrongState(f"{change.key} was changed again since, by {later.who}: take that change back first.")
    of_key = select(Change).where(Change.key == change.key, Change.id < number)
    earlier = session.scalar(of_key.order_by(Change.id.desc()).limit(1))
    return change.key, value(earlier) if earlier else FILE


def lately(session: Session, *, prefix: str = "", limit: int) -> Sequence[Change]:
    """The newest changes, of the keys that begin with *prefix*."""
    query = select(Change).where(func.substr(Change.key, 1, len(prefix)) == prefix)
    return session.scalars(query.order_by(Change.id.desc()).limit(limit)).all()
