"""The time that machines agree on: the database server's, read from time to time and carried on by a counter.

What several machines compare (leases, hours before which nothing goes, buckets of a limit) must not depend on whose
clock is right. SQLite lives in one process and has no clock of its own: there it is this machine's.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from threading import Lock

from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from newsletter import logs
from newsletter.db import Database

log = logs.get_logger(__name__)

#: a machine whose own clock is further off than this is told so on every screen; it does no harm
BOUND = timedelta(seconds=5)
#: seconds for which a counter is trusted between two readings
_EVERY = 15.0
#: seconds before a database that did not say is asked again
_AGAIN = 2.0

Clock = Callable[[], datetime]


def own() -> datetime:
    """What this machine's clock says, in UTC."""
    return datetime.now(UTC)


class Shared:
    """The time by the clock of *database*'s server. Safe to call from several threads at once.

    While the database is away the counter goes on alone; before it was first reached, the machine's clock counts.
    """

    def __init__(self, database: Database, own: Clock = own) -> None:
        self._database, self._own = database, own
        self._lock = Lock()
        #: the server's time at a moment of the counter; None before the first reading
        self._told: tuple[datetime, float] | None = None
        self._ask_at = 0.0

    def __call__(self) -> datetime:
        with self._lock:
            if _counter() >= self._ask_at:
                self._ask()
            if self._told is None:
                return self._own()
            moment, counted = self._told
            return moment + timedelta(seconds=_counter() - counted)

    @property
    def ahead(self) -> timedelta:
        """How far this machine's own clock is ahead of the server's."""
        return self._own() - self()

    def _ask(self) -> None:
        before = _counter()
        try:
            with self._database.read() as session:
                said = session.scalar(select(func.clock_timestamp()))
        except SQLAlchemyError as error:
            # whoever has never reached the database hears of it from their own question
            if self._told is not None:
                log.warning("clock.unread", error=str(error.__cause__ or error))
            self._ask_at = _counter() + _AGAIN
            return
        after = _counter()
        if said is not None:
            self._told = said, (before + after) / 2
        self._ask_at = after + _EVERY


def of(database: Database) -> Clock:
    """The time that every process on *database* goes by."""
    return own if database.is_sqlite else Shared(database)


def ahead(clock: Clock) -> timedelta:
    """How far this machine's own clock is ahead of *clock*."""
    return clock.ahead if isinstance(clock, Shared) else timedelta(0)


def _counter() -> float:
    """Seconds that no change of a clock touches, sleep included where the system counts it."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))
