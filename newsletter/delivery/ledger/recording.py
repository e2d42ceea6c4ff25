"""The ledger's back side: write down what a hand-over came to. A worker thought dead can't write over its successor."""

import random
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, delete, func, insert, or_, select, update
from sqlalchemy.orm import Session

from newsletter.delivery.ledger import rules
from newsletter.delivery.ledger.claiming import Fenced
from newsletter.delivery.ledger.rules import Verdict
from newsletter.delivery.models import Batch, BatchState, Delivery, Outcome, Sending, Status
from newsletter.delivery.wire.parcel import Report, Words

_QUIETLY: dict[str, Any] = {"synchronize_session": False}
_BATCH: Any = Batch.__table__
# built once: building it costs more than running it
_ACCEPT = (
    update(_BATCH)
    .where(
        _BATCH.c.edition_id == bindparam("of_edition"),
        _BATCH.c.number == bindparam("of_number"),
        _BATCH.c.attempt == bindparam("of_attempt"),
        or_(*(_BATCH.c.state == state for state in sorted(rules.recordable(Verdict.ACCEPTED)))),  # no IN: many rows
    )
    .values(
        state=rules.AFTER[Verdict.ACCEPTED],
        provider_id=bindparam("new_provider_id"),
        reply=bindparam("new_reply"),
        code=None,
        settled_at=bindparam("new_settled_at"),
    )
)

#: an event was quicker than our own 202, and could not say what the provider calls the hand-over
_NAME = (
    update(_BATCH)
    .where(
        _BATCH.c.edition_id == bindparam("of_edition"),
        _BATCH.c.number == bindparam("of_number"),
        _BATCH.c.attempt == bindparam("of_attempt"),
        _BATCH.c.state == BatchState.ACCEPTED,
        _BATCH.c.provider_id == "",
    )
    .values(provider_id=bindparam("new_provider_id"))
)


def accept(session: Session, taken: Sequence[tuple[Fenced, Report]], *, now: datetime) -> set[str]:
    """Write down batches that were taken whole, all at once; returns the attempts that still counted."""
    if not taken:
        return set()
    rows = [
        {
            "of_edition": fenced.edition_id,
            "of_number": fenced.number,
            "of_attempt": fenced.attempt,
            "new_provider_id": report.provider_id,
            "new_reply": report.reply,
            "new_settled_at": now,
        }
        for fenced, report in taken
    ]
    attempts = {fenced.attempt for fenced, _ in taken}
    if session.connection().execute(_ACCEPT, rows).rowcount == len(rows):
        return attempts
    stands = select(Batch.attempt).where(Batch.attempt.in_(attempts), Batch.state == BatchState.ACCEPTED)
    recorded = set(session.scalars(stands))
    session.connection().execute(_NAME, rows)
    return recorded


def is_proved(session: Session, fenced: Fenced) -> bool:
    """Whether this very attempt is known to have been taken, by whatever way."""
    batch = session.get(Batch, (fenced.edition_id, fenced.number), populate_existing=True)
    return batch is not None and (batch.attempt, batch.state) == (fenced.attempt, BatchState.ACCEPTED)


def record(session: Session, fenced: Fenced, report: Report, *, now: datetime, rng: random.Random) -> bool:
    """Write down *report*; False means another attempt took over meanwhile and nothing was written.

    The batch keeps one state for all its recipients: who is to be tried again, or whose answer was
    lost, moves into a batch of its own.
    """
    ours = {person.id for person in fenced.people}
    again = {one: words for one, words in report.again.items() if one in ours}
    unknown = {one: words for one, words in report.unknown.items() if one in ours}
    refused = {one: words for one, words in report.refused.items() if one in ours}
    retry = retry_at(fenced, report.retry_after, now=now, rng=rng)
    if len(again) == len(ours):
        return requeue(session, fenced, _first(again), until=retry, now=now)
    if len(unknown) == len(ours):
        return lose(session, fenced, _first(unknown), now=now)
    if not _settle(session, fenced, Verdict.ACCEPTED, Words(report.reply), now=now, provider_id=report.provider_id):
        return False
    if again and retry is None:
        refused |= {one: _gave_up(words, fenced) for one, words in again.items()}
    elif again:
        _move(session, fenced, again, BatchState.QUEUED, not_before=retry, now=now)
    if unknown:
        _move(session, fenced, unknown, BatchState.UNKNOWN, not_before=now, now=now)
    refuse_some(session, fenced.edition_id, fenced.number, refused, now=now)
    return True


