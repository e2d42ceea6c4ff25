"""A line to PostgreSQL that passes nothing on is noticed and given up, whatever the network says.

A server that stands still, or a box in between that has forgotten us, acknowledges every byte and answers nothing:
no keepalive notices that. So whoever has waited some seconds for an answer asks over a line of its own whether the
server is there, and still at it. A statement that takes long is waited for as long as it takes.
"""

import time
from collections.abc import Callable, Generator, Mapping
from contextlib import closing
from typing import Any, Self

import psycopg
from psycopg.conninfo import make_conninfo
from psycopg.errors import ConnectionTimeout, IdleInTransactionSessionTimeout, OperationalError
from psycopg.pq import PGconn, Ping

from newsletter import logs

log = logs.get_logger(__name__)

#: seconds without an answer after which the server is asked; a busy one is asked again, each time twice as late
FIRST = 5.0
_LONGEST = 60.0
#: seconds within which a server that is there answers a question
_PATIENCE = 10
#: seconds for which an answer that the server has given may be under way
_UNDER_WAY = 5.0

_STATE = "SELECT state FROM pg_stat_activity WHERE pid = %s"
#: the server's side: whoever is gone leaves no transaction behind, whose locks others would wait for
_PREPARE = """
SELECT pg_backend_pid(),
       set_config('idle_in_transaction_session_timeout', %s, false),
       set_config('tcp_keepalives_idle', '20', false),
       set_config('tcp_keepalives_interval', '10', false),
       set_config('tcp_keepalives_count', '3', false)
"""


class Line(psycopg.Connection[Any]):
    """A connection that is closed, with OperationalError, once nothing comes over it any more."""

    #: how it was made
    way: Mapping[str, Any]
    #: the server's process at the other end; None where a pooler in between keeps that to itself
    pid: int | None

    @classmethod
    def open(cls, way: Mapping[str, Any], *, idle: int) -> Self:
        """A line to where *way* leads; the server ends a transaction in which we say nothing for *idle* seconds."""
        line = cls.connect(**way)
        line.way, line.pid = way, None
        try:
            line._prepare(idle)
        except BaseException:
            line.close()
            raise
        return line

    def _prepare(self, idle: int) -> None:
        self.autocommit = True
        row = self.execute(_PREPARE, [f"{idle}s"]).fetchone()
        self.autocommit = False
        if row is not None and row[0] == self.info.backend_pid:
            self.pid = row[0]

    def wait(self, gen: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().wait(_watched(gen, _Watch(self)), *args, **kwargs)
        except IdleInTransactionSessionTimeout as error:  # by its class it would be a mistake of ours
            raise OperationalError(str(error)) from error


class _Question(psycopg.Connection[Any]):
    """A connection for one short question."""

    def wait(self, gen: Any, *args: Any, **kwargs: Any) -> Any:
        return super().wait(_watched(gen, _Deadline()), *args, **kwargs)


class _Deadline:
    def __init__(self) -> None:
        self._ends = time.monotonic() + _PATIENCE

    def __call__(self, something_came: bool) -> None:
        if time.monotonic() > self._ends:
            raise ConnectionTimeout("no answer")


class _Watch:
    """One wait for an answer on *line*; told from time to time whether something came."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._begin()

    def __call__(self, something_came: bool) -> None:
        if something_came:
            self._begin()
        elif time.monotonic() >= self._ask_at:
            self._ask()

    def _begin(self) -> None:
        self._since, self._pause = time.monotonic(), FIRST
        self._ask_at, self._answered = self._since + FIRST, False

    def _ask(self) -> None:
        why = _gone(self._line)
        if why and (self._answered or why is not _HAS_ANSWERED):
            self._give_up(why)
        self._answered = bool(why)
        self._pause = min(2 * self._pause, _LONGEST)
        self._ask_at = time.monotonic() + (_UNDER_WAY if self._answered else self._pause)

    def _give_up(self, why: str) -> None:
        waited = time.monotonic() - self._since
        log.warning("database.line_given_up", seconds=round(waited, 1), why=why)
        self._line.pgconn.finish()
        raise OperationalError(f"no answer from PostgreSQL for {waited:.0f} seconds: {why}")


_HAS_ANSWERED = "it does nothing for us any more, so what was said on this line, or the answer, is lost"


def _gone(line: Line) -> str:
    """Why nothing can come over *line* any more, as far as another line tells; empty while something may."""
    way = {**line.way, "connect_timeout": _PATIENCE}
    try:
        with closing(_Question.connect(**way, autocommit=True)) as other:
            found = other.execute(_STATE, [line.pid]).fetchone()
    except ConnectionTimeout:
        return "it can't be reached on another line either"
    except OperationalError as error:
        # a server that has no connection left, or is starting, is one that is there
        there = PGconn.ping(make_conninfo(**way).encode()) in {Ping.OK, Ping.REJECT}
        return "" if there else f"it can't be reached on another line either ({error})"
    is_at_it = line.pid is None or (found is not None and found[0] == "active")
    return "" if is_at_it else _HAS_ANSWERED


def _watched(gen: Generator[Any, Any, Any], look: Callable[[bool], None]) -> Generator[Any, Any, Any]:
    """*gen*, which is told when its socket is ready, and at short intervals when it is not; *look* is told first."""
    ready = None
    while True:
        try:
            wanted = gen.send(ready)
        except StopIteration as over:
            return over.value
        ready = yield wanted
        look(bool(ready))
