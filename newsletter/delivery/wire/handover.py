"""One batch's way: out of the ledger, to the sender, and the answer back; threads and workers share it."""

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from newsletter import logs
from newsletter.delivery.ledger import claiming, recording, rules
from newsletter.delivery.ledger.claiming import Claim, Fenced
from newsletter.delivery.models import Sending, SendingState
from newsletter.delivery.operations import controls
from newsletter.delivery.pace.throttle import Throttle
from newsletter.delivery.wire import teaching
from newsletter.delivery.wire.blackbox import BlackBox
from newsletter.delivery.wire.parcel import Parcel, Report, Sender, Words
from newsletter.delivery.wire.stock import AHEAD, Stock
from newsletter.delivery.wire.teaching import Learn
from newsletter.errors import Blocked, Delivery, Refused, Unavailable, Unknown
from newsletter.rendering.mould import Mould, Reader
from subscribers.audience import Person

log = logs.get_logger(__name__)

#: seconds by which a lease outlasts the sender's own deadline
MARGIN = 30.0


@dataclass(frozen=True, slots=True)
class Route:
    """What sending needs to know of one edition."""

    edition_id: int
    #: the newsletter's lists, for the last look at who may be mailed
    lists: Sequence[str]
    mould: Mould
    #: a subscriber as the mould wants them, with their token
    reader: Callable[[Person], Reader]
    throttle: Throttle
    #: the edition's date: who has paused beyond it is left out
    day: date = date.max
    #: who keeps what refusals say about people
    learn: Learn = teaching.forget


@dataclass(frozen=True, slots=True)
class Answer:
    """What a hand-over came to: a report on each recipient, or one word for all of them."""

    report: Report | None = None
    failure: Delivery | None = None

    @property
    def nothing_was_sent(self) -> bool:
        """Whether the other side is not taking anything at the moment."""
        return isinstance(self.failure, Unavailable)

    @property
    def taken_whole(self) -> bool:
        """Whether the other side took the batch without an exception."""
        report = self.report
        return report is not None and not (report.refused or report.again or report.unknown)

    @property
    def stop(self) -> Blocked | None:
        """Why the sending must stop until a person mends it; None where it need not."""
        if self.report is not None:
            return self.report.blocked
        return self.failure if isinstance(self.failure, Blocked) else None


def lease_for(sender: Sender) -> timedelta:
    """Longer than the sender can take, whatever the other side does."""
    return timedelta(seconds=sender.deadline + MARGIN)


@dataclass(frozen=True, slots=True)
class Taken:
    """Batches past the fence, and how long to wait where a limit kept others back, in seconds."""

    fenced: tuple[Fenced, ...] = ()
    wait: float = 0.0


def take(
    session: Session,
    sender: Sender,
    route: Route,
    *,
    owner: str,
    limit: int,
    now: datetime,
    stock: Stock | None = None,
) -> Taken:
    """Claim and fence up to *limit* batches in one transaction; commit it before handing any of them over.

    From *stock* come those that were claimed ahead.
    """
    lease = lease_for(sender)
    stock = stock or Stock(route.edition_id, owner=owner, batch_size=AHEAD)
    waits: list[float] = []
    taken: list[Fenced] = []
    for lane in route.throttle.lanes:
        room = route.throttle.room(session, lane, now=now)
        waits.append(room.wait)
        claims = stock.take(session, lane, limit=limit - len(taken), room=room, now=now)
        taken += _pass(session, route, claims, lane, lease=lease, now=now)
    return Taken(tuple(taken), min((wait for wait in waits if wait), default=0.0))


def _pass(
    session: Session, route: Route, claims: Sequence[Claim], lane: str, *, lease: timedelta, now: datetime
) -> list[Fenced]:
    """Through the fence, and out of the buckets."""
    fenced = claiming.fence(session, claims, lists=route.lists, lease=lease, now=now, day=route.day)
    messages = sum(len(batch.people) for batch in fenced)
    if messages:
        route.throttle.spend(session, lane, messages, now=now)
    return fenced


def parcel(route: Route, fenced: Fenced, deadline: float, box: BlackBox | None = None) -> Parcel:
    """What the sender is given, with a page of *box*; raises Unavailable where *deadline* (monotonic) is over.

    Past it the lease might end while bytes are on the wire: a machine that was asleep wakes up here.
    """
    readers = [route.reader(person) for person in fenced.people]
    page = None
    if box is not None:
        page = box.page(fenced.attempt, [person.id for person in fenced.people])
    made = Parcel(fenced.edition_id, fenced.number, fenced.attempt, route.mould, readers, page)
    if time.monotonic() > deadline:
        raise Unavailable("held up between the fence and the wire", retry_after=0)
    return made


