"""What went wrong with copies of an edition, by reason and by domain: only those are read, however many went well."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, literal, select
from sqlalchemy.orm import Session

from newsletter.db import choice
from newsletter.delivery.models import Batch, BatchState, Delivery, Outcome, Progress, Status
from newsletter.tracking.reports import grounds
from newsletter.tracking.reports.grounds import Ground
from subscribers import domains
from subscribers.models import Subscriber

#: so much of the words about a copy tells one reason from another
_LETTERS = 120
#: domains that are named
_NAMED = 25
#: what the other side told of a copy that it had taken
_TOLD = (Status.DEFERRED, Status.BOUNCED, Status.DROPPED, Status.COMPLAINED)
#: batches of which all but the exceptions share a bad fate
_WHOLE = {BatchState.REFUSED: Status.REFUSED, BatchState.UNKNOWN: Status.UNKNOWN}

Row = tuple[str, Status, str, int]


@dataclass(frozen=True, slots=True)
class Trouble:
    """One domain, and what went wrong there."""

    #: empty for readers who were erased
    domain: str
    copies: int
    by_status: Mapping[Status, int]


@dataclass(frozen=True, slots=True)
class Failures:
    """All of it; who was skipped by our own rules has a reason, and is no domain's trouble."""

    reasons: Sequence[Ground]
    domains: Sequence[Trouble]
    #: domains that are not named, and their copies
    others: int
    others_copies: int


def of(session: Session, edition_id: int) -> Failures:
    """What went wrong with the copies of an edition so far."""
    rows = list(_rows(session, edition_id))
    troubles = _by_domain(row for row in rows if row[1] is not Status.SKIPPED)
    rest = troubles[_NAMED:]
    return Failures(grounds.of(rows), troubles[:_NAMED], len(rest), sum(one.copies for one in rest))


def _rows(session: Session, edition_id: int) -> Iterator[Row]:
    """(domain, status, words, copies): what was told last of a copy counts, then its own outcome, then its batch's."""
    for query in _queries(edition_id, domains.domain(session)):
        copies = query.subquery().c
        by = (copies.domain, copies.status, copies.words)
        yield from map(_row, session.execute(select(*by, func.count()).group_by(*by)))


def _row(row: Any) -> Row:
    domain, status, words, copies = row
    return domain, Status(status), words, copies


def _queries(edition_id: int, domain: ColumnElement[str]) -> Iterator[Select[*tuple[Any, ...]]]:
    """Copies that went wrong; no copy is in two of them."""
    where = domain.label("domain")
    yield (
        select(where, Progress.status.label("status"), _first(Progress.reason))
        .select_from(Progress)
        .outerjoin(Subscriber, Subscriber.id == Progress.subscriber_id)
        .where(Progress.edition_id == edition_id, Progress.status.in_(_TOLD))
    )
    told = and_(Progress.edition_id == Outcome.edition_id, Progress.subscriber_id == Outcome.subscriber_id)
    yield (
        select(where, Outcome.status.label("status"), _first(Outcome.reason))
        .select_from(Outcome)
        .outerjoin(Subscriber, Subscriber.id == Outcome.subscriber_id)
        .outerjoin(Progress, told)
        .where(Outcome.edition_id == edition_id, Progress.subscriber_id.is_(None))
    )
    for state, status in _WHOLE.items():
        yield (
            select(where, literal(status, choice(Status)).label("status"), _first(Batch.reply))
            .select_from(Batch)
            .join(Delivery, and_(Delivery.edition_id == Batch.edition_id, Delivery.batch == Batch.number))
            .outerjoin(Outcome, _same_copy(Outcome))
            .outerjoin(Progress, _same_copy(Progress))
            .outerjoin(Subscriber, Subscriber.id == Delivery.subscriber_id)
            .where(Batch.edition_id == edition_id, Batch.state == state)
            .where(Outcome.subscriber_id.is_(None), Progress.subscriber_id.is_(None))
        )


def _same_copy(table: type[Outcome] | type[Progress]) -> ColumnElement[bool]:
    return and_(table.edition_id == Delivery.edition_id, table.subscriber_id == Delivery.subscriber_id)


def _first(words: Any) -> ColumnElement[str]:
    return func.substr(words, 1, _LETTERS).label("words")


def _by_domain(rows: Iterator[Row]) -> list[Trouble]:
    found: dict[str, dict[Status, int]] = {}
    for domain, status, _, copies in rows:
        by_status = found.setdefault(domain, {})
        by_status[status] = by_status.get(status, 0) + copies
    troubles = [
        Trouble(domain, sum(counts.values()), {status: counts[status] for status in Status if status in counts})
        for domain, counts in found.items()
    ]
    return sorted(troubles, key=lambda one: (-one.copies, one.domain))
