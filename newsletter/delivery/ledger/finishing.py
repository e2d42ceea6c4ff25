"""The second mark: nothing of an edition is queued, claimed or being sent any more, and the balance holds."""

from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from newsletter.delivery.ledger import rules
from newsletter.delivery.models import Act, Batch, BatchState, Sending, SendingState
from newsletter.delivery.operations.balance import balance
from newsletter.errors import NewsletterError


def finish(session: Session, edition_id: int, *, now: datetime) -> bool:
    """Set the second mark if everything is done; True if it stands afterwards.

    Refuses to set it over a balance that does not hold: that would hide somebody.
    """
    sending = session.scalar(select(Sending).where(Sending.edition_id == edition_id).with_for_update())
    if sending is None or sending.audience_complete_at is None:
        return False
    if sending.state is SendingState.COMPLETE:
        return True
    if sending.state is not SendingState.RUNNING or _open(session, edition_id):
        return False
    stands = balance(session, edition_id)
    if not stands.holds:
        raise NewsletterError(f"edition {edition_id} does not balance: {stands}; run newsletter audit {edition_id}")
    sending.state, sending.complete_at, sending.reason = SendingState.COMPLETE, now, ""
    session.add(Act(edition_id=edition_id, verb="complete", by="ledger", recipients=stands.planned, at=now))
    return True


def rests(session: Session, edition_id: int, *, until: datetime) -> bool:
    """Whether something is left, but none of it before *until*: a later morning, a long back-off."""
    sooner = or_(Batch.state != BatchState.QUEUED, Batch.not_before <= until)
    left, due = session.execute(
        select(func.count(), func.count().filter(sooner)).where(
            Batch.edition_id == edition_id, Batch.state.in_(rules.OPEN)
        )
    ).one()
    return bool(left) and not due


def _open(session: Session, edition_id: int) -> bool:
    query = select(Batch.number).where(Batch.edition_id == edition_id, Batch.state.in_(rules.OPEN)).limit(1)
    return session.scalar(query) is not None