def send(sender: Sender, route: Route, fenced: Fenced, deadline: float, box: BlackBox | None = None) -> Report:
    """Give the batch to the sender, outside any transaction, unless *deadline* is over; raises what it raises."""
    given = parcel(route, fenced, deadline, box)
    try:
        report = sender.send(given)
    except Delivery as failure:
        if given.page is not None:
            given.page.failed(failure)
        raise
    if given.page is not None:
        given.page.told(report)
    return report


def answer(fenced: Fenced, outcome: Callable[[], Report]) -> Answer:
    """What a hand-over's *outcome*, a report or an exception, says of it."""
    try:
        return Answer(report=outcome())
    except Delivery as failure:
        return Answer(failure=failure)
    except Exception as error:
        log.exception("sender.failed", edition=fenced.edition_id, batch=fenced.number)
        return Answer(failure=Unknown(f"{type(error).__name__}: {error}"))


def write_all(
    session: Session, route: Route, answers: Sequence[tuple[Fenced, Answer]], *, now: datetime, rng: random.Random
) -> int:
    """Write down *answers*, the plain ones in one go; returns how many recipients were settled by them."""
    whole = [(fenced, answer.report) for fenced, answer in answers if answer.report and answer.taken_whole]
    recorded = recording.accept(session, whole, now=now)
    for fenced, _ in whole:
        if fenced.attempt not in recorded:
            _too_late(session, fenced)
    settled = sum(len(fenced.people) for fenced, _ in whole if fenced.attempt in recorded)
    others = [(fenced, answer) for fenced, answer in answers if not answer.taken_whole]
    return settled + sum(write(session, route, fenced, answer, now=now, rng=rng) for fenced, answer in others)


def write(session: Session, route: Route, fenced: Fenced, answer: Answer, *, now: datetime, rng: random.Random) -> int:
    """Write down *answer*; returns how many recipients were settled by it."""
    if answer.stop is not None:
        _stop(session, fenced, answer.stop, now=now)
    if answer.report is not None and answer.taken_whole:
        recorded, settled = bool(recording.accept(session, [(fenced, answer.report)], now=now)), len(fenced.people)
    elif answer.report is not None:
        recorded = recording.record(session, fenced, answer.report, now=now, rng=rng)
        if recorded and (refusals := teaching.refusals(fenced, answer.report)):
            route.learn(session, refusals, now=now)
        settled = len(fenced.people) - len(answer.report.again)
    else:
        if isinstance(answer.failure, Unavailable) and answer.failure.retry_after:
            route.throttle.hold(session, answer.failure.retry_after, now=now)
        recorded = _write_failure(session, fenced, answer.failure, now=now, rng=rng)
        settled = 0 if answer.nothing_was_sent or answer.stop else len(fenced.people)
    if not recorded:
        _too_late(session, fenced)
    return settled if recorded else 0


def _too_late(session: Session, fenced: Fenced) -> None:
    """Events are quick: where one has proved this very attempt, our own answer is only old news."""
    say = log.info if recording.is_proved(session, fenced) else log.error
    say("answer.too_late", edition=fenced.edition_id, batch=fenced.number, attempt=fenced.attempt)


def _write_failure(
    session: Session, fenced: Fenced, failure: Delivery | None, *, now: datetime, rng: random.Random
) -> bool:
    words = _words(failure)
    match failure:
        case Blocked():
            return recording.put_off(session, fenced, words, until=now, now=now)
        case Unavailable(tried=False):
            soon = now + rules.backoff(1, rng.random())
            return recording.put_off(session, fenced, words, until=soon, now=now)
        case Unavailable():
            until = recording.retry_at(fenced, failure.retry_after, now=now, rng=rng)
            return recording.requeue(session, fenced, words, until=until, now=now)
        case Refused():
            return recording.refuse(session, fenced, words, now=now)
        case _:
            return recording.lose(session, fenced, words, now=now)


def _stop(session: Session, fenced: Fenced, why: Blocked, *, now: datetime) -> None:
    """No reader is at fault, and no other would fare better: what was not taken is kept, and the sending stops."""
    if session.get_one(Sending, fenced.edition_id).state is SendingState.RUNNING:
        controls.pause(session, fenced.edition_id, by="circuit breaker", reason=str(why), now=now)


def _words(failure: Delivery | None) -> Words:
    if failure is None:
        return Words("no answer")
    return Words(failure.reply or str(failure), failure.code)
