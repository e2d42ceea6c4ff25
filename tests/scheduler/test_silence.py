"""A sending's last events are heard and something is still unknown: one message to ourselves settles it."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import SecretStr
from sqlalchemy import select

from newsletter import jobs
from newsletter.app import App
from newsletter.config import SendGrid
from newsletter.delivery.ledger import silence
from newsletter.delivery.ledger.rules import Hearing
from newsletter.delivery.models import Act, Sending, Status
from newsletter.delivery.operations import audit
from newsletter.delivery.operations.balance import Balance, balance, progress
from newsletter.editions.models import State
from newsletter.rendering import proofs
from newsletter.testing.sendgrid import Fault, Lookalike, lookalike
from tests.factories import a_subscriber, an_edition
from tests.scheduler.world import Process, alarms, utc
from tests.web.site import served

NINE = utc("2021-11-26 09:00")
READERS = [f"reader{number}@example.com" for number in range(6)]
OURS = "editor@news.example.com"
QUIET = timedelta(minutes=30)


@dataclass
class Newsroom:
    """A scheduler that sends through the look-alike, and its door for events."""

    process: Process
    sendgrid: Lookalike
    edition_id: int

    def send(self, *faults: Fault) -> Balance:
        """Everything at nine; each request has two readers."""
        self.sendgrid.faults.extend(faults)
        self.process.now = NINE
        return jobs.send(
            self.process.app, self.edition_id, by="ed", owner="one", clock=lambda: self.process.now
        ).balance

    def hear(self) -> None:
        """All that SendGrid has to tell by now."""
        with served(self.process.app, lambda: self.process.now) as site:
            self.sendgrid.tell(f"{site.base_url}/hooks/sendgrid")

    def stands(self) -> Balance:
        with self.process.app.database.read() as session:
            return balance(session, self.edition_id)

    def copies(self) -> Counter[str]:
        return Counter(copy.to for copy in self.sendgrid.copies)


@pytest.fixture
def newsroom(app: App) -> Iterator[Newsroom]:
    clock = [NINE]
    with lookalike(clock=lambda: clock[0].timestamp()) as sendgrid:
        account = SendGrid(
            api_key=SecretStr(sendgrid.key),
            host=sendgrid.url,
            webhook_key=sendgrid.public_key,
            batch_size=2,
            connections=1,
        )
        friday = app.newsletter()
        friday = friday.model_copy(update={"limits": friday.limits.model_copy(update={"canary_share": 0})})
        there = {"sender": "sendgrid", "sendgrid": account, "newsletters": {"friday": friday}}
        product = App(app.settings.model_copy(update=there), app.database)
        with product.database.write() as session:
            for reader in READERS:
                a_subscriber(session, reader)
            edition = an_edition(session, state=State.APPROVED)
            proofs.make(session, edition, product.newsletter(), product.settings, now=NINE)
        yield Newsroom(_Synchronous(product, clock), sendgrid, edition.id)


class _Synchronous(Process):
    """A scheduler whose clock the provider shares."""

    def __init__(self, app: App, clock: list[datetime]) -> None:
        self._clock = clock
        super().__init__(app)

    @property
    def now(self) -> datetime:
        return self._clock[0]

    @now.setter
    def now(self, moment: datetime) -> None:
        self._clock[0] = moment


def test_after_the_canary_what_was_taken_is_accepted_and_what_was_not_goes_out_once(newsroom: Newsroom) -> None:
    sent = newsroom.send(Fault.ACCEPT_THEN_DROP, Fault.DROP)
    ticks = [newsroom.process.tick("2021-11-26 09:20"), newsroom.process.tick("2021-11-26 09:40")]
    newsroom.hear()
    ticks.append(newsroom.process.tick("2021-11-26 09:41"))

    assert sent == Balance(planned=6, accepted=2, unknown=4)
    assert ticks == [[], [f"canary {newsroom.edition_id}"], [f"dispatch {newsroom.edition_id}"]]
    assert newsroom.stands() == Balance(planned=6, accepted=6)
    assert newsroom.copies() == Counter([*READERS, OURS])


def test_the_canary_and_its_events_are_in_no_balance_and_break_no_invariant(newsroom: Newsroom) -> None:
    newsroom.send(Fault.DROP)
    newsroom.process.tick("2021-11-26 09:40")
    newsroom.hear()
    newsroom.process.tick("2021-11-26 09:41")
    newsroom.hear()
    with newsroom.process.app.database.read() as session:
        told = progress(session, newsroom.edition_id)
        found = audit.audit(session, newsroom.edition_id)
    assert (found.balance, found.violations, told) == (Balance(planned=6, accepted=6), (), {Status.DELIVERED: 6})


def test_the_canary_is_an_act_of_the_sending_and_names_no_address(newsroom: Newsroom) -> None:
    newsroom.send(Fault.DROP)
    newsroom.process.tick("2021-11-26 09:40")
    with newsroom.process.app.database.read() as session:
        act = session.scalars(select(Act).where(Act.verb == "canary")).one()
        sent_at = session.get_one(Sending, newsroom.edition_id).watermark_canary_at
    assert (act.by, act.recipients, act.at, sent_at) == ("one", 0, newsroom.process.now, newsroom.process.now)
    assert "@" not in act.reason


def test_while_nothing_is_heard_one_canary_goes_out_in_each_quiet_period(newsroom: Newsroom) -> None:
    newsroom.send(Fault.DROP)
    newsroom.process.tick_until("2021-11-26 12:00", timedelta(minutes=5))
    assert newsroom.copies()[OURS] == 5


def test_after_a_day_a_person_is_told_and_the_canaries_cease(newsroom: Newsroom) -> None:
    newsroom.send(Fault.DROP)
    assert newsroom.process.tick("2021-11-27 09:40") == []
    assert alarms(newsroom.process.app)[-1].startswith(
        "friday/2021-11-26: a day later nobody knows what became of 2 copies."
    )


def test_nothing_unknown_needs_no_canary(newsroom: Newsroom) -> None:
    newsroom.send()
    assert newsroom.process.tick("2021-11-26 12:00") == []


def test_without_a_hook_no_canary_is_sent_for_nothing_would_be_heard_of_it(newsroom: Newsroom) -> None:
    newsroom.send(Fault.DROP)
    settings = newsroom.process.app.settings
    deaf = settings.model_copy(update={"sendgrid": settings.sendgrid.model_copy(update={"webhook_key": ""})})
    assert Process(App(deaf, newsroom.process.app.database)).tick("2021-11-26 12:00") == []


def test_two_schedulers_send_one_canary(newsroom: Newsroom) -> None:
    newsroom.send(Fault.DROP)
    newsroom.process.now = utc("2021-11-26 09:40")
    product = newsroom.process.app
    found = [jobs.tick(product, now=newsroom.process.now, owner=owner) for owner in ("one", "two")]
    for owner, works in zip(("one", "two"), found, strict=True):
        for work in works:
            jobs.run(product, work, owner=owner, clock=lambda: newsroom.process.now)
    names = [[work.name for work in works if work.edition_id] for works in found]
    assert (names, newsroom.copies()[OURS]) == ([[f"canary {newsroom.edition_id}"]] * 2, 1)


def test_of_two_who_saw_the_same_silence_one_may_break_it(newsroom: Newsroom) -> None:
    newsroom.send(Fault.DROP)
    with newsroom.process.app.database.write() as session:
        (one,) = silence.waiting(session, "sendgrid")
        turns = [silence.take_turn(session, one, by=owner, now=NINE) for owner in ("one", "two")]
    assert turns == [True, False]


def test_a_seed_address_is_asked_before_an_editor(newsroom: Newsroom) -> None:
    newsroom.send(Fault.DROP)
    settings = newsroom.process.app.settings
    friday = settings.newsletters["friday"].model_copy(update={"seeds": ("seed@news.example.com",)})
    seeded = App(settings.model_copy(update={"newsletters": {"friday": friday}}), newsroom.process.app.database)
    Process(seeded).tick("2021-11-26 09:40")
    assert newsroom.copies()["seed@news.example.com"] == 1


@pytest.mark.parametrize(
    ("watermark", "trouble", "canary", "now", "stuck"),
    [
        (None, None, None, "09:31", True),
        (None, None, None, "09:30", False),  # the quiet period is not over
        ("09:05", None, None, "09:40", True),
        ("09:31", None, None, "09:40", False),  # the provider's clock has passed it
        ("09:31", "09:20", None, "09:40", False),  # the hook had trouble: it begins again from there
        ("09:31", "09:20", None, "09:51", True),
        (None, None, "09:31", "10:00", False),  # one is on its way
        (None, None, "09:31", "10:01", True),
        (None, None, "11:00", "10:00", True),  # this clock was set back
    ],
)
def test_silence_is_broken_when_it_lasts(
    watermark: str | None, trouble: str | None, canary: str | None, now: str, stuck: bool
) -> None:
    hearing = Hearing(_at(watermark), QUIET, _at(trouble))
    moment = _at(now)
    assert moment is not None
    assert hearing.is_stuck(NINE, _at(canary), moment) is stuck


def _at(text: str | None) -> datetime | None:
    return datetime.fromisoformat(f"2021-11-26 {text}").replace(tzinfo=UTC) if text else None
