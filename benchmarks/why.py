"""How fast a question is answered: `python -m benchmarks.why [--quick] [--json]`.

"Why did they not get it?", with the copy's story, of readers taken by chance: with the edition named and without, of
who was not in the audience, and of addresses that nobody has. On PostgreSQL a million readers and ten million
deliveries, two million events; on SQLite a tenth of that. Each question is asked in a session of its own.
"""

import random
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import UTC, datetime

from sqlalchemy import text, update
from sqlalchemy.orm import Session

from benchmarks import _ground, _tables
from benchmarks._tables import Row
from newsletter import db
from newsletter.config import Settings
from newsletter.db import Database
from newsletter.delivery.models import Batch, BatchState, Sending, SendingState
from newsletter.editions.models import Edition, State
from newsletter.tracking.reports import asking

_EDITIONS = 10
_READERS = {"sqlite": 100_000, "postgresql": 1_000_000}
_QUESTIONS = 200
#: milliseconds by the clock, on a machine that does nothing else
GOAL = 50.0
_EVENTS = """
    INSERT INTO event (provider, provider_event_id, kind, at, received_at, is_ours, edition_id, subscriber_id, attempt,
                       lesson, reason, payload)
    SELECT 'sendgrid', '{kind}-' || edition_id || '-' || subscriber_id, '{kind}', :now, :now, {true}, edition_id,
           subscriber_id, 'b.1', '', '', '{{"response": "250 OK"}}'
    FROM delivery WHERE edition_id = :edition
"""
_CONSENTS = """
    INSERT INTO consent_event (subscriber_id, list_id, consent, source, at)
    SELECT subscriber_id, list_id, 'confirmed', 'csv import', changed_at FROM subscription
"""
_TOLD = """
    INSERT INTO delivery_progress (edition_id, subscriber_id, status, reason, at)
    SELECT edition_id, subscriber_id, 'delivered', '250 OK', :now FROM delivery WHERE edition_id = :edition
"""


def main(arguments: Sequence[str]) -> None:
    quick = "--quick" in arguments
    rows = [row for backend, readers in _READERS.items() for row in measure(backend, 2_000 if quick else readers)]
    _tables.show("why they have it or not", rows, form=_tables.form_of(arguments))


def measure(backend: str, readers: int) -> list[Row]:
    """A row for each kind of question to one database."""
    with _ground.database_url(backend) as url, closing(db.connect(url)) as database:
        newest = _fill(database, readers)
        settings = _settings(url)
        chance = random.Random(1)
        setting = f"{backend}, {readers:,} readers, {readers * _EDITIONS:,} deliveries"

        def somebody() -> str:
            return f"reader{chance.randint(1, readers)}@example.com"

        questions: dict[str, Callable[[Session], object]] = {
            "an edition named": lambda session: asking.ask(session, settings, somebody(), newest, now=_now()),
            "the newest they could have": lambda session: asking.ask(session, settings, somebody(), now=_now()),
            "who joined too late": lambda session: asking.ask(session, settings, "late@example.com", now=_now()),
            "nobody's address, and who was meant": lambda session: asking.ask(
                session, settings, somebody().replace("example", "exmaple"), now=_now()
            ),
        }
        return [_row(database, what, setting, question) for what, question in questions.items()]


def _row(database: Database, what: str, setting: str, question: Callable[[Session], object]) -> Row:
    for _ in range(5):
        _ask(database, question)
    processor = time.process_time()
    taken = sorted(_ask(database, question) for _ in range(_QUESTIONS))
    own = 1000 * (time.process_time() - processor) / _QUESTIONS
    middle, worst = statistics.median(taken), taken[int(len(taken) * 0.99)]
    verdict = "within" if middle <= GOAL else "OVER"
    note = f"{verdict} {GOAL:.0f} ms; slowest of a hundred {worst:.1f}; {own:.1f} ms of our own processor's time"
    return Row(what, setting, middle, "ms", note=note)


def _ask(database: Database, question: Callable[[Session], object]) -> float:
    """Milliseconds by the clock."""
    began = time.perf_counter()
    with database.read() as session:
        question(session)
    return 1000 * (time.perf_counter() - began)


def _fill(database: Database, readers: int) -> str:
    """Ten editions to all readers, the newest two with what SendGrid told; returns the newest one's name."""
    _ground.fill(database, readers)
    editions = [_ground.an_edition(database, day=7 * number) for number in range(_EDITIONS)]
    true = "1" if database.is_sqlite else "true"
    for edition_id in editions:
        _ground.plan(database, edition_id, sender="sendgrid", batch_size=1000)
    with database.write() as session:
        now = (
            {"now": datetime.now(UTC)}
            if not database.is_sqlite
            else {"now": f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S.%f}"}
        )
        fenced = {"fenced_at": datetime.now(UTC), "settled_at": datetime.now(UTC), "attempts": 1, "attempt": "b.1"}
        session.execute(update(Batch).values(state=BatchState.ACCEPTED, **fenced))
        session.execute(update(Sending).values(state=SendingState.COMPLETE))
        session.execute(update(Edition).values(state=State.SENT))
        session.execute(text(_CONSENTS))
        for edition_id in editions[-2:]:
            session.execute(text(_TOLD), {**now, "edition": edition_id})
        session.execute(text(_EVENTS.format(kind="processed", true=true)), {**now, "edition": editions[-1]})
        session.execute(text(_EVENTS.format(kind="delivered", true=true)), {**now, "edition": editions[-1]})
        session.execute(
            text(
                "INSERT INTO subscriber (id, email, email_key, name, language, time_zone, created_at)"
                " VALUES (:id, 'late@example.com', 'late@example.com', '', '', '', (SELECT created_at FROM list))"
            ),
            {"id": readers + 1},
        )
        session.execute(
            text(
                "INSERT INTO subscription (subscriber_id, list_id, consent, changed_at)"
                " SELECT :id, id, 'confirmed', :now FROM list"
            ),
            {**now, "id": readers + 1},
        )
    if not database.is_sqlite:
        with database.writer.connect() as connection:
            connection.execution_options(isolation_level="AUTOCOMMIT").execute(text("ANALYZE"))
    return str(editions[-1])


def _settings(url: str) -> Settings:
    friday = {
        "title": "The Friday Five",
        "from_address": "friday@news.example.com",
        "postal_address": "1 Market Row, London",
    }
    return Settings.model_validate({"database_url": url, "secret": _ground.SECRET, "newsletters": {"friday": friday}})


def _now() -> datetime:
    return datetime.now(UTC)


if __name__ == "__main__":
    main(sys.argv[1:])
