"""The database: upgrade, types, and the rules of both engines."""

import subprocess
import sys
from datetime import datetime

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import make_url, text
from sqlalchemy.exc import IntegrityError, StatementError
from sqlalchemy.orm import Session

from newsletter import db, schema
from newsletter.db import Database
from subscribers.models import List, Subscription
from tests.factories import LONG_AGO, a_list


def test_the_migrations_make_exactly_the_tables_of_the_models(database: Database) -> None:
    with database.reader.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, schema.metadata) == []


def test_upgrading_twice_is_harmless(database: Database) -> None:
    db.upgrade(database)
    with database.read() as session:
        assert session.scalar(text("SELECT version_num FROM alembic_version")) is not None


def test_a_time_without_a_zone_is_refused(session: Session) -> None:
    session.add(List(slug="weekly", title="Weekly", created_at=datetime(2021, 11, 26)))
    with pytest.raises(StatementError, match="has no time zone"):
        session.flush()


def test_a_time_comes_back_as_the_same_moment(session: Session) -> None:
    a_list(session)
    session.expire_all()
    assert a_list(session).created_at == LONG_AGO


def test_a_subscription_of_nobody_is_refused(session: Session) -> None:
    on = a_list(session)
    session.add(Subscription(subscriber_id=404, list_id=on.id, consent="confirmed", changed_at=LONG_AGO))
    with pytest.raises(IntegrityError):
        session.flush()


@pytest.mark.parametrize("room", ["stories", "editions", "rendering", "delivery", "tracking"])
def test_each_rooms_tables_bring_those_they_point_to(room: str) -> None:
    code = f"from newsletter.{room}.models import Model; print(len(Model.metadata.sorted_tables) > 0)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "True\n"), done.stderr


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("postgresql:///news?host=/var/run/postgresql", "postgresql:///news?host=/var/run/postgresql"),
        ("postgresql://ada:s%2Fecret@db/news", "postgresql://ada:***@db/news"),
        ("sqlite:////srv/news.db", "sqlite:////srv/news.db"),
    ],
)
def test_a_database_is_named_as_it_was_written_without_its_password(written: str, spoken: str) -> None:
    assert db.spoken(make_url(written).set(drivername=written.partition(":")[0])) == spoken
    if written.startswith("postgresql"):
        assert db.spoken(make_url(written).set(drivername="postgresql+psycopg")) == spoken
