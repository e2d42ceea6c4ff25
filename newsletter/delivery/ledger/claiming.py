"""The ledger's front side: claim a batch, pass the fence with it. What came of it is written by `recording`.

Nothing here talks to the wire, and everything is a conditional UPDATE: who loses the race gets nothing.
"""

import secrets
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import (
    Integer,
    String,
    Text,
    and_,
    bindparam,
    case,
    cast,
    exists,
    insert,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.orm import Session

from newsletter.delivery.models import Batch, BatchState, Delivery, Outcome, Sending, SendingState, Status
from newsletter.delivery.pace.throttle import Room
from subscribers import audience
from subscribers.audience import Person
from subscribers.rows import Rows

_BATCH: Any = Batch.__table__
# built once: they are run for every few batches, and building them costs more than running them
_STATE = select(Sending.state).where(Sending.edition_id == bindparam("edition_id"))
_HELD_STATE = _STATE.with_for_update(read=True)
_DUE = (
    select(Batch.number, Batch.size)
    .where(
        Batch.edition_id == bindparam("edition_id"),
        Batch.state == BatchState.QUEUED,
        Batch.canary == bindparam("canary"),
        Batch.lane == bindparam("lane"),
        Batch.not_before <= bindparam("now"),
    )
    .order_by(Batch.not_before, Batch.number)
    .limit(bindparam("most", type_=Integer))
    .with_for_update(skip_locked=True)
)
_CLAIM = (
    update(_BATCH)
    .where(
        _BATCH.c.edition_id == bindparam("of_edition"),
        _BATCH.c.number.in_(bindparam("numbers", expanding=True)),
        _BATCH.c.state == BatchState.QUEUED,
        _BATCH.c.not_before <= bindparam("now"),
        exists().where(
            Sending.edition_id == _BATCH.c.edition_id,
            Sending.state == SendingState.RUNNING,
            or_(_BATCH.c.canary.is_(True), Sending.canary_passed_at.is_not(None)),
        ),
    )
    .values(
        state=BatchState.CLAIMED,
        owner=bindparam("new_owner"),
        epoch=_BATCH.c.epoch + 1,
        lease_until=bindparam("until"),
    )
    .returning(_BATCH.c.number, _BATCH.c.epoch, _BATCH.c.size, _BATCH.c.lane)
)
_PASS = (
    update(_BATCH)
    .where(
        _BATCH.c.edition_id == bindparam("of_edition"),
        tuple_(_BATCH.c.number, _BATCH.c.epoch).in_(bindparam("of_claims", expanding=True)),
        _BATCH.c.owner == bindparam("of_owner"),
        _BATCH.c.state == BatchState.CLAIMED,
        _BATCH.c.lease_until > bindparam("now"),
    )
    .values(
        state=BatchState.SENDING,
        attempt=bindparam("token", type_=String) + "." + cast(_BATCH.c.number, Text),
        attempts=_BATCH.c.attempts + 1,
        fenced_at=bindparam("now"),
        lease_until=bindparam("until"),
    )
    .returning(_BATCH.c.number, _BATCH.c.attempt, _BATCH.c.attempts)
)
_GIVE_BACK = (
    update(_BATCH)
    .where(
        _BATCH.c.edition_id == bindparam("of_edition"),
        tuple_(_BATCH.c.number, _BATCH.c.epoch).in_(bindparam("of_claims", expanding=True)),
        _BATCH.c.owner == bindparam("of_owner"),
        _BATCH.c.state == BatchState.CLAIMED,
    )
    .values(state=BatchState.QUEUED)
)
_MEMBERS = Rows(
    select(Delivery.batch, Delivery.subscriber_id)
    .outerjoin(
        Outcome, and_(Outcome.edition_id == Delivery.edition_id, Outcome.subscriber_id == Delivery.subscriber_id)
    )
    .where(
        Delivery.edition_id == bindparam("edition_id"),
        Delivery.batch.in_(bindparam("numbers", expanding=True)),
        Outcome.subscriber_id.is_(None),
    )
    .order_by(Delivery.batch, Delivery.subscriber_id)
)


@dataclass(frozen=True, slots=True)
class Claim:
    """A batch that is ours until the lease ends; nothing was handed over."""

    edition_id: int
    number: int
    epoch: int
    owner: str
    size: int
    lane: str = ""


@dataclass(frozen=True, slots=True)
class Fenced:
    """A batch past the fence: from here on bytes may be on the wire."""

    edition_id: int
    number: int
    #: unique for ever; whoever still holds the newest one may say what became of it
    attempt: str
    #: how often the batch passed the fence, this time included
    attempts: int
    people: tuple[Person, ...]
    lane: str = ""


def state(session: Session, edition_id: int) -> SendingState:
    """Where the sending stands."""
    return session.connection().execute(_STATE, {"edition_id": edition_id}).scalar_one()


def claim(
    session: Session,
    edition_id: int,
    *,
    owner: str,
    lease: timedelta,
    limit: int,
    now: datetime,
    lane: str = "",
    room: Room = Room(),
) -> list[Claim]:
    """Take up to *limit* due batches for *owner*, canaries first, as far as there is *room*."""
    passed = session.execute(
        select(Sending.canary_passed_at.is_not(None)).where(
            Sending.edition_id == edition_id, Sending.state == SendingState.RUNNING
        )
    ).scalar_one_or_none()
    if passed is None or limit < 1:
        return []
    due = _due(session, edition_id, canary=True, lane=lane, limit=limit, now=now)
    if passed and len(due) < limit:
        due += _due(session, edition_id, canary=False, lane=lane, limit=limit - len(due), now=now)
    return claim_these(session, edition_id, _fitting(due, room), owner=owner, lease=lease, now=now)


def claim_these(
    session: Session, edition_id: int, numbers: Collection[int], *, owner: str, lease: timedelta, now: datetime
) -> list[Claim]:
    """Take these batches for *owner*, as far as they may go now."""
    if not numbers:
        return []
    rows = session.connection().execute(
        _CLAIM,
        {"of_edition": edition_id, "numbers": list(numbers), "now": now, "new_owner": owner, "until": now + lease},
    )
    claims = [Claim(edition_id, number, epoch, owner, size, lane) for number, epoch, size, lane in rows]
    return sorted(claims, key=lambda claim: claim.number)


def give_back(session: Session, claims: Sequence[Claim]) -> None:
    """Let others have *claims*, all of one edition, as far as they still hold."""
    if claims:
        held = [(claim.number, claim.epoch) for claim in claims]
        values = {"of_edition": claims[0].edition_id, "of_claims": held, "of_owner": claims[0].owner}
        session.connection().execute(_GIVE_BACK, values)


def due(session: Session, *, now: datetime) -> set[int]:
    """The editions of which something may go now: the sending runs, and it is a canary or behind canaries."""
    may_go = exists().where(
        Batch.edition_id == Sending.edition_id,
        Batch.state == BatchState.QUEUED,
        Batch.not_before <= now,
        or_(Batch.canary.is_(True), Sending.canary_passed_at.is_not(None)),
    )
    return set(session.scalars(select(Sending.edition_id).where(Sending.state == SendingState.RUNNING, may_go)))


def fence(
    session: Session,
    claims: Sequence[Claim],
    *,
    lists: Sequence[str],
    lease: timedelta,
    now: datetime,
    day: date = date.max,
) -> list[Fenced]:
    """Pass the fence with *claims*, all of one edition; commit before the first byte, or do not send.

    A claim whose lease is over, or whose sending was paused meanwhile, does not pass. Readers who left,
    paused beyond *day* (the edition's), were suppressed or erased since planning are skipped here, with the
    reason; a batch that has nobody left is settled at once and not returned.
    """
    if not claims or not _still_running(session, claims[0].edition_id):
        return []
    passed = _pass(session, claims, lease=lease, now=now)
    if not passed:
        return []
    edition_id = claims[0].edition_id
    found = members(session, edition_id, passed)
    ids = [subscriber_id for batch in found.values() for subscriber_id in batch]
    mailable, barred = audience.mailable(session, ids, lists, day=day)
    people = {person.id: person for person in mailable}
    _skip(session, edition_id, found, barred, now=now)
    lanes = {claim.number: claim.lane for claim in claims}
    return [
        Fenced(edition_id, number, attempt, attempts, left, lanes[number])
        for number, (attempt, attempts) in passed.items()
        if (left := tuple(people[one] for one in found[number] if one in people))
    ]


def _due(
    session: Session, edition_id: int, *, canary: bool, lane: str, limit: int, now: datetime
) -> list[tuple[int, int]]:
    """Numbers and sizes of the first due batches; on PostgreSQL those that another worker is taking are passed over."""
    wanted = {"edition_id": edition_id, "canary": canary, "lane": lane, "now": now, "most": limit}
    return [(number, size) for number, size in session.connection().execute(_DUE, wanted)]


def _fitting(due: Sequence[tuple[int, int]], room: Room) -> list[int]:
    """The first of the *due* batches, as many as there is room for."""
    numbers: list[int] = []
    total = 0
    for number, size in due:
        total += size
        if total > room.messages and not (room.overdraw and not numbers):
            break
        numbers.append(number)
    return numbers


def _still_running(session: Session, edition_id: int) -> bool:
    """Whether the sending runs; the row is held, so that a pause comes wholly before this fence or wholly after it."""
    found = session.connection().execute(_HELD_STATE, {"edition_id": edition_id}).scalar()
    return found is SendingState.RUNNING


def _pass(session: Session, claims: Sequence[Claim], *, lease: timedelta, now: datetime) -> dict[int, tuple[str, int]]:
    """Say "sending" for those claims that still hold: number → (attempt, attempts)."""
    rows = session.connection().execute(
        _PASS,
        {
            "of_edition": claims[0].edition_id,
            "of_claims": [(claim.number, claim.epoch) for claim in claims],
            "of_owner": claims[0].owner,
            "now": now,
            "token": secrets.token_hex(10),
            "until": now + lease,
        },
    )
    return {number: (attempt, attempts) for number, attempt, attempts in sorted(rows.all())}


def members(session: Session, edition_id: int, numbers: Collection[int]) -> Mapping[int, list[int]]:
    """Batch number → ids of its recipients, less those whose outcome stands already."""
    rows = _MEMBERS.of(session, {"edition_id": edition_id, "numbers": list(numbers)})
    members: dict[int, list[int]] = defaultdict(list)
    for number, subscriber_id in rows:
        members[number].append(subscriber_id)
    return members


def _skip(
    session: Session,
    edition_id: int,
    members: Mapping[int, list[int]],
    reasons: Mapping[int, str],
    *,
    now: datetime,
) -> None:
    """Write down who is not sent to, and settle the batches that have nobody left."""
    if not reasons:
        return
    skipped = {
        number: [one for one in batch if one in reasons]
        for number, batch in members.items()
        if any(one in reasons for one in batch)
    }
    session.execute(
        insert(Outcome),
        [
            {
                "edition_id": edition_id,
                "subscriber_id": one,
                "status": Status.SKIPPED,
                "reason": reasons[one],
                "at": now,
            }
            for batch in skipped.values()
            for one in batch
        ],
    )
    count = case({number: len(batch) for number, batch in skipped.items()}, value=Batch.number)
    here = (Batch.edition_id == edition_id, Batch.number.in_(skipped))
    quietly = {"synchronize_session": False}
    session.execute(update(Batch).where(*here).values(skipped=Batch.skipped + count), execution_options=quietly)
    session.execute(
        update(Batch)
        .where(*here, Batch.size == Batch.skipped + Batch.refused)
        .values(state=BatchState.ACCEPTED, settled_at=now, reply="nobody left to send to"),
        execution_options=quietly,
    )
