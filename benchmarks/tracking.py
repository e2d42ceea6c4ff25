"""How fast the provider's events are taken in: `python -m benchmarks.tracking [--quick] [--json]`.

For each reader of one edition a processed and a delivered event, and for one in fifty a bounce instead,
in arrays of 1,000 as SendGrid posts them; then the same again, for most of what SendGrid posts has been
posted before. The baseline records one event in each transaction.
"""

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import update

from benchmarks import _ground, _tables
from benchmarks._tables import Row
from newsletter import db
from newsletter.db import Database
from newsletter.delivery.models import Batch, BatchState
from newsletter.tracking import events

_ARRAY = 1000
_ONE_BY_ONE = 200
_ATTEMPT = "benchmark.1"


def main(arguments: Sequence[str]) -> None:
    readers = 2_000 if "--quick" in arguments else 50_000
    rows = [row for backend in ("sqlite", "postgresql") for row in measure(backend, readers)]
    _tables.show("events taken in", rows, form=_tables.form_of(arguments))


def measure(backend: str, readers: int) -> list[Row]:
    """Three rows for one database."""
    with _ground.database_url(backend) as url, closing(db.connect(url)) as database:
        _ground.fill(database, readers)
        edition_id = _ground.an_edition(database)
        _ground.plan(database, edition_id, sender="sendgrid", batch_size=1000)
        with database.write() as session:
            session.execute(update(Batch).values(state=BatchState.ACCEPTED, attempt=_ATTEMPT))
        told = list(_told(edition_id, readers))
        arrays = [told[start : start + _ARRAY] for start in range(_ONE_BY_ONE, len(told), _ARRAY)]
        slowly = _rate(database, [[event] for event in told[:_ONE_BY_ONE]])
        quickly = _rate(database, arrays)
        again = _rate(database, arrays)
    return [
        Row("one event a transaction", backend, slowly, "events/s", 1.0),
        Row("arrays of 1,000", backend, quickly, "events/s", quickly / slowly),
        Row("the same arrays again", backend, again, "events/s", again / slowly, "stored already, nothing added"),
    ]


def _rate(database: Database, arrays: Sequence[Sequence[dict[str, Any]]]) -> float:
    began = time.perf_counter()
    for array in arrays:
        with database.write() as session:
            events.record(session, array, now=datetime.now(UTC))
    return sum(map(len, arrays)) / (time.perf_counter() - began)


def _told(edition_id: int, readers: int) -> Iterator[dict[str, Any]]:
    at = int(time.time())
    for one in range(1, readers + 1):
        about = {
            "email": f"reader{one}@example.com",
            "timestamp": at,
            "sg_message_id": "bWVzc2FnZSBpZCBvZiAyMg.recvd-6d9f-1-0.0",
            "nl_edition": str(edition_id),
            "nl_subscriber": str(one),
            "nl_attempt": _ATTEMPT,
        }
        yield {**about, "event": "processed", "sg_event_id": f"processed-{one}"}
        if one % 50:
            yield {**about, "event": "delivered", "sg_event_id": f"delivered-{one}", "response": "250 OK"}
        else:
            reason = {"type": "blocked", "status": "4.7.1", "reason": "421 4.7.1 try again later"}
            yield {**about, "event": "bounce", "sg_event_id": f"bounce-{one}", **reason}


if __name__ == "__main__":
    main(sys.argv[1:])
