"""The circle: our sender, a Postfix, a next hop that refuses, its bounce, Dovecot, our reader, the next Friday."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from pydantic import SecretStr
from sqlalchemy import select

from newsletter.app import App
from newsletter.config import Bounces, Limits, Mailbox, Smtp
from newsletter.delivery.ledger import planning
from newsletter.delivery.models import Delivery, Progress, Sending, SendingState
from newsletter.delivery.wire import dispatch
from newsletter.delivery.wire.patience import Patience
from newsletter.jobs import returning
from newsletter.testing.smtp_sink import SmtpSink
from newsletter.testing.wire_faults import Fault, Moment, answer
from subscribers.models import Subscriber, Suppression
from tests import factories
from tests.delivery import world
from tests.mailbox.conftest import Started
from tests.servers import circle, kinds, trial
from tests.servers.debian import Missing
from tests.servers.house import Running
from tests.servers.mailboxes import PASSWORD, Box

READERS = 20
#: seconds; no more than a sign that something hangs
PATIENCE = 180
_LIMITS = Limits(canary_share=0, refused_share=1)
NEWSLETTER = world.FRIDAY.model_copy(update={"limits": _LIMITS})


@dataclass
class Circle:
    """The product, its relay and its mailbox."""

    app: App

    def send(self, edition: int) -> SendingState:
        """Send one edition by way of the relay; how the sending ended."""
        now = datetime.now(UTC)
        with self.app.database.write() as session:
            planning.plan(session, edition, NEWSLETTER, sender="smtp", batch_size=25, now=now)
        sender = self.app.sender()
        try:
            return dispatch.run(
                self.app.database,
                sender,
                world.route(edition, _LIMITS, sender="smtp"),
                owner="circle",
                clock=lambda: datetime.now(UTC),
                patience=Patience(idle=60),
            ).state
        finally:
            sender.close()

    def collect(self, letters: int) -> None:
        """Look into the mailbox until so many letters have come."""
        until, found = time.monotonic() + PATIENCE, 0
        while found < letters and time.monotonic() < until:
            found += returning.collect(self.app, clock=lambda: datetime.now(UTC)).new.total()

    def edition(self, date: str) -> int:
        """A new edition of that date."""
        with self.app.database.write() as session:
            return factories.an_edition(session, date=datetime.fromisoformat(date).date()).id

    def audience(self, edition: int) -> list[str]:
        """Who gets it."""
        with self.app.database.write() as session:
            now = datetime.now(UTC)
            planning.plan(session, edition, NEWSLETTER, sender="smtp", batch_size=25, now=now)
            query = select(Subscriber.email).join(Delivery, Delivery.subscriber_id == Subscriber.id)
            query = query.where(Delivery.edition_id == edition).order_by(Subscriber.id)
            return [_name(email) for email in session.scalars(query)]

    def suppressed(self) -> dict[str, str]:
        """Who is not mailed any more → the evidence."""
        with self.app.database.read() as session:
            return {_name(row.email_key): row.note for row in session.scalars(select(Suppression))}

    def bounced(self, edition: int) -> list[str]:
        """Whose copy came back."""
        with self.app.database.read() as session:
            query = (
                select(Subscriber.email)
                .join(Progress, Progress.subscriber_id == Subscriber.id)
                .where(Progress.edition_id == edition, Progress.status == "bounced")
                .order_by(Subscriber.id)
            )
            return [_name(email) for email in session.scalars(query)]


def _name(email: str) -> str:
    return email.partition("@")[0]


Make = Callable[[int], Circle]


@pytest.fixture
def through(app: App, servers: Started) -> Iterator[Make]:
    """`through(port)` is the circle whose next hop is there; skips where a server can't be had."""
    with ExitStack() as stack:

        def make(next_hop: int) -> Circle:
            box = servers("Dovecot").box()
            try:
                relay = stack.enter_context(circle.relay(next_hop, box))
            except Missing as reason:
                pytest.skip(f"Postfix: {reason}")
            return Circle(_product(app, relay, box))

        yield make


def _product(app: App, relay: Running, box: Box) -> App:
    update = {
        "sender": "smtp",
        "smtp": Smtp(host="127.0.0.1", port=relay.port, security="none", connections=2),
        "bounces": Bounces(address=f"{box.user}@{circle.DOMAIN}"),
        "mailbox": Mailbox(
            host="127.0.0.1", port=box.server.ports.imap, security="none", username=box.user,
            password=SecretStr(PASSWORD),
        ),
    }  # fmt: skip
    with app.database.write() as session:
        world.people(session, READERS, domain=kinds.DOMAIN)
    return App(app.settings.model_copy(update=update), app.database)


@pytest.fixture
def readers_server() -> Iterator[Running]:
    """A real Postfix that knows nine in ten of the readers."""
    with ExitStack() as stack:
        try:
            yield stack.enter_context(trial.running("Postfix", READERS))
        except Missing as reason:
            pytest.skip(f"Postfix: {reason}")


def test_who_does_not_exist_is_not_in_next_fridays_audience(through: Make, readers_server: Running) -> None:
    product = through(readers_server.port)
    first, second = product.edition("2026-11-27"), product.edition("2026-12-04")
    state, unknown = product.send(first), trial.unknown(READERS)
    product.collect(len(unknown))
    assert (state, product.bounced(first), sorted(product.suppressed()), product.audience(second)) == (
        SendingState.COMPLETE, unknown, unknown, trial.valid(READERS),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("code", "words", "meaning", "harmed"),
    [
        (550, "5.1.1 no such user here", "dead", True),
        (552, "5.2.2 mailbox is full", "full", False),
        (550, "5.7.1 rejected as spam", "policy", False),
    ],
)
def test_what_the_next_hop_says_teaches_what_it_means(
    through: Make, code: int, words: str, meaning: str, harmed: bool
) -> None:
    refused = f"reader3@{kinds.DOMAIN}"

    def script(moment: Moment) -> Fault | None:
        return answer(code, words) if moment.step == "rcpt" and moment.recipient == refused else None

    with SmtpSink(script) as next_hop:
        product = through(next_hop.port)
        first, second = product.edition("2026-11-27"), product.edition("2026-12-04")
        product.send(first)
        product.collect(1)
    with product.app.database.read() as session:
        sent = session.get_one(Sending, first).state
    audience = product.audience(second)
    assert (sent, product.bounced(first), "reader3" in product.suppressed(), len(audience)) == (
        SendingState.COMPLETE, ["reader3"], harmed, READERS - harmed,
    )  # fmt: skip
