"""Arrivals sorted on disk, each address once, so that a file of any length takes the same memory.

An unnamed SQLite database is a temporary file of SQLite's own, and is gone when the process is.
"""

import sqlite3
from collections.abc import Generator, Iterable, Iterator, Sequence

from .deciding import SUPPRESSED_FROM, Arrival
from .states import State

_COLUMNS = "key, line, email, name, language, time_zone, state, makes, consents, given_at, given_from"
_STRICTNESS = ("confirmed", "pending", "unsubscribed")


class Spool:
    """Arrivals are put in as they are read, sorted once, and then read in the order of their keys."""

    def __init__(self) -> None:
        self._table = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._table.execute("PRAGMA cache_size=-16384")
        self._table.execute("PRAGMA journal_mode=OFF")
        self._table.execute("PRAGMA synchronous=OFF")
        self._table.execute(f"CREATE TABLE raw ({_COLUMNS}, part INT)")
        self._table.execute(f"CREATE TABLE person ({_COLUMNS}, part INT, PRIMARY KEY (key, line, part)) WITHOUT ROWID")
        self._table.execute("BEGIN")

    def put(self, arrivals: Iterable[Arrival], part: int) -> None:
        """Write *arrivals* of the part *part* down."""
        places = ", ".join("?" * 11)
        self._table.executemany(f"INSERT INTO raw VALUES ({places}, {part:d})", arrivals)  # noqa: S608 (our own words)

    def sort(self) -> int:
        """Bring the arrivals in order, and those of one address together; how many came twice."""
        self._table.execute("INSERT INTO person SELECT * FROM raw ORDER BY key, line, part")
        self._table.execute("DROP TABLE raw")
        doubled = [key for (key,) in self._table.execute("SELECT key FROM person GROUP BY key HAVING count(*) > 1")]
        again = 0
        for key in doubled:
            rows = self._table.execute("SELECT * FROM person WHERE key = ? ORDER BY line, part", (key,)).fetchall()
            again += len(rows) - 1
            self._table.execute("DELETE FROM person WHERE key = ?", (key,))
            self._table.execute(f"INSERT INTO person VALUES ({', '.join('?' * 12)})", _merged(rows))  # noqa: S608
        return again

    def states(self) -> list[tuple[State, int]]:
        """How many stand how, the strictest last."""
        rows = self._table.execute("SELECT state, count(*) FROM person GROUP BY state ORDER BY state")
        return [(State(state), count) for state, count in rows]

    def addresses(self) -> Iterator[tuple[str, State]]:
        """Every address with its state, in order."""
        for key, state in self._table.execute("SELECT key, state FROM person ORDER BY key"):
            yield key, State(state)

    def from_(self, done: int) -> Generator[Arrival, None, None]:
        """The arrivals in order, but for the first *done*."""
        start = self._table.execute("SELECT key FROM person ORDER BY key LIMIT 1 OFFSET ?", (done,)).fetchone()
        if start is not None:
            yield from self._table.execute(f"SELECT {_COLUMNS} FROM person WHERE key >= ? ORDER BY key", start)  # noqa: S608

    def close(self) -> None:
        self._table.close()


def _merged(rows: Sequence[tuple[object, ...]]) -> tuple[object, ...]:
    """What several rows say of one address: the strictest state, and of each detail the first that there is."""
    first = rows[0]
    details = [next((row[place] for row in rows if row[place]), "") for place in (3, 4, 5)]
    strictest = max(rows, key=lambda row: int(str(row[6])))
    state = int(str(strictest[6]))
    consents: dict[str, str] = {}
    for row in rows:
        for pair in str(row[8]).split():
            slug, _, consent = pair.partition("=")
            consents[slug] = max(consents.get(slug, consent), consent, key=_STRICTNESS.index)
    makes = any(row[7] for row in rows) and state != State.NEVER and (state < SUPPRESSED_FROM or bool(consents))
    given_at = strictest[9] or next((row[9] for row in rows if row[9]), "")
    given_from = strictest[10] or next((row[10] for row in rows if row[10]), "")
    listed = " ".join(f"{slug}={consent}" for slug, consent in consents.items())
    return (*first[:3], *details, state, int(makes), listed, given_at, given_from, first[11])
