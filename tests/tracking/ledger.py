"""A small ledger past the fence, and events about it, for tests of what came back."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.delivery.models import Batch, BatchState, Delivery, Progress, Sending, SendingState, Status
from subscribers import roll
from tests.factories import a_subscriber, an_edition

SENT_AT = datetime(2021, 11, 26, 9, 0, tzinfo=UTC)


def a_sending(
    session: Session,
    *addresses: str,
    state: BatchState = BatchState.SENDING,
    attempt: str = "a1.1",
    weeks: int = 0,
) -> tuple[int, list[int]]:
    """An edition of one batch, past the fence: its id, and the ids of its readers in the order of *addresses*.

    *weeks*: so much later than the first Friday.
    """
    sent_at = SENT_AT + timedelta(weeks=weeks)
    edition = an_edition(session, date=sent_at.date())
    people = [
        roll.find(session, address) or a_subscriber(session, address) for address in addresses or ("ada@example.com",)
    ]
    session.add(
        Sending(
            edition_id=edition.id,
            sender="sendgrid",
            state=SendingState.RUNNING,
            planned=len(people),
            audience_complete_at=sent_at,
            started_at=sent_at,
        )
    )
    session.flush()
    session.add(
        Batch(
            edition_id=edition.id,
            number=1,
            state=state,
            size=len(people),
            not_before=sent_at,
            attempts=1,
            attempt=attempt,
            fenced_at=sent_at,
            lease_until=sent_at + timedelta(minutes=2),
        )
    )
    session.add_all(Delivery(edition_id=edition.id, batch=1, subscriber_id=person.id) for person in people)
    session.flush()
    return edition.id, [person.id for person in people]


def an_event(
    edition_id: int, subscriber_id: int, kind: str, *, seconds: int = 1, attempt: str = "a1.1", **more: Any
) -> dict[str, Any]:
    """An event as SendGrid writes it, *seconds* after the hand-over."""
    return {
        "email": "ada@example.com",
        "event": kind,
        "timestamp": int(SENT_AT.timestamp()) + seconds,
        "sg_event_id": f"{kind}-{subscriber_id}-{seconds}",
        "sg_message_id": "dGhlIG1lc3NhZ2UgaWQ.recvd-1.0",
        "nl_edition": str(edition_id),
        "nl_subscriber": str(subscriber_id),
        "nl_attempt": attempt,
        **more,
    }


def state_of(session: Session, edition_id: int) -> BatchState | None:
    """Where the batch stands that was handed over."""
    return session.scalar(select(Batch.state).where(Batch.edition_id == edition_id, Batch.number == 1))


def statuses_of(session: Session, edition_id: int) -> dict[int, Status]:
    """What is told of each copy."""
    query = select(Progress.subscriber_id, Progress.status).where(Progress.edition_id == edition_id)
    return dict(session.execute(query).all())
