"""Segments that were saved: by name, checked before they are kept, counted before they are used."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, delete, func, select
from sqlalchemy.orm import Session

from subscribers import details
from subscribers.audience import audience
from subscribers.errors import NoSuchSegment
from subscribers.models import Segment, Subscriber

from . import sql
from .tree import All, written


@dataclass(frozen=True, slots=True)
class Count:
    """How many people a segment holds, and how many of them may be mailed."""

    people: int
    #: confirmed on the lists that were asked about, and not suppressed
    mailable: int


def save(session: Session, name: str, query: str, *, now: datetime) -> Segment:
    """Keep *query* under *name*, in place of what stood there; raises BadSegment, BadDetail."""
    compiled(session, query)
    found = session.get(Segment, details.slug(name))
    if found is None:
        found = Segment(name=name, query=query.strip(), created_at=now, changed_at=now)
        session.add(found)
    elif found.query != query.strip():
        found.query, found.changed_at = query.strip(), now
    session.flush()
    return found


def get(session: Session, name: str) -> Segment:
    """The segment *name*; raises NoSuchSegment, which names those there are."""
    found = session.get(Segment, name)
    if found is None:
        there = ", ".join(session.scalars(select(Segment.name).order_by(Segment.name)))
        raise NoSuchSegment(f"there is no segment {name!r}: {f'there are {there}' if there else 'none was saved yet'}")
    return found


def every(session: Session) -> Sequence[Segment]:
    """All of them, by name."""
    return session.scalars(select(Segment).order_by(Segment.name)).all()


def drop(session: Session, name: str) -> None:
    """Forget the segment *name*; raises NoSuchSegment."""
    get(session, name)
    session.execute(delete(Segment).where(Segment.name == name))


def compiled(session: Session, query: str, *, on: Sequence[str] = ()) -> ColumnElement[bool]:
    """*query* as a condition on subscribers, all of whom are on one of the lists *on*; raises BadSegment."""
    from . import language  # loads the parser, which who has no segment need not wait for

    return sql.condition(session, language.parse(query), on=on)


def count(session: Session, query: str, *, lists: Sequence[str]) -> Count:
    """How many are in it, and how many of these an edition for *lists* would reach; raises BadSegment."""
    where = compiled(session, query)
    people = session.scalar(select(func.count()).select_from(Subscriber).where(where)) or 0
    reached: Select[int] = audience(lists).where(where)
    return Count(people, session.scalar(select(func.count()).select_from(reached.subquery())) or 0)


def members(session: Session, query: str, *, lists: Sequence[str], limit: int) -> list[int]:
    """The ids of the first people that an edition for *lists* would reach, by id; raises BadSegment."""
    return list(session.scalars(audience(lists).where(compiled(session, query)).order_by(Subscriber.id).limit(limit)))


def parts(session: Session, query: str) -> list[tuple[str, ColumnElement[bool]]]:
    """What *query* asks for, all of which has to hold: each part in words, and as a condition. Raises BadSegment."""
    from . import language

    tree = language.parse(query)
    return [(written(part), sql.condition(session, part)) for part in (tree.of if isinstance(tree, All) else (tree,))]


def met(asked: Sequence[tuple[str, ColumnElement[bool]]], subscriber_id: int) -> Select[*tuple[bool, ...]]:
    """The one row that says of each of the `parts` whether *subscriber_id* meets it."""
    return select(*(part for _, part in asked)).select_from(Subscriber).where(Subscriber.id == subscriber_id)
