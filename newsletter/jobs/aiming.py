"""Whom an edition goes to: everybody on its lists, or those of a saved segment."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from newsletter.editions import review, shelf
from newsletter.editions.models import Edition, State
from newsletter.errors import WrongState
from subscribers.audience import audience
from subscribers.segments import shelf as segments


def aim(session: Session, edition: Edition, name: str, *, lists: Sequence[str], by: str, now: datetime) -> int:
    """Let *edition* go to the segment *name* (empty: to everybody), and take an approval of anything else back.

    Returns how many it would reach today. Raises NoSuchSegment, or WrongState where it is too late.
    """
    if name:
        reach = segments.count(session, segments.get(session, name).query, lists=lists).mailable
    else:
        reach = session.scalar(select(func.count()).select_from(audience(lists).subquery())) or 0
    if edition.segment != name:
        whom = f"goes to the segment {name}" if name else "goes to everybody"
        review.reopen_for_edit(session, edition, by=by, reason=whom, now=now)
        edition.segment = name
        session.flush()
    return reach


def drop(session: Session, name: str) -> None:
    """Forget the segment *name*; raises WrongState while an edition is still to go to it, NoSuchSegment."""
    over = (State.SENT, State.CANCELLED, State.SKIPPED)
    query = select(Edition).where(Edition.segment == name, Edition.state.not_in(over)).order_by(Edition.date)
    if edition := session.scalars(query).first():
        named = shelf.name(edition)
        raise WrongState(f"{named} is to go to {name}: newsletter editions segment {named} lets it go to everybody")
    segments.drop(session, name)
