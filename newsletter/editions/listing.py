"""Editions in the order of their dates, the newest first, a portion at a time."""

from collections.abc import Collection, Sequence
from datetime import date

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session, defer, lazyload

from newsletter.editions.models import Edition, State


def page(
    session: Session,
    *,
    newsletter: str | None = None,
    states: Collection[State] = (),
    since: date | None = None,
    until: date | None = None,
    after: tuple[date, int] | None = None,
    limit: int,
) -> Sequence[Edition]:
    """Up to *limit* editions from *since* to *until*, behind the one *after* (its date and number); no stories."""
    query = select(Edition).order_by(Edition.date.desc(), Edition.id.desc()).limit(limit)
    query = query.options(lazyload(Edition.stories), defer(Edition.introduction), defer(Edition.sponsor_text))
    if newsletter is not None:
        query = query.where(Edition.newsletter == newsletter)
    if states:
        query = query.where(Edition.state.in_(sorted(states)))
    if since is not None:
        query = query.where(Edition.date >= since)
    if until is not None:
        query = query.where(Edition.date <= until)
    if after is not None:
        query = query.where(tuple_(Edition.date, Edition.id) < tuple_(*after))
    return session.scalars(query).all()
