"""The database: connect, open a session, upgrade the tables. SQLite by default, PostgreSQL by URL."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError
from sqlalchemy.orm import Session
from sqlalchemy.pool import ConnectionPoolEntry

from newsletter.errors import ConfigError
from subscribers import models as subscribers_models
from subscribers.types import Id, Instant, choice

__all__ = ["Database", "Id", "Instant", "Model", "choice", "connect", "file", "reason", "spoken", "upgrade"]

#: the folder of the migrations, in the tree as in the wheel
MIGRATIONS = Path(__file__).parent / "migrations"

_SQLITE_PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",  # NORMAL can lose the last commits on power loss: a lost fence would be a duplicate
    "foreign_keys=ON",
    "busy_timeout=30000",
    "temp_store=MEMORY",
    "cache_size=-16384",
)

#: seconds (the last: milliseconds) after which a server that is not there any more is noticed
_NOTICE_A_DEAD_LINE = {
    "connect_timeout": 10,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}


#: seconds for which a process may say nothing within a transaction before PostgreSQL ends it
_IDLE = 120


class Model(subscribers_models.Model):
    """The base of every table of the product; the metadata belongs to `subscribers`."""

    __abstract__ = True


class Database:
    """Two doors to one database: `write` for what changes it, `read` for what only looks."""

    def __init__(self, writer: Engine, reader: Engine) -> None:
        self.writer, self.reader = writer, reader
        self._idle = _IDLE

    @property
    def url(self) -> URL:
        return self.writer.url

    @property
    def is_sqlite(self) -> bool:
        return self.writer.dialect.name == "sqlite"

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A session whose work is committed at the end of the block, or rolled back by an exception."""
        with Session(self.writer, expire_on_commit=False) as session, session.begin():
            yield session

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session that sees one moment and can't write."""
        with Session(self.reader, expire_on_commit=False) as session:
            yield session

    def hurry(self, seconds: int) -> None:
        """Let PostgreSQL end transactions in which nothing is said for so long, for others wait for their locks."""
        self._idle = seconds
        self.close()

    def close(self) -> None:
        self.writer.dispose()
        self.reader.dispose()


def connect(url: str | URL) -> Database:
    """Open the database at *url*; nothing is created but an empty SQLite file's folder.

    SQLite gets one writing connection that begins with BEGIN IMMEDIATE (its default mode loses
    concurrent updates silently) and readers that can't write. PostgreSQL gets one pool.
    """
    parsed = _parsed(url)
    if parsed.get_backend_name() == "sqlite":
        return _connect_sqlite(parsed)
    if parsed.get_backend_name() == "postgresql":
        return _connect_postgresql(parsed)
    raise ConfigError(f"database_url: {parsed.get_backend_name()!r} is not supported; use sqlite or postgresql+psycopg")


def file(url: str | URL) -> Path | None:
    """The file of the SQLite database at *url*; None where there is no file to it."""
    parsed = _parsed(url)
    name = parsed.database
    if parsed.get_backend_name() != "sqlite" or not name or name.startswith((":memory:", "file:")):
        return None
    return Path(name)


def spoken(url: URL) -> str:
    """*url* as settings write it: without a driver or a password, and with the slashes of a socket's folder."""
    plain = url.set(drivername=url.get_backend_name()).render_as_string(hide_password=True)
    return plain.replace("%2F", "/")


def reason(error: SQLAlchemyError) -> str:
    """Why the database was not reached, in its driver's words alone."""
    words = str(error.orig if isinstance(error, DBAPIError) else error).splitlines()[0]
    return words.removeprefix("connection is bad: ").removeprefix("connection failed: ")


def upgrade(database: Database) -> tuple[str, str]:
    """Bring the tables up to this version's, harmless when they already are; the revisions before and after.

    The revision of a database without tables is empty.
    """
    # not needed by anything else, and slow to load
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["engine"] = database.writer
    before = revision(database)
    command.upgrade(config, "head")
    return before, revision(database)


def revision(database: Database) -> str:
    """Which migration the tables stand at; empty where there are none."""
    with database.reader.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return ""
        return connection.execute(text("SELECT version_num FROM alembic_version")).scalar() or ""


def newest() -> str:
    """The migration at which this version's tables stand."""
    return max(path.name.partition("_")[0] for path in (MIGRATIONS / "versions").glob("[0-9]*.py"))


def _parsed(url: str | URL) -> URL:
    try:
        return make_url(url)
    except ArgumentError as error:
        raise ConfigError(
            f"database_url: {url!r} is not a database address, such as sqlite:///newsletter.db"
        ) from error


def _connect_sqlite(url: URL) -> Database:
    if url.database and url.database != ":memory:":
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    writer = create_engine(url, hide_parameters=True, pool_size=1, max_overflow=0, pool_timeout=60)
    reader = create_engine(url, hide_parameters=True, pool_size=8, max_overflow=8)
    for engine, begin in ((writer, "BEGIN IMMEDIATE"), (reader, "BEGIN")):
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _beginner(begin))
    event.listen(reader, "connect", _forbid_writing)
    return Database(writer, reader)


def _connect_postgresql(url: URL) -> Database:
    try:
        from newsletter.lines import Line

        engine = create_engine(
            url.set(drivername="postgresql+psycopg"),
            hide_parameters=True,  # an error's words go into logs
            pool_size=8,
            max_overflow=8,
            pool_pre_ping=True,
            connect_args=_NOTICE_A_DEAD_LINE,
        )
    except ModuleNotFoundError as error:
        raise ConfigError("PostgreSQL needs the extra: in the tree, pip install '.[postgres]'") from error
    database = Database(engine, engine)

    @event.listens_for(engine, "do_connect")
    def connect(_dialect: object, _record: object, _arguments: object, way: dict[str, Any]) -> Line:
        return Line.open(way, idle=database._idle)

    return database


def _prepare_sqlite(connection: Any, _entry: ConnectionPoolEntry) -> None:
    connection.isolation_level = None
    for pragma in _SQLITE_PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")


def _forbid_writing(connection: Any, _entry: ConnectionPoolEntry) -> None:
    connection.execute("PRAGMA query_only=ON")


def _beginner(statement: str) -> Any:
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql(statement)

    return begin
