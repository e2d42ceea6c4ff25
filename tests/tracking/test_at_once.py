"""SendGrid posts from many servers at once: no post waits for another for ever, and each event counts once."""

import random
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select

from newsletter.db import Database
from newsletter.delivery.models import Progress, Status
from newsletter.tracking import events
from newsletter.tracking.models import Event
from tests.tracking.ledger import SENT_AT, a_sending, an_event

READERS = 120
NOW = SENT_AT + timedelta(hours=1)


def _record(database: Database, post: Sequence[Mapping[str, Any]]) -> int:
    with database.write() as session:
        return events.record(session, post, now=NOW).new


def test_posts_at_once_store_each_event_once(database: Database) -> None:
    with database.write() as session:
        edition_id, ids = a_sending(session, *(f"r{number}@example.com" for number in range(READERS)))
    heard = [an_event(edition_id, reader, kind) for reader in ids for kind in ("processed", "delivered")]
    shuffler = random.Random(7)  # noqa: S311
    posts = [shuffler.sample(heard, len(heard)) for _ in range(6)]
    with ThreadPoolExecutor(6) as threads:
        new = sum(threads.map(_record, [database] * 6, posts))
    with database.read() as session:
        stored = session.scalar(select(func.count()).select_from(Event))
        delivered = session.scalar(select(func.count()).where(Progress.status == Status.DELIVERED))
    assert (new, stored, delivered) == (2 * READERS, 2 * READERS, READERS)
