"""What the ledger knows of copies that something was heard of: which one it may be about, and when it left."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.delivery.models import Batch, BatchState, Delivery, Outcome, Progress, Sending

#: a bounce that names no copy is looked for among so many of the newest editions
_EDITIONS_BACK = 26
_AT_ONCE = 500
#: what has left us, as far as we know
_GONE = (BatchState.ACCEPTED, BatchState.UNKNOWN)


def newest(session: Session, subscriber_id: int, *, sender: str, before: datetime) -> int | None:
    """The newest edition that was handed over to *sender* for this person before that moment."""
    # by edition, because that is how the rows lie: a search by person alone would read them all
    editions = (
        select(Sending.edition_id)
        .where(Sending.sender == sender)
        .order_by(Sending.started_at.desc(), Sending.edition_id.desc())
        .limit(_EDITIONS_BACK)
    )
    return session.scalar(
        select(Delivery.edition_id)
        .join(Batch, (Batch.edition_id == Delivery.edition_id) & (Batch.number == Delivery.batch))
        .where(
            Delivery.edition_id.in_(session.scalars(editions).all()),
            Delivery.subscriber_id == subscriber_id,
            Batch.state.in_((*_GONE, BatchState.SENDING)),
            Batch.fenced_at <= before,
        )
        .order_by(Batch.fenced_at.desc(), Delivery.edition_id.desc())
        .limit(1)
    )


def handed_over(
    session: Session, which: Iterable[tuple[int | None, int | None]]
) -> dict[tuple[int | None, int | None], datetime]:
    """(Edition, subscriber) → when that copy last passed the fence, where it did."""
    by_edition: dict[int, list[int]] = {}
    for edition_id, subscriber_id in which:
        if edition_id is not None and subscriber_id is not None:
            by_edition.setdefault(edition_id, []).append(subscriber_id)
    found: dict[tuple[int | None, int | None], datetime] = {}
    for edition_id, ids in sorted(by_edition.items()):
        for start in range(0, len(ids), _AT_ONCE):
            query = (
                select(Delivery.subscriber_id, Batch.fenced_at)
                .join(Batch, (Batch.edition_id == Delivery.edition_id) & (Batch.number == Delivery.batch))
                .where(
                    Delivery.edition_id == edition_id,
                    Delivery.subscriber_id.in_(sorted(ids)[start : start + _AT_ONCE]),
                    Batch.fenced_at.is_not(None),
                )
            )
            for subscriber_id, at in session.execute(query):
                if at is not None:
                    found[edition_id, subscriber_id] = at
    return found


def editions_since(session: Session, since: datetime) -> Sequence[int]:
    """The editions whose sending began after *since*."""
    return session.scalars(select(Sending.edition_id).where(Sending.started_at >= since)).all()


def silent(
    session: Session, editions: Collection[int], subscriber_ids: Collection[int]
) -> list[tuple[int, int, datetime]]:
    """(Subscriber, edition, when) of the copies that left us and of which nothing was heard."""
    query = (
        select(Delivery.subscriber_id, Delivery.edition_id, Batch.fenced_at)
        .join(Batch, (Batch.edition_id == Delivery.edition_id) & (Batch.number == Delivery.batch))
        .outerjoin(
            Progress,
            (Progress.edition_id == Delivery.edition_id) & (Progress.subscriber_id == Delivery.subscriber_id),
        )
        .outerjoin(
            Outcome, (Outcome.edition_id == Delivery.edition_id) & (Outcome.subscriber_id == Delivery.subscriber_id)
        )
        .where(
            Delivery.edition_id.in_(editions),
            Delivery.subscriber_id.in_(subscriber_ids),
            Batch.state.in_(_GONE),
            Batch.fenced_at.is_not(None),
            Progress.status.is_(None),
            Outcome.status.is_(None),
        )
    )
    return [(one, edition_id, at) for one, edition_id, at in session.execute(query) if at is not None]
