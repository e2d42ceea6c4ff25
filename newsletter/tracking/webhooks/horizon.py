"""Up to which event all are there: on PostgreSQL a smaller id can be committed after a larger one.

Whoever inserts an event holds a lock on its table from before the id is drawn until the transaction ends. So: the
newest id that is there now was drawn after every smaller one; those who hold that lock *now* are all who may still
bring such a smaller one; once none of them is left, what is not there never will be (a duplicate, or rolled back).
Nobody waits for us meanwhile: locks are only looked at.
"""

import time

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from newsletter.db import Database
from newsletter.tracking.models import Event

#: seconds between two looks
_PAUSE = 0.02
_WRITERS = text(
    "SELECT virtualtransaction FROM pg_locks WHERE locktype = 'relation' AND mode = 'RowExclusiveLock' AND granted"
    " AND relation = 'event'::regclass AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)


def find(database: Database, *, patience: float) -> int | None:
    """The id up to which no event can come any more.

    None: after *patience* seconds somebody is still writing; look again later.
    """
    with database.read() as session:
        newest = session.scalar(select(func.max(Event.id))) or 0
    if database.is_sqlite:
        return newest  # one writer: ids come in their order
    until = time.monotonic() + patience
    with database.read() as session:
        before = _writers(session)
    left = before
    while left:
        if time.monotonic() >= until:
            return None
        time.sleep(_PAUSE)
        with database.read() as session:
            left = before & _writers(session)
    return newest


def _writers(session: Session) -> set[str]:
    """Transactions that have written to the table of events, or are about to, and have not ended."""
    return set(session.scalars(_WRITERS))
