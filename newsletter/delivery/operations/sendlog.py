"""The send log: for each recipient of an edition, what became of the copy, and the other side's own words."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, Select, and_, case, func, literal, select
from sqlalchemy.orm import Session

from newsletter.db import Instant, choice
from newsletter.delivery.models import Batch, BatchState, Delivery, Outcome, Progress, Sending, Status
from subscribers.models import Subscriber

#: what a batch's state means for each recipient in it that is no exception
MEANING: dict[BatchState, Status] = {
    BatchState.QUEUED: Status.PLANNED,
    BatchState.CLAIMED: Status.PLANNED,
    BatchState.SENDING: Status.SENDING,
    BatchState.ACCEPTED: Status.ACCEPTED,
    BatchState.REFUSED: Status.REFUSED,
    BatchState.UNKNOWN: Status.UNKNOWN,
    BatchState.CANCELLED: Status.SKIPPED,
}


class Place(NamedTuple):
    """A copy: where it stands in the log."""

    edition_id: int
    subscriber_id: int


@dataclass(frozen=True, slots=True)
class Line:
    """One recipient of one edition."""

    edition_id: int
    subscriber_id: int
    batch: int
    status: Status
    #: in the other side's own words, or ours where nothing was handed over
    reason: str
    #: when that was; None where nothing has happened yet
    at: datetime | None

    @property
    def place(self) -> Place:
        """Which copy it is about."""
        return Place(self.edition_id, self.subscriber_id)


def lines(
    session: Session,
    *,
    edition_id: int | None = None,
    subscriber_ids: Sequence[int] | None = None,
    statuses: Sequence[Status] = (),
    after: int = 0,
    limit: int | None = None,
) -> Iterator[Line]:
    """The log, newest edition first, in the order of subscribers' ids; of one edition, those *after* an id."""
    query = joined()
    if edition_id is not None:
        query = query.where(Delivery.edition_id == edition_id)
    if after:
        query = query.where(Delivery.subscriber_id > after)
    if subscriber_ids is not None:
        query = query.where(Delivery.subscriber_id.in_(subscriber_ids))
    if statuses:
        query = query.where(status().in_(statuses))
    rows = session.execute(query.order_by(Delivery.edition_id.desc(), Delivery.subscriber_id).limit(limit))
    for row in rows:
        yield Line(*row)


def of_reader(session: Session, subscriber_id: int, *, editions: int) -> list[Line]:
    """One reader's copies of the newest *editions* that were planned, newest first."""
    newest = select(Sending.edition_id).order_by(Sending.edition_id.desc()).limit(editions)
    query = joined().where(
        Delivery.subscriber_id == subscriber_id, Delivery.edition_id.in_(list(session.scalars(newest)))
    )
    return [Line(*row) for row in session.execute(query.order_by(Delivery.edition_id.desc()))]


def counted(edition_id: int, by: ColumnElement[str], *, letters: int) -> Select[str, Status, str, int]:
    """How many copies of an edition stand how, for each value of *by*, which may ask of `Subscriber`.

    Copies that went wrong are told apart by the first *letters* of the words about them; of the others there are none.
    """
    stands, well = status(), (Status.DELIVERED, Status.ACCEPTED, Status.PLANNED, Status.SENDING)
    told = case((stands.in_(well), ""), else_=func.substr(words(), 1, letters))
    copies = (
        select(by.label("by"), stands.label("stands"), told.label("words"))
        .select_from(Delivery)
        .join(Batch, and_(Batch.edition_id == Delivery.edition_id, Batch.number == Delivery.batch))
        .outerjoin(Outcome, _same_copy(Outcome))
        .outerjoin(Progress, _same_copy(Progress))
        .outerjoin(Subscriber, Subscriber.id == Delivery.subscriber_id)
        .where(Delivery.edition_id == edition_id)
        .subquery()
    ).c
    return select(copies.by, copies.stands, copies.words, func.count()).group_by(copies.by, copies.stands, copies.words)


def joined() -> Select[int, int, int, Status, str, datetime | None]:
    """What makes lines, of all editions and in no order."""
    return (
        select(
            Delivery.edition_id,
            Delivery.subscriber_id,
            Delivery.batch,
            status().label("status"),
            words().label("reason"),
            moment().label("at"),
        )
        .join(Batch, and_(Batch.edition_id == Delivery.edition_id, Batch.number == Delivery.batch))
        .outerjoin(Outcome, _same_copy(Outcome))
        .outerjoin(Progress, _same_copy(Progress))
    )


def _same_copy(table: type[Outcome] | type[Progress]) -> ColumnElement[bool]:
    return and_(table.edition_id == Delivery.edition_id, table.subscriber_id == Delivery.subscriber_id)


def status() -> ColumnElement[Status]:
    """Where a copy stands, in `joined`."""
    kind = choice(Status)
    by_batch = case(*((Batch.state == state, literal(status, kind)) for state, status in MEANING.items()))
    return func.coalesce(Progress.status, Outcome.status, by_batch, type_=kind)


def words() -> ColumnElement[str]:
    """The words about it."""
    told = case((Progress.status.is_not(None), Progress.reason), else_=func.coalesce(Outcome.reason, Batch.reply))
    return func.coalesce(told, "")


def moment() -> ColumnElement[datetime]:
    """When that was; NULL where nothing has happened yet."""
    return func.coalesce(Progress.at, Outcome.at, Batch.settled_at, Batch.fenced_at, type_=Instant)
