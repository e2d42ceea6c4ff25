"""The batches of a sending, as operations look at them: how many stand how, and a page of them."""

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from newsletter.delivery.models import Batch, BatchState


def counts(session: Session, edition_id: int) -> Mapping[BatchState, int]:
    """How many of the batches of an edition stand in each state that any of them is in."""
    rows = session.execute(
        select(Batch.state, func.count()).where(Batch.edition_id == edition_id).group_by(Batch.state)
    )
    found = {state: count for state, count in rows}  # noqa: C416 (a Row is not a pair to the type checker)
    return {state: found[state] for state in BatchState if state in found}


def page(
    session: Session, edition_id: int, *, states: Collection[BatchState] = (), after: int = 0, limit: int
) -> Sequence[Batch]:
    """The first batches *after* that number, of those in *states*, or of all."""
    query = select(Batch).where(Batch.edition_id == edition_id, Batch.number > after)
    if states:
        query = query.where(Batch.state.in_(states))
    return session.scalars(query.order_by(Batch.number).limit(limit)).all()
