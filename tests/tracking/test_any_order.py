"""However posts of events are cut, doubled and shuffled, things stand the same afterwards (invariant I7)."""

from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.db import Database
from newsletter.delivery.models import Batch, BatchState, Delivery, Progress
from newsletter.testing.sendgrid_events import Copy, Fates
from newsletter.tracking import events
from newsletter.tracking.models import Event, Watermark
from subscribers.models import Subscription, Suppression
from tests.tracking.ledger import SENT_AT, a_sending

FATES = ("plain", "bounce", "blocked", "deferred", "dropped", "spam", "unsubscribe", "late-bounce")
NOW = SENT_AT + timedelta(days=3)


def _everything_heard(edition_id: int, readers: dict[str, int]) -> list[dict[str, Any]]:
    """All that SendGrid will ever tell of a batch whose readers meet every fate there is."""
    copies = [
        Copy(
            address,
            {"nl_edition": str(edition_id), "nl_attempt": "a1.1", "nl_subscriber": str(subscriber_id)},
            "bWVzc2FnZQ",
            index,
            SENT_AT.timestamp(),
        )
        for index, (address, subscriber_id) in enumerate(readers.items())
    ]
    return [event for copy in copies for event in Fates().events(copy)]


def _standing(session: Session) -> tuple[object, ...]:
    """Everything that posts can move, as one value."""
    return (
        session.execute(select(Batch.number, Batch.state, Batch.size).order_by(Batch.number)).all(),
        session.execute(select(Delivery.subscriber_id, Delivery.batch).order_by(Delivery.subscriber_id)).all(),
        session.execute(
            select(Progress.subscriber_id, Progress.status, Progress.reason, Progress.at).order_by(
                Progress.subscriber_id
            )
        ).all(),
        session.scalars(select(Event.provider_event_id).order_by(Event.provider_event_id)).all(),
        session.scalars(select(Suppression.email_key).order_by(Suppression.email_key)).all(),
        session.execute(
            select(Subscription.subscriber_id, Subscription.consent).order_by(Subscription.subscriber_id)
        ).all(),
        session.scalar(select(Watermark.at)),
    )


@given(data=some.data())
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_cut_order_and_doubling_of_posts_leaves_the_same(database: Database, data: some.DataObject) -> None:
    with Session(database.writer, expire_on_commit=False) as session:
        edition_id, ids = a_sending(session, *(f"{fate}@example.com" for fate in FATES), state=BatchState.UNKNOWN)
        heard = _everything_heard(edition_id, dict(zip((f"{fate}@example.com" for fate in FATES), ids, strict=True)))
        told = data.draw(some.permutations(heard + data.draw(some.lists(some.sampled_from(heard), max_size=10))))
        cuts = sorted(data.draw(some.sets(some.integers(1, len(told) - 1), max_size=6)))
        savepoint = session.begin_nested()
        events.record(session, heard, now=NOW)
        in_order = _standing(session)
        savepoint.rollback()
        for start, end in zip([0, *cuts], [*cuts, len(told)], strict=True):
            events.record(session, told[start:end], now=NOW)
        assert _standing(session) == in_order
