"""How fast a question is answered: `python -m benchmarks.why [--quick] [--json]`.

"Why did they not get it?", with the copy's story, of readers taken by chance: with the edition named and without, of
who was not in the audience, and of addresses that nobody has. On PostgreSQL a million readers and ten million
deliveries, two million events; on SQLite a tenth of that. Each question is asked in a session of its own, and each
figure is milliseconds of processor's time, the database server's included, because other things run on this machine;
what the clock said stands beside it. And the figures of the newest edition, once.
"""

import os
import random
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import text, update
from sqlalchemy.orm import Session

from benchmarks import _ground, _tables
from benchmarks._tables import Row
from newsletter import db
from newsletter.config import Settings
from newsletter.db import Database
from newsletter.delivery.models import Batch, BatchState, Sending, SendingState
from newsletter.editions import shelf
from newsletter.editions.models import Edition, State
from newsletter.tracking.reports import asking, figures

_EDITIONS = 10
_READERS = {"sqlite": 100_000, "postgresql": 1_000_000}
_QUESTIONS = 200
#: milliseconds for a question
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
        rows = [_row(database, what, setting, question, _QUESTIONS) for what, question in questions.items()]
        return [
            *rows,
            _row(database, "an edition's whole report", setting, lambda session: _report(session, settings, newest), 1),
        ]


def _report(session: Session, settings: Settings, edition: str) -> object:
    return figures.of(session, settings, shelf.find(session, edition), now=_now())


def _row(database: Database, what: str, setting: str, question: Callable[[Session], object], asked: int) -> Row:
    _ask(database, question)
    own, served = time.process_time(), _served(database)
    taken = sorted(_ask(database, question) for _ in range(asked))
    cost = 1000 * (time.process_time() - own + _served(database) - served) / asked
    middle, worst = statistics.median(taken), taken[int(len(taken) * 0.99)]
    clock = f"{middle:.1f} ms by the clock, slowest of a hundred {worst:.1f}"
    verdict = f"{'within' if cost <= GOAL else 'OVER'} {GOAL:.0f} ms; " if asked > 1 else ""
    return Row(what, setting, cost, "ms", note=f"{verdict}{clock}")


def _ask(database: Database, question: Callable[[Session], object]) -> float:
    """Milliseconds by the clock."""
    began = time.perf_counter()
    with database.read() as session:
        question(session)
    return 1000 * (time.perf_counter() - began)


def _served(database: Database) -> float:
    """Seconds of processor's time that PostgreSQL has spent on the connection that is asked by."""
    if database.is_sqlite:
        return 0.0
    with database.read() as session:
        process = session.scalar(text("SELECT pg_backend_pid()"))
    fields = Path(f"/proc/{process}/stat").read_text("utf-8").rpartition(")")[2].split()
    return sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK")


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
