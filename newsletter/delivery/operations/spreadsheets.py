"""The send log as a spreadsheet, read and written a portion at a time: more copies need no more room."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.db import Database
from newsletter.delivery.operations import searching
from newsletter.delivery.operations.searching import Search
from newsletter.delivery.operations.sendlog import Line, Place
from newsletter.editions import shelf
from newsletter.editions.models import Edition
from subscribers.models import Subscriber
from subscribers.moving import sheets

COLUMNS = ("edition", "reader", "address", "status", "at", "in their words", "batch")
_PORTION = 1_000


def addresses(session: Session, readers: Iterable[int]) -> dict[int, str]:
    """By number, the addresses of *readers*; who was erased has none."""
    return dict(session.execute(select(Subscriber.id, Subscriber.email).where(Subscriber.id.in_(set(readers)))).all())


def names(session: Session, lines: Sequence[Line]) -> dict[int, str]:
    """By number, what the editions of *lines* are called."""
    ids = {line.edition_id for line in lines}
    return {one.id: shelf.name(one) for one in session.scalars(select(Edition).where(Edition.id.in_(ids)))}


def written(database: Database, search: Search) -> Iterator[str]:
    """All that *search* asks for as CSV, the newest first; nothing is held open between two pieces."""
    yield _csv([COLUMNS])
    place: Place | None = None
    while True:
        with database.read() as session:
            found = searching.page(session, search, after=place, limit=_PORTION)
            rows = _rows(session, found.lines)
        if rows:
            yield _csv(rows)
        if found.older is None:
            return
        place = found.older


def _rows(session: Session, lines: Sequence[Line]) -> list[tuple[str, ...]]:
    known = addresses(session, (line.subscriber_id for line in lines))
    called = names(session, lines)
    return [
        (
            called[line.edition_id],
            str(line.subscriber_id),
            sheets.safe(known.get(line.subscriber_id, "")),
            line.status.value,
            line.at.isoformat() if line.at else "",
            sheets.safe(line.reason),
            str(line.batch),
        )
        for line in lines
    ]


def _csv(rows: Sequence[Sequence[str]]) -> str:
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue()
