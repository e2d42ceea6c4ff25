"""Sendings that wait for the provider's clock: their last events are heard, and some batches are still unknown."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import exists, func, select, update
from sqlalchemy.orm import Session, aliased

from newsletter.delivery.models import Act, Batch, BatchState, Sending, SendingState


@dataclass(frozen=True, slots=True)
class Waiting:
    """A sending with unknown batches that silence may refute, and nothing of it on the wire."""

    edition_id: int
    #: the last moment at which one of them can have been handed over
    handed_over: datetime
    #: when the last canary was sent for it
    canary_at: datetime | None


def waiting(session: Session, provider: str) -> Sequence[Waiting]:
    """The sendings through *provider* that wait to be told what became of unknown batches."""
    moving = aliased(Batch)
    on_the_wire = exists().where(
        moving.edition_id == Sending.edition_id, moving.state.in_((BatchState.CLAIMED, BatchState.SENDING))
    )
    rows = session.execute(
        select(Sending.edition_id, func.max(Batch.lease_until), Sending.watermark_canary_at)
        .join(Batch, Batch.edition_id == Sending.edition_id)
        .where(
            Sending.sender == provider,
            Sending.state != SendingState.CANCELLED,
            Batch.state == BatchState.UNKNOWN,
            Batch.attempt != "",
            Batch.fenced_at.is_not(None),
            ~on_the_wire,
        )
        .group_by(Sending.edition_id, Sending.watermark_canary_at)
        .order_by(Sending.edition_id)
    )
    return [Waiting(edition_id, until, canary_at) for edition_id, until, canary_at in rows if until]


def take_turn(session: Session, one: Waiting, *, by: str, now: datetime) -> bool:
    """Take it on to send a canary for *one*; of several processes that saw it, one gets True."""
    before = Sending.watermark_canary_at
    turn = session.execute(
        update(Sending)
        .where(
            Sending.edition_id == one.edition_id,
            before.is_(None) if one.canary_at is None else before == one.canary_at,
        )
        .values(watermark_canary_at=now)
        .returning(Sending.edition_id),
        execution_options={"synchronize_session": False},
    )
    if turn.first() is None:
        return False
    session.add(Act(edition_id=one.edition_id, verb="canary", by=by, reason="to hear the provider's clock", at=now))
    return True
