"""The proof: recount an edition from its rows and its events, and say in words what does not add up."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import ColumnElement, FromClause, Select, and_, exists, func, or_, select
from sqlalchemy.orm import Session

from newsletter.delivery.ledger import rules
from newsletter.delivery.models import Batch, BatchState, Delivery, Outcome, Progress, Sending, SendingState, Status
from newsletter.delivery.operations.balance import Balance, balance
from subscribers.models import Consent, Subscription

#: subscriber id and attempt of each event by which the provider says that it took a copy of the edition
Heard = Select[int | None, str]

#: clocks of several machines, and the moment between a click and its commit
_GRACE = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Violation:
    """An invariant that does not hold."""

    invariant: str
    text: str


@dataclass(frozen=True, slots=True)
class Audit:
    """What a recount came to."""

    balance: Balance
    violations: tuple[Violation, ...]


def audit(session: Session, edition_id: int, heard: Heard | None = None) -> Audit:
    """Recount the edition; *heard* is what events say, where there are any."""
    stands = balance(session, edition_id)
    found = [violation for check in _CHECKS for violation in check(session, edition_id)]
    found += _check_events(session, edition_id, heard) if heard is not None else ()
    if not stands.holds:
        found.append(Violation("I4", f"the balance does not hold: {stands}"))
    return Audit(stands, tuple(sorted(found, key=lambda violation: violation.invariant)))


def _one_row_each(session: Session, edition_id: int) -> Iterator[Violation]:
    rows, people = session.execute(
        select(func.count(), func.count(Delivery.subscriber_id.distinct())).where(Delivery.edition_id == edition_id)
    ).one()
    if rows != people:
        yield Violation("I1", f"{rows} rows for {people} readers: somebody has more than one")


def _nothing_open_when_complete(session: Session, edition_id: int) -> Iterator[Violation]:
    sending = session.get_one(Sending, edition_id)
    still = _recipients(session, edition_id, Batch.state.in_(rules.OPEN))
    if still and sending.state in (SendingState.COMPLETE, SendingState.CANCELLED) and sending.complete_at:
        yield Violation("I2", f"marked complete while {still} are still to do")


def _frozen_audience(session: Session, edition_id: int) -> Iterator[Violation]:
    planned = session.get_one(Sending, edition_id).planned
    rows = _count(session, select(Delivery.subscriber_id).where(Delivery.edition_id == edition_id))
    if rows != planned:
        yield Violation("I4", f"{planned} were planned but there are {rows} rows")


def _batches_hold_what_they_say(session: Session, edition_id: int) -> Iterator[Violation]:
    rows = (
        select(Delivery.batch, func.count().label("size"))
        .where(Delivery.edition_id == edition_id)
        .group_by(Delivery.batch)
        .subquery()
    )
    size = func.coalesce(rows.c.size, 0)
    yield from _wrong_batches(session, edition_id, rows, Batch.size != size, "say another size than they have rows")
    homeless = (
        select(Delivery.subscriber_id)
        .outerjoin(Batch, and_(Batch.edition_id == Delivery.edition_id, Batch.number == Delivery.batch))
        .where(Delivery.edition_id == edition_id, Batch.number.is_(None))
    )
    if lost := _count(session, homeless):
        yield Violation("I4", f"{lost} readers are in batches that do not exist")


def _exceptions_are_counted(session: Session, edition_id: int) -> Iterator[Violation]:
    for status, counted in ((Status.SKIPPED, Batch.skipped), (Status.REFUSED, Batch.refused)):
        rows = (
            select(Delivery.batch, func.count().label("size"))
            .join(Outcome, _same_reader(Outcome))
            .where(Delivery.edition_id == edition_id, Outcome.status == status)
            .group_by(Delivery.batch)
            .subquery()
        )
        wrong = counted != func.coalesce(rows.c.size, 0)
        yield from _wrong_batches(session, edition_id, rows, wrong, f"count other numbers of {status} than they have")


def _wrong_batches(
    session: Session, edition_id: int, rows: FromClause, wrong: ColumnElement[bool], what: str
) -> Iterator[Violation]:
    numbers = session.scalars(
        select(Batch.number)
        .outerjoin(rows, rows.c.batch == Batch.number)
        .where(Batch.edition_id == edition_id, wrong)
        .order_by(Batch.number)
        .limit(10)
    ).all()
    if numbers:
        yield Violation("I4", f"batches {', '.join(map(str, numbers))} {what}")


def _only_drawn_edges(session: Session, edition_id: int) -> Iterator[Violation]:
    """A batch shows which way it came: past the fence with an attempt, or by somebody's word."""
    impossible: list[tuple[ColumnElement[bool], str]] = [
        (and_(Batch.state == BatchState.CLAIMED, Batch.owner == ""), "are claimed by nobody"),
        (and_(Batch.state.in_(rules.LEASE_OVER), Batch.lease_until.is_(None)), "are held without a lease"),
        (and_(Batch.state == BatchState.SENDING, Batch.attempt == ""), "are being sent without an attempt"),
        (and_(Batch.state == BatchState.REFUSED, Batch.attempts == 0), "were refused before they were sent"),
    ]
    for wrong, what in impossible:
        numbers = session.scalars(
            select(Batch.number).where(Batch.edition_id == edition_id, wrong).order_by(Batch.number).limit(10)
        ).all()
        if numbers:
            yield Violation("I6", f"batches {', '.join(map(str, numbers))} {what}")


