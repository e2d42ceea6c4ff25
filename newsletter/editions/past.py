"""Editions that everybody may read: what went out to all of a newsletter's readers, as it says today."""

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from newsletter.editions.models import Edition, State

#: the newest that are kept for reading; fifty weeks a year are forty years
MOST = 2_000


def stamp(session: Session, newsletter: str) -> tuple[object, ...]:
    """Something that is another one whenever what there is to read has changed."""
    row = session.execute(
        select(func.count(), func.max(Edition.id), func.max(Edition.date)).where(*_public(newsletter))
    )
    return tuple(row.one())


def of(session: Session, newsletter: str) -> list[Edition]:
    """The editions of *newsletter* that everybody may read, the newest first."""
    query = select(Edition).where(*_public(newsletter)).order_by(Edition.date.desc()).limit(MOST)
    return list(session.scalars(query))


def _public(newsletter: str) -> tuple[ColumnElement[bool], ...]:
    # what went to a part of the readers was not meant for all
    return (Edition.newsletter == newsletter, Edition.state == State.SENT, Edition.segment == "")
