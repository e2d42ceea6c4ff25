"""How long a database that is away is waited for, with what is in hand kept: one way for everything that sends."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Event
from typing import TypeVar

from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from newsletter import logs
from newsletter.errors import NewsletterError

log = logs.get_logger(__name__)

T = TypeVar("T")

#: seconds to wait for a database that is away when the process was asked to end
_LEAVING = 20.0
#: seconds between two tries: the first wait, and the longest
_FIRST, _LONGEST = 0.25, 2.0


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a run waits, in seconds, before it comes back with a word."""

    #: for the next batch that is due later, or is another worker's
    idle: float = 300
    #: for a database that does not answer or can't be written
    database: float = 600


def outlast(do: Callable[[], T], *, seconds: float, stop: Event) -> T:
    """What *do* returns; while the database is away it is tried again, for *seconds*, and less once *stop* is set.

    *do* must be one transaction, which keeps what it could not write. Raises NewsletterError where patience ends.
    """
    since, pause = time.monotonic(), _FIRST
    while True:
        try:
            return do()
        except (OperationalError, InterfaceError, PoolTimeout) as error:
            waited, why = time.monotonic() - since, error.__cause__ or error
            log.warning("database.away", seconds=round(waited, 1), error=str(why))
            if waited > (min(_LEAVING, seconds) if stop.is_set() else seconds):
                raise NewsletterError(
                    f"the database could not be written for {waited:.0f} seconds ({why}); sending stopped. "
                    "Mend it and send again: what is not proved will be shown as unknown"
                ) from error
            time.sleep(pause)
            pause = min(pause * 2, _LONGEST)
