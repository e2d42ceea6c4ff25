"""One portion of arrivals into the roll: staged in a temporary table, then taken in by set statements.

The stricter of two states stands, whichever came first: see `_MOVES`. On SQLite the write lock is held only for
the statements, not for the staging.
"""

import re
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from .deciding import CONSENTS, Arrival, stored
from .states import State

_BARS: Mapping[State, str] = {
    State.COMPLAINED: "complaint", State.BLOCKED: "manual", State.BOUNCED: "hard_bounce",
    State.UNSUBSCRIBED: "unsubscribed", State.HELD: "unsubscribed",
}  # fmt: skip

_STAGING = (
    """CREATE TEMPORARY TABLE IF NOT EXISTS arrival (
        n INTEGER PRIMARY KEY, key TEXT, email TEXT, name TEXT, language TEXT, time_zone TEXT, consent TEXT, bar TEXT,
        makes INTEGER, listed INTEGER, digest TEXT, given_at {instant}, given_from TEXT)""",
    """CREATE TEMPORARY TABLE IF NOT EXISTS met (
        n INTEGER PRIMARY KEY, person BIGINT, known TEXT, new INTEGER, changed INTEGER)""",
    "CREATE TEMPORARY TABLE IF NOT EXISTS arrival_on (n INTEGER, list_id BIGINT, consent TEXT)",
    """CREATE TEMPORARY TABLE IF NOT EXISTS change (
        n INTEGER, person BIGINT, list_id BIGINT, consent TEXT, fresh INTEGER)""",
)
_STAGED = (
    "n", "key", "email", "name", "language", "time_zone", "consent", "bar", "makes", "listed", "digest", "given_at",
    "given_from",
)  # fmt: skip

# who is here, who is known as a stranger, and so who is new
_NEW = "s.id IS NULL AND a.makes = 1 AND ({known} IS NULL OR {known} = 'unsubscribed')"
# PostgreSQL can number them beforehand, which saves looking for every one after they are added
_PERSON = {"sqlite": "s.id", "postgresql": "CASE WHEN {new} THEN nextval('subscriber_id_seq') ELSE s.id END"}
_MEET = """
    INSERT INTO met (n, person, known, new, changed)
    SELECT a.n, {person}, {known},
           CASE WHEN {new} THEN 1 ELSE 0 END,
           CASE WHEN a.makes = 1 AND (
                    (a.name <> '' AND a.name <> s.name)
                    OR (a.language <> '' AND a.language <> s.language)
                    OR (a.time_zone <> '' AND a.time_zone <> s.time_zone)) THEN 1 ELSE 0 END
    FROM arrival a LEFT JOIN subscriber s ON s.email_key = a.key {strangers}
    ORDER BY a.n"""


def _meet(dialect: str, *, strangers: bool) -> str:
    known = "t.reason" if strangers else "NULL"
    new = _NEW.format(known=known)
    join = "LEFT JOIN stranger t ON t.digest = a.digest" if strangers else ""
    return _MEET.format(person=_PERSON[dialect].format(new=new), known=known, new=new, strangers=join)


_ADD = """
    INSERT INTO subscriber (id, email, email_key, name, language, time_zone, created_at)
    SELECT met.person, email, key, name, language, time_zone,
           CASE WHEN given_at IS NULL OR consent = 'unsubscribed' OR given_at > :now THEN :now ELSE given_at END
    FROM arrival JOIN met ON met.n = arrival.n WHERE met.new = 1 ORDER BY arrival.n
    ON CONFLICT (email_key) DO NOTHING"""
_HOW_MANY_NEW = "SELECT coalesce(sum(new), 0) FROM met"
_NAME_NEW = """
    UPDATE met SET person = s.id
    FROM arrival a JOIN subscriber s ON s.email_key = a.key WHERE met.new = 1 AND a.n = met.n"""
_AMEND = """
    UPDATE subscriber SET
        name = CASE WHEN a.name <> '' THEN a.name ELSE subscriber.name END,
        language = CASE WHEN a.language <> '' THEN a.language ELSE subscriber.language END,
        time_zone = CASE WHEN a.time_zone <> '' THEN a.time_zone ELSE subscriber.time_zone END
    FROM met m JOIN arrival a ON a.n = m.n WHERE m.person = subscriber.id AND m.changed = 1"""

