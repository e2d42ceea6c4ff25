"""Freezing an audience: what preferences and a segment cost beside an audience without any.

`python -m benchmarks.freezing [--quick] [--json]`
"""

import sys
import time
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime
from statistics import median

from sqlalchemy import delete, text

from benchmarks import _ground, _tables
from benchmarks._tables import Row
from newsletter import db
from newsletter.db import Database
from newsletter.delivery.models import Sending
from newsletter.editions.models import Edition
from subscribers.segments import shelf

_ROUNDS = 3
#: of a hundred readers: who must not be mailed; who wants the first of a month, plain text, nothing for a while
_SUPPRESSED = """
    INSERT INTO suppression (email_key, reason, note, at)
    SELECT email_key, 'manual', '', created_at FROM subscriber WHERE id % 100 = 30
"""
_WISHES = (
    "UPDATE subscriber SET rhythm = 'monthly' WHERE id % 100 < 10",
    "UPDATE subscriber SET plain_text = {yes} WHERE id % 100 BETWEEN 10 AND 12",
    "UPDATE subscriber SET paused_until = '2099-01-01' WHERE id % 100 = 20",
    "UPDATE subscriber SET language = 'en' WHERE id % 2 = 0",
)
#: everybody is in it, so that as many rows are written as without it
_SEGMENT = "list:weekly and (language:en or language:none) and joined<2100"


def main(arguments: Sequence[str]) -> None:
    readers = 20_000 if "--quick" in arguments else 1_000_000
    rows = [row for backend in ("sqlite", "postgresql") for row in measure(backend, readers)]
    _tables.show("an audience frozen", rows, form=_tables.form_of(arguments))


def measure(backend: str, readers: int) -> list[Row]:
    """Two rows for one database: people of whom some must not be mailed, and the same people with wishes."""
    setting = f"{backend}, {readers:,} readers"
    with _ground.database_url(backend) as url, closing(db.connect(url)) as database:
        _ground.fill(database, readers)
        with database.write() as session:
            session.execute(text(_SUPPRESSED))
        before = _seconds(database)
        _wish(database)
        after = _seconds(database, segment="everybody")
    return [
        Row("suppressions alone", setting, before, "s", 1.0),
        Row("with preferences, a segment and suppressions", setting, after, "s", after / before, "at most 1.5"),
    ]


def _seconds(database: Database, segment: str = "") -> float:
    """The median of some rounds, each of an edition of its own that is forgotten again."""
    rounds = []
    for day in range(_ROUNDS):
        edition_id = _ground.an_edition(database, day + 1)
        if segment:
            with database.write() as session:
                session.get_one(Edition, edition_id).segment = segment
        # SQLite works in this process, PostgreSQL in its own
        clock = time.process_time if database.is_sqlite else time.perf_counter
        began = clock()
        _ground.plan(database, edition_id, sender="smtp", batch_size=25)
        rounds.append(clock() - began)
        with database.write() as session:
            session.execute(delete(Sending).where(Sending.edition_id == edition_id))
            session.execute(delete(Edition).where(Edition.id == edition_id))
    return median(rounds)


def _wish(database: Database) -> None:
    with database.write() as session:
        for statement in _WISHES:
            session.execute(text(statement.format(yes="1" if database.is_sqlite else "true")))
        shelf.save(session, "everybody", _SEGMENT, now=datetime.now(UTC))
    if not database.is_sqlite:
        with database.writer.connect() as connection:
            connection.execution_options(isolation_level="AUTOCOMMIT").execute(text("VACUUM ANALYZE"))


if __name__ == "__main__":
    main(sys.argv[1:])
