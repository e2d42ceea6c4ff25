"""What providers tell of a copy after they took it: what may follow what, whatever the order it is heard in."""

from collections.abc import Iterable
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

import orjson
from sqlalchemy import ColumnElement, and_, case, delete, or_, select
from sqlalchemy.orm import Session

from newsletter.delivery.models import Delivery, Progress, Status
from subscribers import rows
from subscribers.types import instant_text

#: from → to; anything else is old news, kept as an event and moving nothing.
#: "Delivered" is not the end: some servers accept first and refuse later, and readers complain later still.
MAY_FOLLOW: dict[Status | None, frozenset[Status]] = {
    None: frozenset({Status.DEFERRED, Status.DROPPED, Status.DELIVERED, Status.BOUNCED, Status.COMPLAINED}),
    Status.DEFERRED: frozenset({Status.DROPPED, Status.DELIVERED, Status.BOUNCED, Status.COMPLAINED}),
    Status.DROPPED: frozenset({Status.DELIVERED, Status.BOUNCED, Status.COMPLAINED}),
    Status.DELIVERED: frozenset({Status.BOUNCED, Status.COMPLAINED}),
    Status.BOUNCED: frozenset({Status.COMPLAINED}),
    Status.COMPLAINED: frozenset(),
}


class Move(NamedTuple):
    """News of one copy, at the provider's own time."""

    edition_id: int
    subscriber_id: int
    status: Status
    reason: str
    at: datetime


def later(known: Move | None, news: Move) -> Move:
    """What stands after *news*: the same whichever of the two came first."""
    if known is None or news.status in MAY_FOLLOW[known.status]:
        return news
    if news.status is not known.status:
        return known
    return _same(known, news)


def advance(
    session: Session, edition_id: int, subscriber_id: int, status: Status, *, reason: str, at: datetime
) -> None:
    """Note that one copy is now *status*, unless that is old news or was never ours."""
    advance_all(session, [Move(edition_id, subscriber_id, status, reason, at)])


def advance_all(session: Session, moves: Iterable[Move]) -> None:
    """Note many moves in one statement; what is about no copy of ours is left out."""
    newest: dict[tuple[int, int], Move] = {}
    for move in moves:
        key = (move.edition_id, move.subscriber_id)
        known = newest.get(key)
        newest[key] = move if known is None else later(known, move)
    if newest:
        connection = session.connection()
        dialect = connection.dialect.name
        texts = {
            id(at): instant_text(at, dialect) for at in {id(move.at): move.at for move in newest.values()}.values()
        }
        told = [(*move[:4], texts[id(move[4])]) for move in newest.values()]
        connection.execute(_statement(dialect), {"told": orjson.dumps(told).decode()})


def restate(session: Session, edition_id: int, subscriber_id: int, moves: Iterable[Move]) -> None:
    """Let one copy stand as *moves* alone say: something that was said of it is taken back."""
    session.execute(delete(Progress).where(Progress.edition_id == edition_id, Progress.subscriber_id == subscriber_id))
    advance_all(session, moves)


def _same(known: Move, news: Move) -> Move:
    """Of two deferrals the later one, of anything else the earlier one."""
    if known.status is Status.DEFERRED:
        return max(known, news, key=lambda move: (move.at, move.reason))
    return min(known, news, key=lambda move: (move.at, move.reason))


@cache  # to build it takes longer than to run it
def _statement(dialect: str) -> Any:
    """The upsert of moves, which come in the parameter "told" as JSON, an array of arrays."""
    told, (edition_id, subscriber_id, *rest) = rows.told(
        dialect, Delivery.edition_id, Delivery.subscriber_id, Progress.status, Progress.reason, Progress.at
    )
    ours = (
        select(edition_id, subscriber_id, *rest)
        .select_from(told)
        .join(Delivery, and_(Delivery.edition_id == edition_id, Delivery.subscriber_id == subscriber_id))
        # always in the same order, so that two posts at once can't block each other
        .order_by(edition_id, subscriber_id)
    )
    statement = rows.insert(dialect, Progress).from_select(
        ["edition_id", "subscriber_id", "status", "reason", "at"], ours
    )
    news = statement.excluded
    return statement.on_conflict_do_update(
        index_elements=[Progress.edition_id, Progress.subscriber_id],
        set_={"status": news.status, "reason": news.reason, "at": news.at},
        where=_moves(news.status, news.at, news.reason),
    )


def _moves(
    status: ColumnElement[Status], at: ColumnElement[datetime], reason: ColumnElement[str]
) -> ColumnElement[bool]:
    """`later` as SQL."""
    follows = case(
        # not IN, whose list can't be expanded when many rows are written at once
        *(
            (Progress.status == known, or_(*(status == one for one in sorted(after))))
            for known, after in MAY_FOLLOW.items()
            if known and after
        ),
        else_=False,
    )
    return or_(
        follows,
        and_(
            status == Progress.status,
            case(
                (status == Status.DEFERRED, or_(at > Progress.at, and_(at == Progress.at, reason > Progress.reason))),
                else_=or_(at < Progress.at, and_(at == Progress.at, reason < Progress.reason)),
            ),
        ),
    )
