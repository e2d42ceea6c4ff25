"""A clock that went back: what was to wait until a time by the clock before would wait for weeks."""

from datetime import datetime, timedelta

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from newsletter.delivery.models import Allowance, Batch, BatchState, Tally

#: nothing is put off for longer by itself: leases, back-off, holds that a provider asked for
_LONGEST = timedelta(hours=1)
#: the last morning on earth comes a good day after the first
_MORNINGS = timedelta(days=2)


def follow(session: Session, *, now: datetime) -> None:
    """Bring leases, holds and tallies that lie ahead of *now* back to it."""
    ahead = now + _LONGEST
    session.execute(update(Batch).where(Batch.lease_until > ahead).values(lease_until=now))
    waits = (Batch.state == BatchState.QUEUED, Batch.not_before > now + _MORNINGS)
    session.execute(update(Batch).where(*waits).values(not_before=now))
    session.execute(update(Allowance).where(Allowance.tat > ahead.timestamp()).values(tat=now.timestamp()))
    minute = int(now.timestamp() // 60)
    later = Tally.minute > minute
    counted = session.execute(select(Tally.key, func.sum(Tally.messages)).where(later).group_by(Tally.key)).all()
    session.execute(delete(Tally).where(later))
    for key, messages in counted:  # they did go out, lately
        row = session.get(Tally, (key, minute), populate_existing=True)
        if row is None:
            session.add(Tally(key=key, minute=minute, messages=int(messages)))
        else:
            row.messages += int(messages)
    session.flush()