def refuse(session: Session, fenced: Fenced, words: Words, *, now: datetime) -> bool:
    """None of the batch was taken, and none ever will be."""
    return _settle(session, fenced, Verdict.REFUSED, words, now=now)


def lose(session: Session, fenced: Fenced, words: Words, *, now: datetime) -> bool:
    """All of the batch was handed over and the answer was lost."""
    return _settle(session, fenced, Verdict.UNKNOWN, words, now=now)


def requeue(session: Session, fenced: Fenced, words: Words, *, until: datetime | None, now: datetime) -> bool:
    """Nothing of the batch was taken: try again at *until*; None means it was tried often enough."""
    if until is None:
        return refuse(session, fenced, _gave_up(words, fenced), now=now)
    return _settle(session, fenced, Verdict.AGAIN, words, now=now, not_before=until)


def put_off(session: Session, fenced: Fenced, words: Words, *, until: datetime, now: datetime) -> bool:
    """Nothing of the batch was so much as offered: again at *until*, and it costs no try."""
    return _settle(session, fenced, Verdict.AGAIN, words, now=now, not_before=until, tried=False)


def refuse_some(session: Session, edition_id: int, number: int, refused: Mapping[int, Words], *, now: datetime) -> None:
    """Write down those recipients of a settled batch that the other side will never take."""
    if not refused:
        return
    session.execute(
        insert(Outcome),
        [
            {
                "edition_id": edition_id,
                "subscriber_id": one,
                "status": Status.REFUSED,
                "code": words.code,
                "reason": words.text,
                "at": now,
            }
            for one, words in refused.items()
        ],
    )
    session.execute(
        update(Batch)
        .where(Batch.edition_id == edition_id, Batch.number == number)
        .values(refused=Batch.refused + len(refused)),
        execution_options=_QUIETLY,
    )


def put_apart(
    session: Session, edition_id: int, number: int, ids: Collection[int], *, now: datetime, **values: Any
) -> int:
    """Move rows of one batch into a new one that says *values*; returns its number.

    *ids* have no outcome any more. Batches are numbered under the lock of the sending's row.
    """
    session.execute(select(Sending.edition_id).where(Sending.edition_id == edition_id).with_for_update())
    highest = session.scalar(select(func.max(Batch.number)).where(Batch.edition_id == edition_id)) or 0
    old = session.get_one(Batch, (edition_id, number), populate_existing=True)
    new = {
        "edition_id": edition_id,
        "number": highest + 1,
        "size": len(ids),
        "canary": old.canary,
        "lane": old.lane,
        "attempts": old.attempts,
        "resends": old.resends,
        "fenced_at": old.fenced_at,
        "lease_until": old.lease_until,
        "not_before": now,
    }
    session.execute(insert(Batch).values(new | values))
    _carry(session, edition_id, number, ids, highest + 1)
    return highest + 1


def put_beside(session: Session, edition_id: int, number: int, ids: Collection[int], *, into: int) -> None:
    """Move rows of one batch into another one that says the same of all its recipients."""
    _carry(session, edition_id, number, ids, into)
    session.execute(
        update(Batch).where(Batch.edition_id == edition_id, Batch.number == into).values(size=Batch.size + len(ids)),
        execution_options=_QUIETLY,
    )


