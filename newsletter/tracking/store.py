"""Events into their table, a whole post in one statement; what of it is new.

Past SQLAlchemy's own way of writing rows, which takes longer for each than the database does.
"""

from collections.abc import Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any

import orjson
from sqlalchemy import Connection
from sqlalchemy.orm import Session

from newsletter.tracking.heard import Heard
from subscribers.types import instant_text

# as `models.Event` has them, with PostgreSQL's types
_COLUMNS = {
    "provider": "varchar",
    "provider_event_id": "varchar",
    "kind": "varchar",
    "at": "timestamptz",
    "received_at": "timestamptz",
    "is_ours": "boolean",
    "edition_id": "bigint",
    "subscriber_id": "bigint",
    "attempt": "varchar",
    "lesson": "varchar",
    "reason": "text",
    "payload": "json",
}
_NAMES = ", ".join(_COLUMNS)
_SQLITE = f"INSERT INTO event ({_NAMES}) VALUES ({', '.join('?' * len(_COLUMNS))})"  # noqa: S608 (constants)
_SQLITE_KNOWN = "SELECT provider_event_id FROM event WHERE provider = ? AND provider_event_id IN ({})"
_POSTGRESQL = f"""
    INSERT INTO event ({_NAMES})
    SELECT {_NAMES} FROM json_to_recordset(%(rows)s) AS told ({", ".join(map(" ".join, _COLUMNS.items()))})
    ON CONFLICT (provider, provider_event_id) DO NOTHING RETURNING provider, provider_event_id
"""  # noqa: S608 (constants)
#: of the parameters that one statement may have (SQLite: 32,766)
_AT_ONCE = 10_000


def keep(session: Session, heard: Sequence[Heard], *, now: datetime) -> list[Heard]:
    """Write down what is new of *heard*, none of which is in it twice, and return that."""
    # always in the same order, so that two posts at once can't block each other
    ordered = sorted(heard, key=attrgetter("provider", "key"))
    if not ordered:
        return []
    connection = session.connection()
    write = _into_sqlite if connection.dialect.name == "sqlite" else _into_postgresql
    return [
        each
        for start in range(0, len(ordered), _AT_ONCE)
        for each in write(connection, ordered[start : start + _AT_ONCE], now)
    ]


def _into_sqlite(connection: Connection, heard: Sequence[Heard], now: datetime) -> list[Heard]:
    known: set[tuple[str, str]] = set()
    for provider in sorted({each.provider for each in heard}):
        keys = [each.key for each in heard if each.provider == provider]
        query = _SQLITE_KNOWN.format(", ".join("?" * len(keys)))
        known.update((provider, key) for (key,) in connection.exec_driver_sql(query, (provider, *keys)))
    # there is one writer: nobody can have added any since
    new = [each for each in heard if (each.provider, each.key) not in known]
    if new:
        received = instant_text(now, "sqlite")
        # a post tells of few seconds, each of them one value (see `sendgrid.read`)
        texts = {id(at): instant_text(at, "sqlite") for at in {id(each.at): each.at for each in new}.values()}
        connection.exec_driver_sql(_SQLITE, [_row(each, texts[id(each.at)], received) for each in new])
    return new


def _into_postgresql(connection: Connection, heard: Sequence[Heard], now: datetime) -> list[Heard]:
    rows = [
        dict(zip(_COLUMNS, _row(each, each.at, now), strict=True)) | {"payload": orjson.Fragment(each.payload)}
        for each in heard
    ]
    told = connection.exec_driver_sql(_POSTGRESQL, {"rows": orjson.dumps(rows).decode()})
    new = {(provider, key) for provider, key in told}
    return [each for each in heard if (each.provider, each.key) in new]


def _row(heard: Heard, at: Any, received_at: Any) -> tuple[Any, ...]:
    return (
        heard.provider,
        heard.key,
        heard.kind,
        at,
        received_at,
        heard.is_ours,
        heard.edition_id,
        heard.subscriber_id,
        heard.attempt,
        heard.lesson or "",
        heard.reason,
        heard.payload,
    )
