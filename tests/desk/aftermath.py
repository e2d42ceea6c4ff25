"""Editions that went out, with what was heard of them since: for tests of what is shown and corrected afterwards."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

from sqlalchemy.orm import Session

from newsletter.app import App
from newsletter.delivery.models import Batch, BatchState, Delivery, Progress, Sending, SendingState, Status
from newsletter.editions.models import Edition, State
from newsletter.rendering import proofs
from newsletter.tracking.links import register
from newsletter.tracking.links.models import Verdict, Visit
from subscribers.models import Consent, ConsentEvent, Subscriber, Subscription
from tests.factories import FRIDAY, LONG_AGO, a_list, an_edition

NINE = datetime(2021, 11, 26, 9, 0, tzinfo=UTC)


def readers(session: Session, count: int) -> list[int]:
    """So many people on the list, at two domains; their ids."""
    on = a_list(session)
    people = []
    for number in range(count):
        address = f"reader{number}@{'shop' if number % 3 else 'corner'}.example"
        people.append(Subscriber(email=address, email_key=address, name="", created_at=LONG_AGO))
    session.add_all(people)
    session.flush()
    session.add_all(
        Subscription(subscriber_id=one.id, list_id=on.id, consent=Consent.CONFIRMED, changed_at=LONG_AGO)
        for one in people
    )
    session.flush()
    return [one.id for one in people]


def went_out(
    app: App,
    session: Session,
    people: Sequence[int],
    *,
    day: date = FRIDAY,
    sender: str = "sendgrid",
    states: Sequence[BatchState] = (BatchState.ACCEPTED,),
    sending: SendingState = SendingState.COMPLETE,
) -> Edition:
    """An edition of *day* to *people*, in batches of at most 50, which stand in turn as *states* say."""
    begun = datetime.combine(day, NINE.timetz())
    edition = an_edition(session, date=day, state=State.SENT)
    proof = proofs.make(session, edition, app.newsletter(), app.settings, now=begun - timedelta(hours=17))
    register.write(session, proof, edition, public_url=app.settings.public_url)
    session.add(
        Sending(
            edition_id=edition.id, sender=sender, state=sending, planned=len(people), audience_complete_at=begun,
            started_at=begun, canary_passed_at=begun, complete_at=begun + timedelta(hours=1),
        )
    )  # fmt: skip
    session.flush()
    for number, at in enumerate(range(0, len(people), 50)):
        some, state = people[at : at + 50], states[number % len(states)]
        went = begun + timedelta(seconds=20 * number)
        session.add(
            Batch(
                edition_id=edition.id, number=number + 1, state=state, size=len(some), not_before=begun, attempts=1,
                attempt=f"a.{number}", fenced_at=went, settled_at=went + timedelta(seconds=5),
            )
        )  # fmt: skip
        session.add_all(Delivery(edition_id=edition.id, batch=number + 1, subscriber_id=one) for one in some)
    session.flush()
    return edition


def told(session: Session, edition: Edition, people: Sequence[int], status: Status, *, minutes: int = 5) -> None:
    """The provider says that of the copies for *people*, one after the other."""
    begun = datetime.combine(edition.date, NINE.timetz()) + timedelta(minutes=minutes)
    session.add_all(
        Progress(edition_id=edition.id, subscriber_id=one, status=status, at=begun + timedelta(seconds=3 * number))
        for number, one in enumerate(people)
    )
    session.flush()


def followed(
    session: Session, edition: Edition, number: int, times: int, *, hours: int = 1, verdict: Verdict = Verdict.HUMAN
) -> None:
    """Somebody who is not named followed that link so often, in the hour that begins *hours* after nine."""
    at = datetime.combine(edition.date, NINE.timetz()) + timedelta(hours=hours)
    agent = "Firefox" if verdict is Verdict.HUMAN else "Barracuda"
    session.add(
        Visit(
            edition_id=edition.id, number=number, subscriber_id=None, at=at, delay=3600 * hours, agent=agent,
            times=times, first=times, verdict=verdict, reasons="nothing speaks against a person", rules=1,
        )
    )  # fmt: skip
    session.flush()


def left(session: Session, one: int, *, hours: float = 2, day: date = FRIDAY) -> None:
    """Somebody left by one click, *hours* after nine."""
    at = datetime.combine(day, NINE.timetz()) + timedelta(hours=hours)
    on = a_list(session)
    row = session.get_one(Subscription, (one, on.id))
    row.consent, row.changed_at = Consent.UNSUBSCRIBED, at
    session.add(ConsentEvent(subscriber_id=one, list_id=on.id, consent=Consent.UNSUBSCRIBED, source="one-click", at=at))
    session.flush()
