"""Canary and brake: a small share goes first, and when too much of it comes back, sending stops by itself."""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from newsletter.config import Limits
from newsletter.delivery.ledger import rules
from newsletter.delivery.models import Batch, Sending, SendingState, Status
from newsletter.delivery.operations import controls
from newsletter.delivery.operations.balance import balance, progress

#: one bad address among few readers stops nothing
LEAST = 2


@dataclass(frozen=True, slots=True)
class Figures:
    """What became so far of those that were handed over."""

    handed_over: int
    refused: int = 0
    bounced: int = 0
    deferred: int = 0


def too_much(figures: Figures, limits: Limits) -> str:
    """Which limit the figures pass, in words; empty where none."""
    shares = (
        ("refused", figures.refused, limits.refused_share),
        ("bounced", figures.bounced, limits.bounce_share),
        ("deferred", figures.deferred, limits.deferred_share),
    )
    return ", ".join(
        f"{count} of {figures.handed_over} were {word}, more than {limit:.0%}"
        for word, count, limit in shares
        if count >= LEAST and count > limit * figures.handed_over
    )


def look(session: Session, edition_id: int, limits: Limits, *, now: datetime) -> bool:
    """Look at the figures: pause where they are bad, let the rest go where the canaries are well.

    True means the sending goes on. What a person resumed over bad figures is not stopped again for the
    same ones: the share is counted over what was handed over since.
    """
    sending = session.get_one(Sending, edition_id, populate_existing=True)
    if sending.state is not SendingState.RUNNING:
        return False
    reason = too_much(_since_resumed(session, sending), limits)
    if reason:
        _stop(session, edition_id, reason, now=now)
        return False
    if sending.canary_passed_at is None and _canaries_are_back(session, edition_id, limits, now=now):
        sending.canary_passed_at = now
        session.flush()
    return True


def figures(session: Session, edition_id: int) -> Figures:
    """The figures of the whole sending."""
    stands, told = balance(session, edition_id), progress(session, edition_id)
    return Figures(
        handed_over=stands.accepted + stands.refused + stands.unknown,
        refused=stands.refused,
        bounced=told.get(Status.BOUNCED, 0) + told.get(Status.DROPPED, 0),
        deferred=told.get(Status.DEFERRED, 0),
    )


def _since_resumed(session: Session, sending: Sending) -> Figures:
    all_of_it, forgiven = asdict(figures(session, sending.edition_id)), sending.forgiven
    return Figures(**{name: count - forgiven.get(name, 0) for name, count in all_of_it.items()})


def _canaries_are_back(session: Session, edition_id: int, limits: Limits, *, now: datetime) -> bool:
    here = (Batch.edition_id == edition_id, Batch.canary.is_(True))
    if session.scalar(select(Batch.number).where(*here, Batch.state.in_(rules.OPEN)).limit(1)) is not None:
        return False
    last = session.scalar(select(func.max(Batch.settled_at)).where(*here))
    return last is None or last + timedelta(seconds=limits.canary_wait) <= now


def _stop(session: Session, edition_id: int, reason: str, *, now: datetime) -> None:
    sending = controls.pause(session, edition_id, by="brake", reason=reason, now=now)
    sending.forgiven = asdict(figures(session, edition_id))