_OF_PAIR = "e.subscriber_id = s.subscriber_id AND e.list_id = s.list_id"
#: which consent of a file moves which of ours: towards the stricter, but over no yes given here since
_MOVES = f"""
    ({{consent}} = 'unsubscribed' AND s.consent <> 'unsubscribed' AND NOT (a.given_at IS NOT NULL AND EXISTS (
        SELECT 1 FROM consent_event e
        WHERE {_OF_PAIR} AND e.consent = 'confirmed' AND e.import_id IS NULL AND e.at > a.given_at)))
    OR ({{consent}} = 'pending' AND :told = 1 AND s.consent = 'confirmed' AND NOT EXISTS (
        SELECT 1 FROM consent_event e
        WHERE {_OF_PAIR} AND e.consent = 'confirmed' AND e.import_id IS NULL))
    OR ({{consent}} = 'confirmed' AND s.consent = 'pending' AND NOT EXISTS (
        SELECT 1 FROM consent_event e LEFT JOIN import_file f ON f.id = e.import_id
        WHERE {_OF_PAIR} AND e.consent = 'pending' AND (f.id IS NULL OR f.told)))"""  # noqa: S608 (our own words)
# whoever left elsewhere does not come in confirmed by another file
_CHANGE = """
    INSERT INTO change (n, person, list_id, consent, fresh)
    SELECT a.n, m.person, {list},
           CASE WHEN s.subscriber_id IS NULL AND m.known = 'unsubscribed' THEN 'unsubscribed' ELSE {consent} END,
           CASE WHEN s.subscriber_id IS NULL THEN 1 ELSE 0 END
    FROM {source} LEFT JOIN subscription s ON s.subscriber_id = m.person AND s.list_id = {list}
    WHERE m.person IS NOT NULL AND a.makes = 1 AND a.listed = {listed} AND {consent} IS NOT NULL
      AND (s.subscriber_id IS NULL OR {moves})"""
_ON_LISTS = _CHANGE.format(
    list=":list",
    consent="a.consent",
    source="arrival a JOIN met m ON m.n = a.n",
    listed=0,
    moves=_MOVES.format(consent="a.consent"),
)
_ON_OWN_LISTS = _CHANGE.format(
    list="o.list_id", consent="o.consent", listed=1,
    source="arrival_on o JOIN arrival a ON a.n = o.n JOIN met m ON m.n = o.n",
    moves=_MOVES.format(consent="o.consent"),
)  # fmt: skip
_LEAVE = f"""
    INSERT INTO change (n, person, list_id, consent, fresh)
    SELECT a.n, m.person, s.list_id, 'unsubscribed', 0
    FROM arrival a JOIN met m ON m.n = a.n JOIN subscription s ON s.subscriber_id = m.person
    WHERE a.makes = 0 AND a.bar = 'unsubscribed' AND s.consent <> 'unsubscribed'
      AND NOT (a.given_at IS NOT NULL AND EXISTS (
          SELECT 1 FROM consent_event e
          WHERE {_OF_PAIR} AND e.consent = 'confirmed' AND e.import_id IS NULL AND e.at > a.given_at))"""  # noqa: S608
_SUBSCRIBE = """
    INSERT INTO subscription (subscriber_id, list_id, consent, changed_at)
    SELECT person, list_id, consent, :now FROM change WHERE fresh = 1 ORDER BY n
    ON CONFLICT (subscriber_id, list_id) DO NOTHING"""
_MOVE = """
    UPDATE subscription SET consent = c.consent, changed_at = :now
    FROM change c WHERE c.fresh = 0 AND c.person = subscription.subscriber_id AND c.list_id = subscription.list_id"""
_NOTE = """
    INSERT INTO consent_event (subscriber_id, list_id, consent, source, at, given_at, given_from, import_id)
    SELECT c.person, c.list_id, c.consent, :source, :now, a.given_at, a.given_from, :import
    FROM change c JOIN arrival a ON a.n = c.n ORDER BY c.n"""
_SUPPRESS = """
    INSERT INTO suppression (email_key, reason, note, at)
    SELECT a.key, a.bar, :source, :now FROM arrival a JOIN met m ON m.n = a.n
    WHERE a.bar IS NOT NULL AND a.bar <> 'unsubscribed' AND m.person IS NOT NULL ORDER BY a.n
    ON CONFLICT (email_key) DO NOTHING"""
_BAR = """
    INSERT INTO stranger (digest, reason, source, at)
    SELECT a.digest, a.bar, :source, :now FROM arrival a JOIN met m ON m.n = a.n
    WHERE a.bar IS NOT NULL AND (m.person IS NULL OR a.bar = 'unsubscribed') ORDER BY a.n
    ON CONFLICT (digest) DO UPDATE SET reason = excluded.reason, source = excluded.source, at = excluded.at
    WHERE stranger.reason IN ('unsubscribed', 'erased') AND excluded.reason NOT IN ('unsubscribed', 'erased')"""
