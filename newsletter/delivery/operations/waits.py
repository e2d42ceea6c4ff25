"""What a sending waits for while nothing moves: one sentence for every screen, and what to do about it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from newsletter.config import Limits
from newsletter.delivery.ledger import rules
from newsletter.delivery.models import Act, Batch, BatchState, Sending, SendingState
from newsletter.delivery.pace.throttle import Throttle

#: after which a sending that nobody holds a lease of is nobody's
_NOBODY = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class Wait:
    """Why nothing moves, and since when or until when that is so; None where nobody can say."""

    why: str
    since: datetime | None = None
    until: datetime | None = None


_NOBODY_SENDS = (
    "no process is sending: newsletter scheduler goes on with it (where workers send, newsletter worker),"
    " or newsletter send"
)


def find(session: Session, sending: Sending, limits: Limits, *, now: datetime) -> Wait | None:
    """What *sending* waits for; None while it moves, or has nothing left to do."""
    match sending.state:
        case SendingState.PAUSED:
            return _paused(session, sending)
        case SendingState.RUNNING:
            return next(_reasons(session, sending, limits, now), None)
        case _:
            return None


def _paused(session: Session, sending: Sending) -> Wait:
    act = session.scalar(
        select(Act).where(Act.edition_id == sending.edition_id, Act.verb == "pause").order_by(Act.id.desc()).limit(1)
    )
    by = f"paused by {act.by}" if act else "paused"
    return Wait(f"{by}: {sending.reason}" if sending.reason else by, since=act.at if act else None)


def _reasons(session: Session, sending: Sending, limits: Limits, now: datetime) -> Iterator[Wait]:
    """The first that holds: the other side's own words, then what we hold back ourselves, then nobody at work."""
    left = _Left.of(session, sending.edition_id, now)
    if not left.batches:
        return
    if sending.stuck:
        yield Wait(sending.stuck, since=sending.stuck_at)
    if left.on_the_wire:
        return
    if limit := Throttle(sending.sender, limits).used_up(session, now=now):
        yield Wait(limit[0], until=limit[1])
    if left.due and sending.canary_passed_at is None and left.without_canaries:
        yield Wait(_canaries(limits))
    if not left.due and left.next_at is not None:
        yield Wait(f"the next copies are due then{_said(left.reply)}", until=left.next_at)
    if left.due and not left.leased and left.idle_since < now - _NOBODY:
        yield Wait(_NOBODY_SENDS, since=left.idle_since)


def _canaries(limits: Limits) -> str:
    wait = f" for {limits.canary_wait:g} s" if limits.canary_wait else ""
    return f"the first slice is out and is watched{wait} before the rest follows (limits.canary_wait)"


def _said(reply: str) -> str:
    return f"; the last answer was: {reply}" if reply else ""


@dataclass(frozen=True, slots=True)
class _Left:
    """What is left of a sending, in batches."""

    batches: int
    on_the_wire: int
    leased: int
    due: int
    #: no canary is left to do
    without_canaries: bool
    #: when the next one may go that may not go now, and what was answered to it last
    next_at: datetime | None
    reply: str
    #: when anything was settled or handed over last
    idle_since: datetime

    @classmethod
    def of(cls, session: Session, edition_id: int, now: datetime) -> "_Left":
        here = Batch.edition_id == edition_id
        queued = Batch.state == BatchState.QUEUED
        row = session.execute(
            select(
                func.count().label("batches"),
                func.count().filter(Batch.state == BatchState.SENDING).label("on_the_wire"),
                func.count().filter(Batch.state.in_((BatchState.CLAIMED, BatchState.SENDING))).label("leased"),
                func.count().filter(queued, Batch.not_before <= now).label("due"),
                func.count().filter(Batch.canary.is_(True)).label("canaries"),
            ).where(here, Batch.state.in_(rules.OPEN))
        ).one()
        later = session.execute(
            select(Batch.not_before, Batch.reply)
            .where(here, queued, Batch.not_before > now)
            .order_by(Batch.not_before, Batch.number)
            .limit(1)
        ).one_or_none()
        idle = session.execute(select(func.max(Batch.settled_at), func.max(Batch.fenced_at)).where(here)).one()
        began = session.scalars(select(Sending.started_at).where(Sending.edition_id == edition_id)).one()
        return cls(
            row.batches,
            row.on_the_wire,
            row.leased,
            row.due,
            without_canaries=not row.canaries,
            next_at=later.not_before if later else None,
            reply=later.reply if later else "",
            idle_since=max([began, *(moment for moment in idle if moment is not None)]),
        )
