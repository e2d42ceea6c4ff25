"""A sending under way, at its tenth minute: for tests of what operations see of it."""

from datetime import timedelta

from sqlalchemy import select, update

from newsletter.app import App
from newsletter.delivery.models import Act, Batch, BatchState, Outcome, Progress, Sending, SendingState, Status
from newsletter.editions.models import State
from subscribers.models import Subscriber
from tests.desk.aftermath import NINE, readers, told, went_out

LATER = NINE + timedelta(minutes=10)
#: how its batches of 50 stand, in turn
STATES = (
    *(BatchState.ACCEPTED,) * 5,
    BatchState.UNKNOWN,
    BatchState.REFUSED,
    BatchState.SENDING,
    BatchState.QUEUED,
    BatchState.QUEUED,
)


def a_sending(app: App) -> int:
    """500 readers: 243 accepted, 4 refused and 3 skipped alone, 50 unknown, 50 refused, 50 on the wire, 100 to do."""
    with app.database.write() as session:
        people = readers(session, 500)
        edition = went_out(app, session, people, sender="smtp", states=STATES, sending=SendingState.RUNNING)
        edition.state = State.SENDING
        session.get_one(Sending, edition.id).complete_at = None
        for batch in session.scalars(select(Batch).order_by(Batch.number)):
            _at_its_time(batch)
        session.add_all(
            Outcome(
                edition_id=edition.id, subscriber_id=people[number], status=status, code=code, reason=reason, at=NINE
            )
            for number, status, code, reason in [
                *((n, Status.REFUSED, 550, f"550 5.1.1 <reader{n}@shop.example>: User unknown") for n in range(4)),
                *((n, Status.SKIPPED, None, "unsubscribed after planning") for n in range(4, 7)),
            ]
        )
        told(session, edition, people[100:110], Status.DELIVERED)
        told(session, edition, people[110:115], Status.BOUNCED)
        told(session, edition, people[115:117], Status.DEFERRED)
        session.execute(
            update(Progress).where(Progress.status == Status.BOUNCED).values(reason="552 5.2.2 mailbox full")
        )
        session.execute(
            update(Progress).where(Progress.status == Status.DEFERRED).values(reason="450 4.2.0 Greylisted, try later")
        )
        session.add(Act(edition_id=edition.id, verb="plan", by="clock", recipients=500, at=NINE))
        return edition.id


def erase(app: App, number: int) -> None:
    """Reader *number* is erased."""
    with app.database.write() as session:
        session.delete(session.scalars(select(Subscriber).order_by(Subscriber.id)).all()[number])


def _at_its_time(batch: Batch) -> None:
    """A batch a minute."""
    batch.settled_at = NINE + timedelta(minutes=batch.number, seconds=30)
    batch.fenced_at = batch.settled_at - timedelta(seconds=5)
    if batch.number == 1:
        batch.refused, batch.skipped = 4, 3
    if batch.state is BatchState.UNKNOWN:
        batch.reply = "connection lost after the final dot"
    if batch.state is BatchState.REFUSED:
        batch.code, batch.reply = 554, "554 5.7.1 client host blocked"
    if batch.state is BatchState.SENDING:
        batch.settled_at, batch.lease_until = None, LATER + timedelta(minutes=2)
    if batch.state is BatchState.QUEUED:
        batch.settled_at = batch.fenced_at = None
        batch.attempts = 0
