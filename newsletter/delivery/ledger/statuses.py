"""What providers tell of a copy after they took it: what may follow what, whatever the order it is heard in."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, case, or_, select, tuple_
from sqlalchemy.orm import Session

from newsletter.delivery.models import Delivery, Progress, Status
from subscribers.rows import upsert

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


@dataclass(frozen=True, slots=True)
class Move:
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


def advance_all(session: Session, moves: Iterable[Move]) -> int:
    """Note many moves in one statement; returns how many copies of ours they are about."""
    newest: dict[tuple[int, int], Move] = {}
    for move in moves:
        key = (move.edition_id, move.subscriber_id)
        newest[key] = later(newest.get(key), move)
    ours = _ours(session, list(newest))
    rows = [
        {
            "edition_id": move.edition_id,
            "subscriber_id": move.subscriber_id,
            "status": move.status,
            "reason": move.reason,
            "at": move.at,
        }
        for key, move in newest.items()
        if key in ours
    ]
    if rows:
        _upsert(session, rows)
    return len(rows)


def _same(known: Move, news: Move) -> Move:
    """Of two deferrals the later one, of anything else the earlier one."""
    if known.status is Status.DEFERRED:
        return max(known, news, key=lambda move: (move.at, move.reason))
    return min(known, news, key=lambda move: (move.at, move.reason))


def _ours(session: Session, keys: Sequence[tuple[int, int]]) -> set[tuple[int, int]]:
    """Those of *keys* that the ledger has a row for."""
    found: set[tuple[int, int]] = set()
    pair = tuple_(Delivery.edition_id, Delivery.subscriber_id)
    for start in range(0, len(keys), 1000):
        rows = session.execute(
            select(Delivery.edition_id, Delivery.subscriber_id).where(pair.in_(keys[start : start + 1000]))
        )
        found.update((edition_id, subscriber_id) for edition_id, subscriber_id in rows)
    return found


def _upsert(session: Session, rows: Sequence[dict[str, object]]) -> None:
    statement = upsert(session, Progress)
    news = statement.excluded
    session.execute(
        statement.on_conflict_do_update(
            index_elements=[Progress.edition_id, Progress.subscriber_id],
            set_={"status": news.status, "reason": news.reason, "at": news.at},
            where=_moves(news.status, news.at, news.reason),
        ),
        rows,
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
