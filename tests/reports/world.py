"""Ada, an edition, and whatever became of her copy, for tests of what is told afterwards."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from newsletter.config import Settings
from newsletter.delivery.models import (
    Act,
    Batch,
    BatchState,
    Delivery,
    Outcome,
    Progress,
    Sending,
    SendingState,
    Status,
)
from newsletter.editions.models import Edition, EditionEvent, State
from newsletter.tracking.models import Event
from newsletter.tracking.reports import asking
from newsletter.tracking.reports.asking import Reply
from subscribers.models import Consent, ConsentEvent, List, Subscriber
from tests.factories import FRIDAY, an_edition

#: when the audience was fixed
NINE = datetime(2021, 11, 26, 9, 0, tzinfo=UTC)
#: the next Monday, when somebody asks
MONDAY = datetime(2021, 11, 29, 10, 0, tzinfo=UTC)
ADA = "ada@example.com"


@dataclass
class World:
    """What is on record, and the question."""

    session: Session
    settings: Settings

    def edition(
        self, *, state: State = State.SENT, by: str = "editor@news.example.com", reason: str = "", **more: Any
    ) -> Edition:
        edition = an_edition(self.session, state=state, date=more.pop("date", FRIDAY))
        for name, value in more.items():
            setattr(edition, name, value)
        self.session.add(
            EditionEvent(edition_id=edition.id, state=state, by=by, reason=reason, at=NINE - timedelta(hours=17))
        )
        self.session.flush()
        return edition

    def sending(
        self, edition: Edition, *, sender: str = "sendgrid", state: SendingState = SendingState.COMPLETE, **more: Any
    ) -> Sending:
        values = {"audience_complete_at": NINE, "started_at": NINE, "canary_passed_at": NINE, "planned": 1, **more}
        sending = Sending(edition_id=edition.id, sender=sender, state=state, **values)
        self.session.add(sending)
        self.session.flush()
        return sending

    def sending_of(self, edition: Edition) -> Sending:
        return self.session.get_one(Sending, edition.id)

    def copy(
        self,
        person: Subscriber,
        edition: Edition | None = None,
        *,
        sender: str = "sendgrid",
        state: BatchState = BatchState.ACCEPTED,
        sending: SendingState = SendingState.COMPLETE,
        **more: Any,
    ) -> Edition:
        """A copy for *person*, in a batch of its own that stands so."""
        edition = edition or self.edition()
        found = self.session.get(Sending, edition.id) or self.sending(edition, sender=sender, state=sending)
        number = found.planned
        found.planned += 1
        values = {
            "size": 1,
            "not_before": NINE,
            "attempts": 1,
            "attempt": "a1",
            "fenced_at": NINE + timedelta(minutes=2),
            "settled_at": NINE + timedelta(minutes=3),
            **more,
        }
        self.session.add(Batch(edition_id=edition.id, number=number, state=state, **values))
        self.session.add(Delivery(edition_id=edition.id, batch=number, subscriber_id=person.id))
        self.session.flush()
        return edition

    def outcome(
        self, edition: Edition, person: Subscriber, status: Status, reason: str, *, code: int | None = None
    ) -> None:
        at = NINE + timedelta(minutes=4)
        self.session.add(
            Outcome(edition_id=edition.id, subscriber_id=person.id, status=status, code=code, reason=reason, at=at)
        )
        self.session.flush()

    def told(self, edition: Edition, person: Subscriber, status: Status, reason: str = "") -> None:
        at = NINE + timedelta(minutes=5)
        self.session.add(Progress(edition_id=edition.id, subscriber_id=person.id, status=status, reason=reason, at=at))
        self.session.flush()

    def event(
        self,
        edition: Edition,
        person: Subscriber,
        kind: str,
        *,
        provider: str = "sendgrid",
        reason: str = "",
        minutes: int = 5,
        **payload: Any,
    ) -> None:
        self.session.add(
            Event(
                provider=provider,
                provider_event_id=f"{kind}-{edition.id}-{person.id}-{minutes}-{payload.get('number', '')}",
                kind=kind,
                at=NINE + timedelta(minutes=minutes),
                received_at=NINE + timedelta(minutes=minutes + 1),
                edition_id=edition.id,
                subscriber_id=person.id,
                attempt="a1",
                reason=reason,
                payload=payload,
            )
        )
        self.session.flush()

    def step(self, person: Subscriber, consent: Consent, source: str, at: datetime, *, slug: str = "weekly") -> None:
        """A line of the consent history."""
        on = self.session.query(List).filter_by(slug=slug).one()
        self.session.add(ConsentEvent(subscriber_id=person.id, list_id=on.id, consent=consent, source=source, at=at))
        self.session.flush()

    def act(self, edition: Edition, verb: str, *, by: str = "operator", reason: str = "", at: datetime = NINE) -> None:
        self.session.add(Act(edition_id=edition.id, verb=verb, by=by, reason=reason, at=at))
        self.session.flush()

    def ask(self, whom: str = ADA, edition: str | None = None, *, now: datetime = MONDAY) -> list[Reply]:
        self.session.flush()
        return asking.ask(self.session, self.settings, whom, edition, now=now)

    def why(self, whom: str = ADA, edition: str | None = None, *, now: datetime = MONDAY) -> tuple[str, str]:
        """The case and the sentence, of the only answer."""
        (reply,) = self.ask(whom, edition, now=now)
        return reply.answer.case.value, reply.answer.sentence

    def remedy(self, whom: str = ADA) -> str:
        return self.ask(whom)[0].answer.remedy
