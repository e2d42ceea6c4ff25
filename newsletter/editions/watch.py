"""What runs again and again, when it last did, and what a person should know."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from newsletter.db import Model
from newsletter.editions.models import Alarm, Heartbeat
from subscribers.rows import upsert

#: begins the key of the alarm that says a draft is there; edition id and revision follow
DRAFTED = "drafted "
#: a scheduler that has not ticked for so long is not running
TICK_IS_LATE = timedelta(minutes=2)


def take_turn(session: Session, name: str, every: timedelta, now: datetime) -> bool:
    """Begin a run of *name* unless one began within *every*; of several processes, one gets True."""
    if add_once(session, Heartbeat, name=name, started_at=now, ok=True, result=""):
        return True
    waited = Heartbeat.started_at <= now - every
    # a clock that was set back must not stop the work until it has caught up
    ahead = Heartbeat.started_at > now + every
    turn = update(Heartbeat).where(Heartbeat.name == name, or_(waited, ahead)).values(started_at=now, finished_at=None)
    return bool(rows_touched(session, turn))


def beat(session: Session, name: str, now: datetime, *, ok: bool = True, result: str = "") -> None:
    """Write down that a run of *name* has ended, and how."""
    add_once(session, Heartbeat, name=name, started_at=now, ok=ok, result="")
    rows_touched(session, update(Heartbeat).where(Heartbeat.name == name).values(finished_at=now, ok=ok, result=result))


def is_ticking(session: Session, now: datetime) -> bool:
    """Whether a scheduler is running, as far as its last tick tells."""
    tick = session.get(Heartbeat, "tick")
    return tick is not None and abs(now - tick.started_at) <= TICK_IS_LATE


def ring(session: Session, key: str, text: str, now: datetime) -> bool:
    """Tell a person *text*, once for each *key*; False means it has been told before."""
    return add_once(session, Alarm, key=key[:200], text=text, at=now)


def reword(session: Session, old: str, key: str, text: str, now: datetime) -> bool:
    """Let the alarm *old* be about *key*; False where there is none, or somebody was mailed about it already."""
    alarm = session.scalar(select(Alarm).where(Alarm.key == old, Alarm.told_at.is_(None)))
    if alarm is None or alarm.told_to:
        return False
    alarm.key, alarm.text, alarm.at = key[:200], text, now
    return True


def withdraw(session: Session, matters: Collection[str], now: datetime) -> None:
    """Let the *matters* ("friday/2021-11-26") ring anew: what was rung about them after *now* was told too early.

    What nobody was mailed about yet is dropped; the rest stays to be read.
    """
    for alarm in session.scalars(select(Alarm).where(Alarm.at > now)).all():
        if not any(matter in alarm.key for matter in matters):
            continue
        if alarm.told_at is None:
            session.delete(alarm)
        else:
            alarm.key = f"{alarm.key[:160]} told {alarm.at:%Y-%m-%d %H:%M:%S}"
    session.flush()


def untold(session: Session) -> list[Alarm]:
    """The alarms that the editors have not been mailed about, oldest first."""
    return list(session.scalars(select(Alarm).where(Alarm.told_at.is_(None)).order_by(Alarm.id)))


def told(session: Session, alarm_id: int, to: Sequence[str], trouble: str, at: datetime | None) -> None:
    """Keep which editors have been mailed about an alarm, and why others could not be; *at* once nothing is left."""
    alarm = session.get_one(Alarm, alarm_id, populate_existing=True)
    alarm.told_to, alarm.trouble, alarm.told_at = list(to), trouble, at


def lately(session: Session, since: datetime, limit: int = 20) -> list[Alarm]:
    """The alarms rung after *since*, newest first."""
    return list(session.scalars(select(Alarm).where(Alarm.at > since).order_by(Alarm.id.desc()).limit(limit)))


def about(session: Session, beginning: str, *, limit: int) -> list[Alarm]:
    """The newest alarms whose key has that *beginning*."""
    query = select(Alarm).where(Alarm.key.startswith(beginning, autoescape=True))
    return list(session.scalars(query.order_by(Alarm.id.desc()).limit(limit)))


def rung(session: Session, *, before: int | None = None, limit: int) -> list[Alarm]:
    """Every alarm, the newest first; older than the one numbered *before*."""
    query = select(Alarm).order_by(Alarm.id.desc()).limit(limit)
    return list(session.scalars(query if before is None else query.where(Alarm.id < before)))


def add_once(session: Session, model: type[Model], **values: Any) -> bool:
    """Insert a row unless its key is there already; True means that it is new."""
    return bool(rows_touched(session, upsert(session, model).values(**values).on_conflict_do_nothing()))


def rows_touched(session: Session, statement: Any) -> int:
    """Execute *statement*, which changes rows, past the session's own objects; returns how many rows it changed."""
    # an INSERT forgets its row count unless asked to keep it
    result = session.connection().execute(statement, execution_options={"preserve_rowcount": True})
    return int(result.rowcount)
