"""Who has an edition open to write in it, as far as their browsers said lately."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from newsletter.editions.models import Edition, Presence
from subscribers.rows import upsert

#: a page that can speak for itself does so every quarter of a minute
LATELY = timedelta(seconds=45)
#: one that can't, for a browser runs no scripts, is believed for longer
A_WHILE = timedelta(minutes=10)
#: of what a page calls itself
LONGEST = 64
_FORGOTTEN = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Other:
    """Somebody else at the same edition."""

    who: str
    since: datetime
    #: when they were heard of last
    at: datetime
    #: the page said so only when it was opened
    is_opened: bool


def here(session: Session, edition: Edition, page: str, who: str, *, speaks: bool, now: datetime) -> None:
    """*who* has *edition* open in that *page*, a name of its own; *speaks* where it will say so again."""
    row = {"who": who[:200], "at": now, "until": now + (LATELY if speaks else A_WHILE), "speaks": speaks}
    new = upsert(session, Presence).values(edition_id=edition.id, page=page[:LONGEST], since=now, **row)
    session.execute(new.on_conflict_do_update(index_elements=["edition_id", "page"], set_=row))


def leave(session: Session, edition_id: int, page: str) -> None:
    """That *page* is closed."""
    session.execute(delete(Presence).where(Presence.edition_id == edition_id, Presence.page == page[:LONGEST]))


def others(session: Session, edition: Edition, page: str, *, now: datetime) -> Sequence[Other]:
    """Everybody at *edition* but in that *page*, the same person in two pages too; who came first is first."""
    query = select(Presence).where(Presence.edition_id == edition.id, Presence.page != page[:LONGEST])
    rows = session.scalars(query.where(Presence.until >= now).order_by(Presence.since, Presence.page)).all()
    return [Other(row.who, row.since, row.at, not row.speaks) for row in rows]


def forget(session: Session, *, now: datetime) -> None:
    """Drop what was long ago."""
    session.execute(delete(Presence).where(Presence.until < now - _FORGOTTEN))