_MARK = "UPDATE met SET changed = 1 WHERE new = 0 AND changed = 0 AND n IN (SELECT n FROM change)"
_COUNT = """
    SELECT coalesce(sum(m.new), 0), coalesce(sum(m.changed), 0),
           coalesce(sum(CASE WHEN m.person IS NULL AND a.makes = 1 THEN 1 ELSE 0 END), 0),
           coalesce(sum(CASE WHEN a.bar <> 'unsubscribed' AND m.person IS NOT NULL THEN 1 ELSE 0 END), 0),
           coalesce(sum(CASE WHEN a.bar IS NOT NULL AND m.person IS NULL THEN 1 ELSE 0 END), 0),
           count(*)
    FROM arrival a JOIN met m ON m.n = a.n"""
_ADVANCE = "UPDATE import_file SET done = :done, counts = :counts WHERE id = :import"


@dataclass(frozen=True, slots=True)
class Terms:
    """What holds for all portions of an import."""

    import_id: int
    #: where the consents come from, in words
    source: str
    lists: Sequence[int]
    slugs: Mapping[str, int]
    told: bool
    now: datetime
    #: makes the digest of an address's key
    digest: Callable[[str], str]
    #: whether any stranger is known, so that all have to be compared with them
    strangers: bool


@dataclass(frozen=True, slots=True)
class Merged:
    """What a portion came to, in people."""

    added: int
    updated: int
    #: not taken in: suppressed or forgotten here
    kept_out: int
    #: suppressed, of those who are here
    suppressed: int
    #: barred, of those who are not
    barred: int
    people: int


@dataclass(slots=True)
class Pace:
    """How many people a portion has, so that others who write wait for no more than a quarter of a second."""

    #: people, and the fewest and the most
    size: int = 1000
    fewest: int = 200
    most: int = 20_000
    #: seconds that a portion should hold what others may wait for
    held: float = 0.1

    def after(self, seconds: float) -> None:
        """The last portion held it for so long."""
        factor = min(2.0, max(0.25, self.held / max(seconds, 0.001)))
        self.size = max(self.fewest, min(self.most, int(self.size * factor)))


def pace(engine: Engine) -> Pace:
    """SQLite has one write lock for all; on PostgreSQL nobody waits but for the very people of a portion."""
    return Pace() if engine.dialect.name == "sqlite" else Pace(size=5000, fewest=5000, held=0.25)


def merge(
    engine: Engine, portion: Sequence[Arrival], terms: Terms, finish: Callable[[Merged], tuple[int, str]]
) -> float:
    """Take *portion* in, in a transaction of its own; for how many seconds that held what others wait for.

    *finish* says how far the portion brings the import, and its counts.
    """
    rows = [_staged(number, arrival, terms) for number, arrival in enumerate(portion)]
    listed = [own for number, arrival in enumerate(portion) for own in _own_lists(number, arrival, terms)]
    with _staging(engine, rows, listed) as run:
        started = time.monotonic()
        barring = any(row[7] for row in rows)
        _merge(run, engine.dialect.name, terms, finish, listed=bool(listed), barring=barring)
    return time.monotonic() - started


Run = Callable[[str, Mapping[str, object]], Any]


def _merge(
    run: Run,
    dialect: str,
    terms: Terms,
    finish: Callable[[Merged], tuple[int, str]],
    *,
    listed: bool,
    barring: bool,
) -> None:
    people = run(_meet(dialect, strangers=terms.strangers or barring), {}).rowcount
    now = {"now": terms.now}
    new = run(_ADD, now).rowcount
    if new and (dialect == "sqlite" or new < run(_HOW_MANY_NEW, {}).fetchone()[0]):
        run(_NAME_NEW, {})
    if new < people:
        run(_AMEND, {})
    told = {"told": int(terms.told)}
    changes = sum(run(_ON_LISTS, {"list": list_id, **told}).rowcount for list_id in terms.lists)
    if listed:
        changes += run(_ON_OWN_LISTS, told).rowcount
    if barring:
        only = f" AND s.list_id IN ({', '.join(str(int(list_id)) for list_id in terms.lists)})" if terms.lists else ""
        changes += run(_LEAVE + only, {}).rowcount
    about = {"source": terms.source, "now": terms.now}
    if changes:
        run(_SUBSCRIBE, now)
        run(_NOTE, {**about, "import": terms.import_id})
    if changes and new < people:
        run(_MOVE, now)
        run(_MARK, {})
    if barring:
        run(_SUPPRESS, about)
        run(_BAR, about)
    if new == people:
        merged = Merged(added=new, updated=0, kept_out=0, suppressed=0, barred=0, people=people)
    else:
        merged = Merged(*map(int, run(_COUNT, {}).fetchone()))
    done, counts = finish(merged)
    run(_ADVANCE, {"done": done, "counts": counts, "import": terms.import_id})


