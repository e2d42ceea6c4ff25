"""A clock that was ahead and went back: what it led every room to do too early is looked at again."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.app import App
from newsletter.delivery.ledger import turned_back
from newsletter.editions import calendar, review, shelf, watch
from newsletter.editions.models import Edition, EditionEvent, Slot, State
from newsletter.stories.reading import sources


def follow(session: Session, app: App, *, now: datetime) -> int:
    """Judge again, by the clock as it is *now*, what was judged under the one before; returns how many slots."""
    again = calendar.judge_again(session, app.settings.newsletters, now)
    watch.withdraw(session, {f"{slot.newsletter}/{slot.date}" for slot in again}, now)
    for slot in again:
        _reopen(session, slot, now)
    turned_back.follow(session, now=now)
    sources.turn_back(session, now=now)
    return len(again)


def _reopen(session: Session, slot: Slot, now: datetime) -> None:
    """Take back what the clock, and nobody else, decided about the edition too early."""
    edition = shelf.of_date(session, slot.newsletter, slot.date)
    if edition is None or edition.state not in {State.HELD, State.SKIPPED}:
        return
    last = _last_event(session, edition)
    if last is not None and last.by == "clock" and last.at > now:
        review.reopen(session, edition, by="clock", reason="the clock had been ahead", now=now)


def _last_event(session: Session, edition: Edition) -> EditionEvent | None:
    query = select(EditionEvent).where(EditionEvent.edition_id == edition.id).order_by(EditionEvent.id.desc())
    return session.scalar(query.limit(1))