def _nobody_who_had_left(session: Session, edition_id: int) -> Iterator[Violation]:
    """Readers who are on no list any more, since before their batch passed the fence, and were sent to all the same."""
    other = Subscription.__table__.alias("other")
    stayed = exists().where(other.c.subscriber_id == Delivery.subscriber_id, other.c.consent == Consent.CONFIRMED)
    left = (
        select(Delivery.subscriber_id)
        .join(Batch, and_(Batch.edition_id == Delivery.edition_id, Batch.number == Delivery.batch))
        .join(Subscription, Subscription.subscriber_id == Delivery.subscriber_id)
        .outerjoin(Outcome, _same_reader(Outcome))
        .where(
            Delivery.edition_id == edition_id,
            Batch.state == BatchState.ACCEPTED,
            Outcome.subscriber_id.is_(None),
            ~stayed,
        )
        .group_by(Delivery.subscriber_id, Batch.fenced_at)
    )
    # the database subtracts no intervals the same way on both, so the last step is ours
    rows = session.execute(left.add_columns(func.max(Subscription.changed_at), Batch.fenced_at))
    wrong = sum(1 for _, changed, fenced in rows if fenced is not None and changed < fenced - _GRACE)
    if wrong:
        yield Violation("I9", f"{wrong} readers had left before the fence and were sent to all the same")


def _progress_is_of_the_audience(session: Session, edition_id: int) -> Iterator[Violation]:
    strangers = (
        select(Progress.subscriber_id)
        .outerjoin(
            Delivery,
            and_(Delivery.edition_id == Progress.edition_id, Delivery.subscriber_id == Progress.subscriber_id),
        )
        .where(Progress.edition_id == edition_id, Delivery.subscriber_id.is_(None))
    )
    if count := _count(session, strangers):
        yield Violation("I7", f"{count} readers have a status but were never planned")


_CHECKS: tuple[Callable[[Session, int], Iterator[Violation]], ...] = (
    _one_row_each,
    _nothing_open_when_complete,
    _frozen_audience,
    _batches_hold_what_they_say,
    _exceptions_are_counted,
    _only_drawn_edges,
    _nobody_who_had_left,
    _progress_is_of_the_audience,
)


def _check_events(session: Session, edition_id: int, heard: Heard) -> list[Violation]:
    """What the provider says it took, against what the ledger says."""
    events = heard.subquery()
    subscriber_id, attempt = events.c[0], events.c[1]
    found = []
    doubled = select(subscriber_id).group_by(subscriber_id).having(func.count(attempt.distinct()) > 1)
    if count := _count(session, doubled):
        found.append(
            Violation("I1", f"{count} readers have events of more than one hand-over: they may have two copies")
        )
    placed = (
        select(subscriber_id)
        .outerjoin(Delivery, and_(Delivery.edition_id == edition_id, Delivery.subscriber_id == subscriber_id))
        .outerjoin(Batch, and_(Batch.edition_id == edition_id, Batch.number == Delivery.batch))
        .outerjoin(Outcome, _same_reader(Outcome))
        .distinct()
    )
    if count := _count(session, placed.where(Delivery.subscriber_id.is_(None))):
        found.append(Violation("I3", f"{count} readers have events but were never planned"))
    not_sent = or_(
        Outcome.subscriber_id.is_not(None),
        Batch.state.in_((BatchState.QUEUED, BatchState.CLAIMED, BatchState.REFUSED, BatchState.CANCELLED)),
    )
    if count := _count(session, placed.where(Delivery.subscriber_id.is_not(None), not_sent)):
        found.append(Violation("I3", f"{count} readers have events though the ledger says they were not sent to"))
    if count := _count(session, placed.where(Batch.state == BatchState.UNKNOWN, Outcome.subscriber_id.is_(None))):
        found.append(Violation("I5", f"{count} readers are unknown though events prove their copies"))
    return found


def _same_reader(table: type[Outcome]) -> ColumnElement[bool]:
    return and_(table.edition_id == Delivery.edition_id, table.subscriber_id == Delivery.subscriber_id)


def _recipients(session: Session, edition_id: int, condition: ColumnElement[bool]) -> int:
    left = func.sum(Batch.size - Batch.skipped - Batch.refused)
    return int(session.scalar(select(left).where(Batch.edition_id == edition_id, condition)) or 0)


def _count(session: Session, query: Select[int]) -> int:
    return session.scalar(select(func.count()).select_from(query.subquery())) or 0
