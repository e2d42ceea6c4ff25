"""An app that may post to loopback, receivers, and what happens in a week."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest

from newsletter.app import App
from newsletter.delivery.models import Batch, BatchState, Delivery, Sending, SendingState
from newsletter.editions import review, watch
from newsletter.editions.models import Edition, State
from newsletter.jobs import telling
from newsletter.staff.acts import Doer
from newsletter.tracking import evidence
from newsletter.tracking.heard import Heard
from newsletter.tracking.webhooks import endpoints
from newsletter.tracking.webhooks.endpoints import Secret
from newsletter.tracking.webhooks.models import Endpoint
from tests.factories import an_edition
from tests.webhooks.receiver import Receiver, receiving

SOMEBODY = Doer("a test", "command line")


@dataclass
class World:
    """The product with a clock that tests turn."""

    app: App
    now: datetime
    numbers: list[int] = field(default_factory=list)

    def clock(self) -> datetime:
        return self.now

    def wait(self, **span: float) -> None:
        self.now += timedelta(**span)

    def add(self, receiver: Receiver, *wanted: str, newsletter: str = "") -> Secret:
        return telling.add(self.app, receiver.url, wanted=wanted, newsletter=newsletter, by=SOMEBODY, now=self.now)

    def tell(self, owner: str = "one") -> str:
        """What a tick does about it, and what follows."""
        if not telling.look(self.app, now=self.now):
            return "nothing to tell"
        return telling.tell(self.app, owner=owner, clock=self.clock)

    def endpoint(self, number: int) -> Endpoint:
        with self.app.database.read() as session:
            return endpoints.get(session, number)

    def edition(self, *states: State, newsletter: str = "friday") -> Edition:
        """An edition that came through *states*, a second apart."""
        with self.app.database.write() as session:
            made = an_edition(session, "Walmart goes live", state=State.DRAFT)
            made.newsletter = newsletter
            for state in states:
                self.wait(seconds=1)
                review.move(session, made, state, by="ed", now=self.now)
            return made

    def ring(self, key: str, text: str = "Something is wrong") -> None:
        with self.app.database.write() as session:
            watch.ring(session, key, text, self.now)

    def sending(self, edition: Edition, *sizes: int, state: SendingState = SendingState.RUNNING) -> None:
        """Its copies, in batches of so many: readers 1, 2, 3 …"""
        with self.app.database.write() as session:
            session.add(
                Sending(
                    edition_id=edition.id, sender="smtp", state=state, planned=sum(sizes), started_at=self.now,
                    complete_at=self.now if state is SendingState.COMPLETE else None,
                )
            )  # fmt: skip
            session.flush()
            reader = 0
            for number, size in enumerate(sizes, 1):
                session.add(Batch(edition_id=edition.id, number=number, size=size, not_before=self.now))
                for _ in range(size):
                    reader += 1
                    session.add(Delivery(edition_id=edition.id, batch=number, subscriber_id=reader))

    def settle(self, edition: Edition, number: int, state: BatchState, **values: object) -> None:
        with self.app.database.write() as session:
            batch = session.get_one(Batch, (edition.id, number))
            batch.state, batch.settled_at = state, self.now
            for name, value in values.items():
                setattr(batch, name, value)

    def hear(self, *kinds: str, edition: Edition | None = None) -> None:
        """Events of SendGrid, about readers 1, 2, 3 …"""
        with self.app.database.write() as session:
            self.numbers.append(0)
            told = [
                Heard(
                    "sendgrid", f"{len(self.numbers)}-{reader}", kind, self.now,
                    edition_id=edition.id if edition else None, subscriber_id=reader, proves=False,
                )
                for reader, kind in enumerate(kinds, 1)
            ]  # fmt: skip
            evidence.record(session, told, now=self.now)


@pytest.fixture
def world(app: App, now: datetime) -> World:
    fetch = app.settings.fetch.model_copy(update={"allow_loopback": True})
    more = {"other": app.settings.newsletters["friday"].model_copy(update={"slug": "other"})}
    newsletters = {**app.settings.newsletters, **more}
    settings = app.settings.model_copy(update={"fetch": fetch, "newsletters": newsletters})
    return World(App(settings, app.database), now)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


@pytest.fixture
def second() -> Iterator[Receiver]:
    with receiving() as found:
        yield found
