"""What settles a batch besides its own worker: the end of a lease, an event, silence, an operator's restore."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, func, or_, select, update
from sqlalchemy.orm import Session

from newsletter.delivery.ledger import recording, rules
from newsletter.delivery.ledger.owners import is_dead
from newsletter.delivery.ledger.rules import Hearing
from newsletter.delivery.models import Act, Batch, BatchState, Delivery, Sending, SendingState

#: copies that were proved one by one share batches of at most so many
_PROVED_TOGETHER = 1000
_AT_ONCE = 1000
_ONE_BY_ONE = "proved by its own event"
_BATCH: Any = Batch.__table__


def expire(session: Session, *, now: datetime, edition_id: int | None = None) -> int:
    """End the leases that are over, or whose owner is known to be dead; returns how many batches that were.

    Claimed goes back to the queue; sending becomes unknown.
    """
    # a complete sending holds no lease, and most sendings are complete
    open_ones = select(Sending.edition_id).where(Sending.state != SendingState.COMPLETE)
    here = [Batch.edition_id.in_(open_ones) if edition_id is None else Batch.edition_id == edition_id]
    owners = session.scalars(select(Batch.owner).where(*here, Batch.state.in_(rules.LEASE_OVER)).distinct()).all()
    dead = [owner for owner in owners if is_dead(owner)]
    ended = 0
    for state, after in rules.LEASE_OVER.items():
        values: dict[str, object] = {"state": after}
        if after is BatchState.UNKNOWN:
            values |= {"settled_at": now, "reply": "no answer: the sending process ended"}
        rows = session.execute(
            update(Batch)
            .where(*here, Batch.state == state, or_(Batch.lease_until <= now, Batch.owner.in_(dead)))
            .values(values)
            .returning(Batch.number),
            execution_options={"synchronize_session": False},
        )
        ended += len(rows.all())
    return ended


def disown(session: Session, edition_id: int, owner: str, *, in_hand: Collection[int], now: datetime) -> int:
    """Queue again what the ledger says *owner* holds, and *owner* knows it never handed over; returns how many.

    So it is when a commit was made and its answer was lost, or a pause came between claim and fence.
    Only *owner* itself may say so.
    """
    rows = session.execute(
        update(Batch)
        .where(
            Batch.edition_id == edition_id,
            Batch.owner == owner,
            Batch.state.in_(rules.LEASE_OVER),
            Batch.number.not_in(in_hand),
        )
        .values(state=BatchState.QUEUED, not_before=now)
        .returning(Batch.number),
        execution_options={"synchronize_session": False},
    )
    return len(rows.all())


def settle(session: Session, attempt: str, *, now: datetime) -> bool:
    """An event carried *attempt*: the provider took that hand-over, all of it."""
    return settle_all(session, [attempt], now=now) > 0


def settle_all(session: Session, attempts: Iterable[str], *, now: datetime) -> int:
    """Events carried *attempts*; returns how many batches that settled."""
    wanted, settled = sorted(filter(None, attempts)), 0
    for start in range(0, len(wanted), 1000):
        some = {"of_attempts": wanted[start : start + 1000], "now": now}
        settled += session.connection().execute(_PROVED, some).rowcount
    return settled


_PROVED = (
    update(_BATCH)
    .where(
        _BATCH.c.attempt.in_(bindparam("of_attempts", expanding=True)),
        _BATCH.c.state.in_(sorted(rules.PROVABLE)),
    )
    .values(state=BatchState.ACCEPTED, settled_at=bindparam("now"), reply="proved by an event")
)


def prove_all(session: Session, copies: Iterable[tuple[int, int]], *, now: datetime) -> int:
    """`prove` for many copies, (edition id, subscriber id); most of them are of batches that nobody wonders about."""
    by_edition: dict[int, list[int]] = {}
    for edition_id, subscriber_id in sorted(copies):
        by_edition.setdefault(edition_id, []).append(subscriber_id)
    return sum(
        prove(session, edition_id, subscriber_id, now=now)
        for edition_id, readers in by_edition.items()
        for subscriber_id in _unknown(session, edition_id, readers)
    )


def _unknown(session: Session, edition_id: int, readers: list[int]) -> list[int]:
    """Those of *readers* whose copy is in an unknown batch, once whoever settles batches of the edition has done so."""
    session.execute(select(Sending.edition_id).where(Sending.edition_id == edition_id).with_for_update())
    query = (
        select(Delivery.subscriber_id)
        .join(Batch, (Delivery.edition_id == Batch.edition_id) & (Delivery.batch == Batch.number))
        .where(Delivery.edition_id == edition_id, Batch.state == BatchState.UNKNOWN)
        .order_by(Delivery.subscriber_id)
    )
    found: list[int] = []
    for start in range(0, len(readers), _AT_ONCE):
        found += session.scalars(query.where(Delivery.subscriber_id.in_(readers[start : start + _AT_ONCE])))
    return found


def prove(session: Session, edition_id: int, subscriber_id: int, *, now: datetime) -> bool:
    """An event named one reader of an unknown batch, but no attempt of ours: that one copy was accepted.

    So it is after a restored backup, and where a server takes recipients one by one.
    """
    session.execute(select(Sending.edition_id).where(Sending.edition_id == edition_id).with_for_update())
    number = session.scalar(
        select(Batch.number)
        .join(Delivery, (Delivery.edition_id == Batch.edition_id) & (Delivery.batch == Batch.number))
        .where(
            Delivery.edition_id == edition_id,
            Delivery.subscriber_id == subscriber_id,
            Batch.state == BatchState.UNKNOWN,
        )
    )
    if number is None or recording.has_outcome(session, edition_id, subscriber_id):
        return False
    _put_with_the_proved(session, edition_id, number, subscriber_id, now=now)
    session.execute(
        update(Batch)
        .where(
            Batch.edition_id == edition_id,
            Batch.number == number,
            Batch.state == BatchState.UNKNOWN,
            Batch.size == Batch.skipped + Batch.refused,
        )
        .values(state=BatchState.ACCEPTED, reply=_ONE_BY_ONE, settled_at=now),
        execution_options={"synchronize_session": False},
    )
    return True


def _put_with_the_proved(session: Session, edition_id: int, number: int, subscriber_id: int, *, now: datetime) -> None:
    """Into the newest batch, if that is one of proved copies; else into a new one."""
    newest = session.execute(
        select(Batch.number, Batch.state, Batch.reply, Batch.size)
        .where(Batch.edition_id == edition_id)
        .order_by(Batch.number.desc())
        .limit(1)
    ).one()
    if (newest.state, newest.reply) == (BatchState.ACCEPTED, _ONE_BY_ONE) and newest.size < _PROVED_TOGETHER:
        recording.put_beside(session, edition_id, number, [subscriber_id], into=newest.number)
    else:
        proved = {"state": BatchState.ACCEPTED, "settled_at": now, "reply": _ONE_BY_ONE}
        recording.put_apart(session, edition_id, number, [subscriber_id], now=now, **proved)


def refute(session: Session, provider: str, hearing: Hearing, *, now: datetime) -> int:
    """Queue again the unknown batches of *provider* that were certainly not taken; returns how many.

    Certain means: the newest event we hold is later, by the provider's clock, than the last moment at
    which the batch can have been handed over plus a quiet period, and no event carries its attempt.
    """
    silent_since = hearing.silent_since()
    if silent_since is None:
        return 0
    theirs = select(Sending.edition_id).where(
        Sending.sender == provider,
        Sending.state.in_((SendingState.RUNNING, SendingState.PAUSED, SendingState.COMPLETE)),
    )
    rows = session.execute(
        update(Batch)
        .where(
            Batch.edition_id.in_(theirs),
            Batch.state == BatchState.UNKNOWN,
            Batch.attempt != "",
            Batch.fenced_at.is_not(None),
            Batch.lease_until < silent_since,
        )
        .values(state=BatchState.QUEUED, not_before=now, settled_at=None, reply="no event of it came: not taken")
        .returning(Batch.edition_id, Batch.size, Batch.skipped, Batch.refused),
        execution_options={"synchronize_session": False},
    ).all()
    for edition_id in sorted({row.edition_id for row in rows}):
        touched = sum(row.size - row.skipped - row.refused for row in rows if row.edition_id == edition_id)
        reopen(session, edition_id)
        session.add(Act(edition_id=edition_id, verb="refute", by=provider, recipients=touched, at=now))
    return len(rows)


def reopen(session: Session, edition_id: int) -> None:
    """There is something to do again: a complete sending runs on, a paused one stays paused."""
    session.execute(
        update(Sending)
        .where(Sending.edition_id == edition_id, Sending.state == SendingState.COMPLETE)
        .values(state=SendingState.RUNNING, complete_at=None)
    )


def safe_mode(session: Session, *, by: str, now: datetime) -> int:
    """After a restored backup: what is not settled may have been sent since, so nobody can say; returns how many rows.

    Such batches keep their attempt, for an event may still prove it, and lose the time of their fence:
    silence proves nothing about what was heard before the restore.
    """
    doubtful = (BatchState.QUEUED, BatchState.CLAIMED, BatchState.SENDING, BatchState.UNKNOWN)
    here = select(Sending.edition_id).where(Sending.state != SendingState.CANCELLED)
    sums = session.execute(
        select(Batch.edition_id, func.sum(Batch.size - Batch.skipped - Batch.refused))
        .where(Batch.edition_id.in_(here), Batch.state.in_(doubtful))
        .group_by(Batch.edition_id)
    ).all()
    session.execute(
        update(Batch)
        .where(Batch.edition_id.in_([edition_id for edition_id, _ in sums]), Batch.state.in_(doubtful))
        .values(
            state=BatchState.UNKNOWN, fenced_at=None, epoch=Batch.epoch + 1, settled_at=now, reply="restored backup"
        ),
        execution_options={"synchronize_session": False},
    )
    for edition_id, touched in sums:
        session.add(Act(edition_id=edition_id, verb="safe mode", by=by, recipients=int(touched), at=now))
    return sum(int(touched) for _, touched in sums)
