"""Two schedulers, four workers, one clock that is set back: one edition, and each reader has one copy."""

import time
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from threading import Barrier, Thread

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter import db, jobs
from newsletter.app import App
from newsletter.config import Settings, Smtp
from newsletter.delivery.models import Batch
from newsletter.delivery.operations.audit import audit
from newsletter.delivery.operations.balance import Balance
from newsletter.editions.models import Edition, Slot, SlotState, State
from newsletter.testing.smtp_sink import SmtpSink
from newsletter.testing.wire_faults import at, delay
from tests.delivery.world import people
from tests.scheduler.world import HOUR, a_week, edition, utc

#: more than one worker claims ahead
READERS = 5000


class Clock:
    """A clock that is right until somebody sets it back, in the middle of the sending."""

    def __init__(self, sink: SmtpSink, *, wrong: bool) -> None:
        self._sink, self._wrong = sink, wrong
        self.now = utc("2021-11-25 15:00")

    def __call__(self) -> datetime:
        set_back = self._wrong and len(self._sink.taken) > READERS // 4
        return self.now - HOUR if set_back else self.now


@pytest.fixture
def sink() -> Iterator[SmtpSink]:
    """A mail server that takes its time, so that there is a middle."""
    with SmtpSink(at("message", delay(0.001)), keep=False) as sink:
        yield sink


@pytest.fixture
def products(app: App, settings: Settings, sink: SmtpSink) -> Iterator[list[App]]:
    """The product four times on one database, as four processes would have it."""
    a_week(app, readers=0)
    with app.database.write() as session:
        people(session, READERS)
    server = Smtp(host="127.0.0.1", port=sink.port, security="none", connections=2, batch_size=25)
    friday = settings.newsletters["friday"].model_copy(update={"editors": ()})
    there = settings.model_copy(update={"sender": "smtp", "smtp": server, "newsletters": {"friday": friday}})
    found = [App(there, db.connect(settings.database_url)) for _ in range(4)]
    yield found
    for product in found:
        product.close()


def test_two_schedulers_and_four_workers_make_one_edition_and_give_each_reader_one_copy(
    products: list[App], sink: SmtpSink
) -> None:
    clocks = [Clock(sink, wrong=number == 1) for number in range(4)]
    for moment in ("2021-11-25 15:00", "2021-11-25 16:00", "2021-11-26 08:00"):
        together(products[:2], clocks, moment)
        if moment == "2021-11-25 16:00":
            jobs.approve(products[0], edition(products[0]).id, by="ed", now=utc(moment))
    together(products, clocks, "2021-11-26 09:00")
    together(products, clocks, "2021-11-26 09:30")

    with products[0].database.read() as session:
        states = session.scalars(select(Edition.state)).all()
        slots = session.scalars(select(Slot.state)).all()
        audited, senders = audit(session, edition(products[0]).id), _processes(session)
    assert (states, slots) == ([State.SENT], [SlotState.DONE] * 3)
    assert (audited.balance, audited.violations) == (Balance(planned=READERS, accepted=READERS), ())
    assert len(senders) > 1
    assert Counter(sink.recipients()) == Counter(f"reader{number}@example.com" for number in range(READERS))


def together(products: list[App], clocks: list[Clock], moment: str) -> None:
    """All of them tick and do what they find, at once, until nothing is left to do."""
    barrier = Barrier(len(products))
    for clock in clocks:
        clock.now = utc(moment)
    threads = [
        Thread(target=_take_part, args=(product, clock, f"process {number}", barrier))
        for number, (product, clock) in enumerate(zip(products, clocks, strict=False))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _take_part(product: App, clock: Clock, owner: str, barrier: Barrier) -> None:
    """As a scheduler does, but one thing after the other; at nine it goes on until the edition is sent."""
    barrier.wait()
    for _ in range(100):
        for work in jobs.tick(product, now=clock(), owner=owner):
            follows = jobs.run(product, work, owner=owner, clock=clock)
            if follows is not None:
                jobs.run(product, follows, owner=owner, clock=clock)
        if clock.now.hour != 9 or edition(product).state is State.SENT:
            return
        time.sleep(0.1)


def _processes(session: Session) -> set[str]:
    """Who handed something over."""
    return {owner.partition("#")[0] for owner in session.scalars(select(Batch.owner).distinct())}
