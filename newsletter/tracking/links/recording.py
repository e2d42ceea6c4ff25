"""What was heard of links, taken in bulk: noted in memory when it happens, written by a thread of its own.

Whoever follows a link never waits for the database. What that costs is decided here: a process that is killed
loses what it noted in the last moment (`INTERVAL`), and with it a count, never anybody's way; so do notes that
a database away for long leaves no room for (`MOST`).
"""

import threading
from collections import deque
from collections.abc import Callable

from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from newsletter import logs
from newsletter.db import Database
from newsletter.tracking.links import visits
from newsletter.tracking.links.visits import Memory, Note

log = logs.get_logger(__name__)

#: seconds between two writings, and after one that failed
INTERVAL, PATIENCE = 0.5, 5.0
#: notes that wait at most
MOST = 200_000
#: notes written in one transaction
_AT_ONCE = 5_000
#: how a database says that it can't be reached
_AWAY = (OperationalError, InterfaceError, PoolTimeout)


class Recorder:
    """Takes notes from any thread, and writes them down from one that wakes up where there are some."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._notes: deque[Note] = deque()
        self._memory = Memory()
        self._lost = 0
        self._waiting, self._closing = threading.Event(), threading.Event()
        self._writing = threading.Lock()
        self._thread: threading.Thread | None = None

    def note(self, note: Note) -> None:
        """Remember *note* for the next writing; comes back at once."""
        if len(self._notes) >= MOST:
            self._lost += 1
            return
        self._notes.append(note)
        if not self._waiting.is_set():
            self._waiting.set()
            self._start()

    def flush(self) -> None:
        """Write what was noted so far; raises OperationalError where the database can't be reached, and keeps it."""
        with self._writing:
            while some := [self._notes[index] for index in range(min(len(self._notes), _AT_ONCE))]:
                with self._database.write() as session, self._memory.careful():
                    visits.write(session, some, self._memory)
                for _ in some:
                    self._notes.popleft()

    def close(self) -> None:
        """Write what is left, and stop."""
        self._closing.set()
        self._waiting.set()
        if self._thread is not None:
            self._thread.join()
        self._try(self.flush)

    def _start(self) -> None:
        if self._thread is None and not self._closing.is_set():
            self._thread = threading.Thread(target=self._run, name="clicks", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        while not self._closing.is_set():
            self._waiting.wait()
            self._waiting.clear()
            if not self._try(self.flush):
                self._waiting.set()
                self._closing.wait(PATIENCE)
            # what comes now waits for the next writing: many in one transaction are what makes each cheap
            self._closing.wait(INTERVAL)

    def _try(self, flush: Callable[[], None]) -> bool:
        try:
            flush()
        except _AWAY as error:
            log.warning("clicks wait", notes=len(self._notes), why=type(error).__name__)
            return False
        except Exception:  # a note that can't be written must not stop those that can
            log.exception("clicks lost", notes=min(len(self._notes), _AT_ONCE))
            for _ in range(min(len(self._notes), _AT_ONCE)):
                self._notes.popleft()
        if self._lost:
            log.warning("clicks not counted", notes=self._lost)
            self._lost = 0
        return True
