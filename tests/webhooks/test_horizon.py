"""No event is left out, however ids and commits are ordered: PostgreSQL commits a smaller id after a larger one."""

import random
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from threading import Thread

import psycopg
import pytest
from sqlalchemy import select
from sqlalchemy.engine import URL

from newsletter import db
from newsletter.db import Database
from newsletter.tracking.models import Event
from newsletter.tracking.webhooks import happenings, horizon
from newsletter.tracking.webhooks.models import Happening, Mark
from tests.databases import Databases

NOW = datetime(2021, 11, 26, 9, tzinfo=UTC)
_INSERT = """
    INSERT INTO event (provider, provider_event_id, kind, at, received_at, is_ours, attempt, lesson, reason, payload)
    VALUES ('sendgrid', %s, 'delivered', now(), now(), true, '', '', '', '{}')
    ON CONFLICT (provider, provider_event_id) DO NOTHING
"""


@pytest.fixture
def url(postgresql_databases: Databases) -> Iterator[URL]:
    url = postgresql_databases.take()
    yield url
    postgresql_databases.give_back(url)


@pytest.fixture
def postgresql(url: URL) -> Iterator[Database]:
    database = db.connect(url)
    with database.write() as session:
        session.add(Mark(id=1, since=NOW, looked_at=NOW, event_id=0))
    yield database
    database.close()


@contextmanager
def writer(url: URL) -> Iterator[psycopg.Connection]:
    with psycopg.connect(url.set(drivername="postgresql").render_as_string(hide_password=False)) as connection:
        yield connection


def told(database: Database) -> list[int]:
    """The events of all happenings so far."""
    with database.read() as session:
        found: list[int] = []
        for data in session.scalars(select(Happening.data).order_by(Happening.id)):
            found += session.scalars(select(Event.id).where(Event.id.between(data["first"], data["last"])))
        return found


def test_who_still_writes_is_waited_for(postgresql: Database, url: URL) -> None:
    with writer(url) as slow, writer(url) as quick:
        slow.execute(_INSERT, ["one"])  # number 1
        quick.execute(_INSERT, ["two"])
        quick.commit()  # number 2 is there, and 1 is not
        early = happenings.collect(postgresql, now=NOW, patience=0)
        slow.commit()
        late = happenings.collect(postgresql, now=NOW, patience=0)
    assert (early, late, told(postgresql)) == (0, 1, [1, 2])


def test_who_has_drawn_no_number_yet_but_may_is_waited_for(postgresql: Database, url: URL) -> None:
    with writer(url) as slow:
        slow.execute("DELETE FROM event WHERE false")  # holds the lock that an insert takes first
        waits = horizon.find(postgresql, patience=0)
        slow.rollback()
    assert (waits, horizon.find(postgresql, patience=0)) == (None, 0)


def test_who_only_reads_is_not_waited_for(postgresql: Database, url: URL) -> None:
    with writer(url) as reader:
        reader.execute("SELECT * FROM event FOR UPDATE")
        assert horizon.find(postgresql, patience=0) == 0


def test_a_writer_of_another_database_is_not_waited_for(postgresql: Database, postgresql_databases: Databases) -> None:
    elsewhere = postgresql_databases.take()
    with writer(elsewhere) as other:
        other.execute(_INSERT, ["one"])
        assert horizon.find(postgresql, patience=0) == 0
        other.rollback()
    postgresql_databases.give_back(elsewhere)


def test_numbers_that_were_given_back_hold_up_nothing(postgresql: Database, url: URL) -> None:
    with writer(url) as connection:
        for key in ("one", "two", "one", "three"):  # the second "one" draws a number for nothing
            connection.execute(_INSERT, [key])
        connection.commit()
        connection.execute(_INSERT, ["four"])
        connection.rollback()
        connection.execute(_INSERT, ["five"])
        connection.commit()
    happenings.collect(postgresql, now=NOW, patience=0)
    assert told(postgresql) == [1, 2, 4, 6]


@pytest.mark.parametrize("seed", range(3))
def test_of_many_writers_at_once_each_event_is_told_once(postgresql: Database, url: URL, seed: int) -> None:
    threads = [Thread(target=_write, args=(url, f"{seed} {number}")) for number in range(6)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        happenings.collect(postgresql, now=NOW, patience=0.05)
    for thread in threads:
        thread.join()
    happenings.collect(postgresql, now=NOW, patience=5)
    with postgresql.read() as session:
        wanted = session.scalars(select(Event.id).order_by(Event.id)).all()
    assert Counter(told(postgresql)) == Counter(wanted)
    assert len(wanted) > 100


def _write(url: URL, name: str) -> None:
    """Transactions short and long, of some events each; one in five is taken back."""
    chance = random.Random(name)  # noqa: S311
    with writer(url) as connection:
        for number in range(60):
            for one in range(chance.randint(1, 8)):
                connection.execute(_INSERT, [f"{name} {number} {one}"])
                if chance.random() < 0.2:
                    connection.execute("SELECT pg_sleep(0.002)")
            if chance.random() < 0.2:
                connection.rollback()
            else:
                connection.commit()
