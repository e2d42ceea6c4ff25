"""Somebody changes an endpoint while a process takes it: one of them is told, and nothing is written over."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from sqlalchemy.orm import Session

from newsletter import db
from newsletter.db import Database
from newsletter.errors import NotFound
from newsletter.tracking.posting import Answer
from newsletter.tracking.webhooks import endpoints, posts
from newsletter.tracking.webhooks.models import Endpoint, Happening
from newsletter.tracking.webhooks.posts import Ready
from tests.databases import Databases
from tests.webhooks.conftest import SOMEBODY

NOW = datetime(2021, 11, 26, 9, tzinfo=UTC)
TAKEN = Answer(200)


@pytest.fixture
def database(postgresql_databases: Databases) -> Iterator[Database]:
    """Where two write at once; SQLite has one writer."""
    url = postgresql_databases.take()
    opened = db.connect(url)
    yield opened
    opened.close()
    postgresql_databases.give_back(url)


@pytest.fixture
def number(database: Database) -> int:
    with database.write() as session:
        made = endpoints.add(session, "a key", "https://crm.example.com/", by=SOMEBODY, now=NOW).endpoint
        session.add_all(
            Happening(
                type="edition.approved",
                newsletter="friday",
                at=NOW,
                found_at=NOW,
                source="test",
                source_id=place,
                data={},
            )
            for place in range(3)
        )
        return made.id


def _replay(session: Session, endpoint: Endpoint) -> None:
    endpoints.replay(session, endpoint, number=1, by=SOMEBODY, now=NOW)


def _disable(session: Session, endpoint: Endpoint) -> None:
    endpoints.disable(session, endpoint, by=SOMEBODY, now=NOW)


@pytest.mark.parametrize("change", [_replay, _disable])
def test_who_took_it_at_that_moment_writes_nothing_over_what_somebody_changed(
    database: Database, number: int, change: Callable[[Session, Endpoint], None]
) -> None:
    with database.write() as session:
        endpoint = endpoints.get(session, number)
        with database.write() as other:
            held = posts.claim(other, number, "a process", now=NOW)
        change(session, endpoint)
    assert held is not None
    ready = Ready(endpoint.url, 3, "edition.approved", "msg_3", b"{}")
    with database.write() as session:
        goes_on = posts.note(session, held, ready, TAKEN, seconds=0.1, now=NOW)
        cursor = endpoints.get(session, number).cursor
    assert (goes_on, cursor) == (False, 0)


def test_what_was_removed_meanwhile_is_said_to_be_gone(database: Database, number: int) -> None:
    with database.write() as session:
        endpoint = endpoints.get(session, number)
        with database.write() as other:
            endpoints.remove(other, endpoints.get(other, number), by=SOMEBODY, now=NOW)
        with pytest.raises(NotFound, match=f"webhook {number} has been removed meanwhile"):
            _replay(session, endpoint)