def _staged(number: int, arrival: Arrival, terms: Terms) -> tuple[object, ...]:
    key, _, email, name, language, zone, state, makes, consents, given_at, given_from = arrival
    standing = State(state)
    bar = None if makes and not standing > State.HELD else _BARS.get(standing)
    digest = terms.digest(key) if bar is not None or terms.strangers else None
    consent = CONSENTS.get(standing) if makes else None
    return (number, key, email, name, language, zone, consent, bar, makes, int(bool(consents)), digest,
            given_at or None, given_from)  # fmt: skip


def _own_lists(number: int, arrival: Arrival, terms: Terms) -> Iterator[tuple[int, int, str]]:
    if not arrival[8]:
        return
    own = {terms.slugs[slug]: consent for slug, _, consent in (pair.partition("=") for pair in arrival[8].split())}
    if consent := CONSENTS.get(State(arrival[6])):
        own = {**dict.fromkeys(terms.lists, consent), **own}
    for list_id, consent in own.items():
        yield number, list_id, consent


@contextmanager
def _staging(engine: Engine, rows: list[tuple[object, ...]], listed: list[tuple[int, int, str]]) -> Iterator[Run]:
    """A transaction in which the staged rows lie; committed at the end of the block."""
    pooled = engine.raw_connection()
    connection: Any = pooled.driver_connection
    try:
        if engine.dialect.name == "sqlite":
            yield from _on_sqlite(connection, rows, listed)
        else:
            yield from _on_postgresql(connection, rows, listed)
    except BaseException as error:
        connection.rollback()
        if isinstance(error, engine.dialect.loaded_dbapi.Error):
            raise DBAPIError(None, None, error) from error  # as everything else that the database refuses
        raise
    finally:
        pooled.close()


def _on_sqlite(
    connection: sqlite3.Connection, rows: list[tuple[object, ...]], listed: list[tuple[int, int, str]]
) -> Iterator[Run]:
    for statement in _STAGING:
        connection.execute(statement.format(instant="TEXT"))
    # temporary tables alone: nobody's lock is held yet
    connection.execute("BEGIN")
    for table in ("arrival", "arrival_on", "met", "change"):
        connection.execute(f"DELETE FROM temp.{table}")  # noqa: S608
    places = ", ".join("?" * len(_STAGED))
    connection.executemany(f"INSERT INTO arrival ({', '.join(_STAGED)}) VALUES ({places})", rows)  # noqa: S608
    connection.executemany("INSERT INTO arrival_on VALUES (?, ?, ?)", listed)
    connection.execute("COMMIT")
    connection.execute("BEGIN IMMEDIATE")

    def run(statement: str, values: Mapping[str, object]) -> sqlite3.Cursor:
        return connection.execute(statement, {name: _plain(value) for name, value in values.items()})

    yield run
    connection.execute("COMMIT")


def _plain(value: object) -> object:
    return stored(value) if isinstance(value, datetime) else value


def _on_postgresql(
    connection: Any, rows: list[tuple[object, ...]], listed: list[tuple[int, int, str]]
) -> Iterator[Run]:
    cursor = connection.cursor()
    # the tables grow under us and their statistics lag behind: whatever is looked up, is looked up by an index
    for setting in ("enable_seqscan", "enable_hashjoin", "enable_mergejoin", "enable_material", "jit"):
        cursor.execute(f"SET LOCAL {setting} = off", prepare=False)
    if cursor.execute(_MAY_VOUCH, prepare=False).fetchone()[0]:
        # half of the work would be looking up, row by row, the very people whom the statements have just found:
        # they are held instead, so that nobody can be erased in between (see _HOLD)
        cursor.execute("SET LOCAL session_replication_role = replica", prepare=False)
    for statement in _STAGING:
        cursor.execute(statement.format(instant="TIMESTAMPTZ") + " ON COMMIT DELETE ROWS", prepare=False)
    with cursor.copy(f"COPY arrival ({', '.join(_STAGED)}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row((*row[:11], f"{row[11]}+00" if row[11] else None, row[12]))
    if listed:
        with cursor.copy("COPY arrival_on FROM STDIN") as copy:
            for own in listed:
                copy.write_row(own)

    cursor.execute(_HOLD, prepare=False)

    def run(statement: str, values: Mapping[str, object]) -> Any:
        plain = {
            name: value.astimezone(UTC) if isinstance(value, datetime) else value for name, value in values.items()
        }
        return cursor.execute(_NAMED.sub(r"%(\1)s", statement), plain, prepare=False)

    yield run
    connection.commit()


_MAY_VOUCH = "SELECT current_setting('is_superuser') = 'on'"
_HOLD = (
    "SELECT count(*) FROM (SELECT 1 FROM arrival a JOIN subscriber s ON s.email_key = a.key FOR KEY SHARE OF s) held"
)
_NAMED = re.compile(r"(?<!:):(\w+)")