def _carry(session: Session, edition_id: int, number: int, ids: Collection[int], into: int) -> None:
    wanted = list(ids)
    for start in range(0, len(wanted), 1000):
        session.execute(
            update(Delivery)
            .where(
                Delivery.edition_id == edition_id,
                Delivery.batch == number,
                Delivery.subscriber_id.in_(wanted[start : start + 1000]),
            )
            .values(batch=into),
            execution_options=_QUIETLY,
        )
    session.execute(
        update(Batch)
        .where(Batch.edition_id == edition_id, Batch.number == number)
        .values(size=Batch.size - len(wanted)),
        execution_options=_QUIETLY,
    )


def has_outcome(session: Session, edition_id: int, subscriber_id: int) -> bool:
    """Whether this recipient is an exception in their batch: skipped or refused."""
    return session.get(Outcome, (edition_id, subscriber_id)) is not None


def forget_outcomes(session: Session, edition_id: int, number: int, ids: Collection[int]) -> None:
    """Take back the exceptions of *ids* in batch *number*, which is settled; they are about to be tried again."""
    wanted = list(ids)
    for start in range(0, len(wanted), 1000):
        session.execute(
            delete(Outcome).where(
                Outcome.edition_id == edition_id, Outcome.subscriber_id.in_(wanted[start : start + 1000])
            ),
            execution_options=_QUIETLY,
        )
    session.execute(
        update(Batch)
        .where(Batch.edition_id == edition_id, Batch.number == number)
        .values(refused=Batch.refused - len(wanted)),
        execution_options=_QUIETLY,
    )


def _settle(
    session: Session,
    fenced: Fenced,
    verdict: Verdict,
    words: Words,
    *,
    now: datetime,
    provider_id: str = "",
    not_before: datetime | None = None,
    tried: bool = True,
) -> bool:
    """The one conditional UPDATE that ends an attempt; the attempt's id stands for owner and epoch."""
    values: dict[str, Any] = {
        "state": rules.AFTER[verdict],
        "provider_id": provider_id,
        "reply": words.text,
        "code": words.code,
        "settled_at": None if verdict is Verdict.AGAIN else now,
    }
    if not_before is not None:
        values["not_before"] = not_before
    if not tried:
        values["attempts"] = Batch.attempts - 1
    result = session.execute(
        update(Batch)
        .where(
            Batch.edition_id == fenced.edition_id,
            Batch.number == fenced.number,
            Batch.attempt == fenced.attempt,
            Batch.state.in_(rules.recordable(verdict)),
        )
        .values(values)
        .returning(Batch.number),
        execution_options=_QUIETLY,
    )
    return result.one_or_none() is not None


def _move(
    session: Session,
    fenced: Fenced,
    words: Mapping[int, Words],
    state: BatchState,
    *,
    not_before: datetime | None,
    now: datetime,
) -> None:
    """Put part of a batch into a new one, without an attempt id: the old one's events prove only the old batch."""
    first = _first(words)
    put_apart(
        session,
        fenced.edition_id,
        fenced.number,
        words,
        now=now,
        state=state,
        not_before=not_before,
        reply=first.text,
        code=first.code,
        settled_at=now if state is BatchState.UNKNOWN else None,
    )


def retry_at(fenced: Fenced, retry_after: float | None, *, now: datetime, rng: random.Random) -> datetime | None:
    """When to try again: when the other side said, else after a growing wait; None after about a day."""
    if rules.is_last(fenced.attempts):
        return None
    if retry_after is not None:
        return now + timedelta(seconds=retry_after + rng.random())
    return now + rules.backoff(fenced.attempts, rng.random())


def _first(words: Mapping[int, Words]) -> Words:
    return next(iter(words.values()))


def _gave_up(words: Words, fenced: Fenced) -> Words:
    return Words(f"gave up after {fenced.attempts} attempts: {words.text}", words.code, words.lesson)
