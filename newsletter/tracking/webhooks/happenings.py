"""What happened, collected once into the one order in which every endpoint is told.

Of editions, sendings and alarms there are few: each is looked for by itself, so that none can be missed. Of events
there may be a million on a Friday: they are taken by number, as far as all of them are there (see `horizon`), and
some hundred of them make one happening.
"""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, exists, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from newsletter.db import Database
from newsletter.delivery.models import Act
from newsletter.delivery.operations import balance
from newsletter.delivery.wire import replies
from newsletter.editions import shelf, watch
from newsletter.editions.models import Alarm, Edition, EditionEvent
from newsletter.tracking.models import Event
from newsletter.tracking.webhooks import endpoints, handovers, horizon, kinds
from newsletter.tracking.webhooks.models import Happening, Mark

#: copies that one post tells of
TOGETHER = 500
#: events that are looked at in one go
AT_ONCE = 20 * TOGETHER
#: what is dated so long before the last look is not news any more; who is late in committing is not so late
_LATE = timedelta(days=7)
_FORGET_EVERY = timedelta(hours=1)
_LONGEST_WORDS = 2000
_EDITION = re.compile(r"(?:^|\s)([a-z0-9-]{1,64})/\d{4}-\d\d-\d\d")


def collect(database: Database, *, now: datetime, patience: float = 2.0) -> int:
    """Find what is new; returns how many happenings that is. Harmless from several processes at once.

    *patience*: seconds for which those who write events just then are waited for.
    """
    with database.read() as session:
        if session.get(Mark, 1) is None:
            return 0
    final = horizon.find(database, patience=patience)
    with database.write() as session:
        mark = session.scalar(select(Mark).with_for_update(skip_locked=True))
        if mark is None:
            return 0  # somebody else is at it
        mark.since = min(mark.since, now)  # a clock that was set back
        since = max(mark.since, min(now, mark.looked_at) - _LATE)
        few = sorted([*_editions(session, since), *_acts(session, since), *_alarms(session, since)], key=_when)
        found = [*few, *handovers.find(session, mark, now=now), *_events(session, mark, final)]
        for one in found:
            one.found_at = now
        session.add_all(found)  # numbered in this order
        mark.looked_at = now
        if watch.take_turn(session, "webhooks forget", _FORGET_EVERY, now):
            _forget(session, before=now - endpoints.KEPT_FOR)
        return len(found)


def _when(one: Happening) -> datetime:
    return one.at


def _is_new(
    source: str, number: InstrumentedAttribute[int], at: InstrumentedAttribute[datetime]
) -> ColumnElement[bool]:
    """Whether a row is not told of yet; with its time, because SQLite gives numbers of rows that are gone again."""
    return ~exists(
        select(Happening.id).where(Happening.source == source, Happening.source_id == number, Happening.at == at)
    )


def _editions(session: Session, since: datetime) -> Iterator[Happening]:
    earlier = aliased(EditionEvent)
    before = (
        select(earlier.state)
        .where(earlier.edition_id == EditionEvent.edition_id, earlier.id < EditionEvent.id)
        .order_by(earlier.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    query = (
        select(EditionEvent, Edition, before.label("before"))
        .join(Edition, Edition.id == EditionEvent.edition_id)
        .where(EditionEvent.at >= since, _is_new("edition", EditionEvent.id, EditionEvent.at))
        .order_by(EditionEvent.id)
    )
    for event, edition, state in session.execute(query):
        kind = kinds.CHANGED if state is event.state else kinds.OF_STATE[event.state]
        yield _of_edition(session, edition, kind, "edition", event.id, event.at)


def _acts(session: Session, since: datetime) -> Iterator[Happening]:
    query = (
        select(Act, Edition)
        .join(Edition, Edition.id == Act.edition_id)
        .where(Act.at >= since, Act.verb.in_(kinds.OF_ACT), _is_new("act", Act.id, Act.at))
        .order_by(Act.id)
    )
    for act, edition in session.execute(query):
        yield _of_edition(session, edition, kinds.OF_ACT[act.verb], "act", act.id, act.at)


def _of_edition(session: Session, edition: Edition, kind: str, source: str, source_id: int, at: datetime) -> Happening:
    data: dict[str, Any] = {
        "newsletter": edition.newsletter,
        "edition": edition.id,
        "name": shelf.name(edition),
        "date": f"{edition.date}",
        "correction": edition.correction,
        "revision": edition.revision,
    }
    if stands := balance.balances(session, [edition.id]).get(edition.id):
        words = ("planned", "accepted", "skipped", "refused", "unknown", "to_do")
        data["copies"] = {word: getattr(stands, word) for word in words}
    return Happening(type=kind, newsletter=edition.newsletter, at=at, source=source, source_id=source_id, data=data)


def _alarms(session: Session, since: datetime) -> Iterator[Happening]:
    query = select(Alarm).where(Alarm.at >= since, _is_new("alarm", Alarm.id, Alarm.at)).order_by(Alarm.id)
    for alarm in session.scalars(query):
        about = _about(alarm.key)
        data = {
            "newsletter": about or None,
            "alarm": alarm.id,
            "key": replies.tidy(alarm.key),
            "text": replies.tidy(alarm.text, limit=_LONGEST_WORDS),
        }
        kind = kinds.OVER if alarm.key.startswith("over ") else kinds.RAISED
        yield Happening(type=kind, newsletter=about, at=alarm.at, source="alarm", source_id=alarm.id, data=data)


def _about(key: str) -> str:
    """Which newsletter an alarm is about, by the "friday/2021-11-26" in its key; empty where none."""
    return found[1] if (found := _EDITION.search(key)) else ""


def _events(session: Session, mark: Mark, final: int | None) -> Iterator[Happening]:
    if final is None or final <= mark.event_id:
        return
    query = (
        select(Event.id, Event.received_at)
        .where(and_(Event.id > mark.event_id, Event.id <= final), kinds.is_told())
        .order_by(Event.id)
        .limit(AT_ONCE)
    )
    rows = session.execute(query).all()
    mark.event_id = rows[-1].id if len(rows) == AT_ONCE else final
    for start in range(0, len(rows), TOGETHER):
        some = rows[start : start + TOGETHER]
        yield Happening(
            type=kinds.DELIVERIES,
            at=max(one.received_at for one in some),
            source="event",
            source_id=some[0].id,
            data={"first": some[0].id, "last": some[-1].id},
        )


def _forget(session: Session, *, before: datetime) -> None:
    """What is older than *before*, but never the newest: SQLite would give its number again."""
    newest = select(func.max(Happening.id)).scalar_subquery()
    old = (Happening.found_at < before, Happening.at < before, Happening.id < newest)
    session.execute(delete(Happening).where(*old), execution_options={"synchronize_session": False})
