"""One post to one endpoint: who may make it, what it is, and what follows from the answer.

The cursor moves in the transaction that writes the answer down. Killed between the answer and that, the same is
posted again with the same id. Of several processes one holds the lease; whose epoch is over writes nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import httpx
from sqlalchemy import ColumnElement, and_, delete, func, or_, select, update
from sqlalchemy.orm import Session

from newsletter.editions import watch
from newsletter.tracking.posting import Answer
from newsletter.tracking.webhooks import bodies
from newsletter.tracking.webhooks.models import Endpoint, Happening, Tried

#: longer than one post can take, looking up the name included
LEASE = timedelta(minutes=2)
#: waits before the next try, as Standard Webhooks recommends; the last one goes on
WAITS = tuple(timedelta(seconds=seconds) for seconds in (5, 300, 1800, 7200, 18_000, 36_000))
#: so long without a post that was taken, and it is off
GIVEN_UP = timedelta(days=1)
GONE = 410
#: a receiver may ask for so long a rest at most
_LONGEST_REST = timedelta(hours=1)
#: happenings that are looked through in one go, and posts of each endpoint that are remembered
_AT_ONCE, _REMEMBERED = 200, 100


@dataclass(frozen=True, slots=True)
class Held:
    """A lease on an endpoint."""

    endpoint_id: int
    epoch: int


@dataclass(frozen=True, slots=True)
class Ready:
    """What is to be posted next."""

    url: str
    happening_id: int
    type: str
    message_id: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Step:
    """What follows from an answer: it moves on, is tried again at *again_at*, or is *off* with the reason."""

    again_at: datetime | None = None
    off: str = ""


def after(answer: Answer, *, failures: int, failing_since: datetime | None, now: datetime) -> Step:
    """What follows, where *failures* tries since *failing_since* were not taken before this one."""
    if answer.is_taken:
        return Step()
    if answer.status == GONE:
        return Step(off="it answered 410: what was there is gone, and wants no more posts")
    since = failing_since or now
    if now - since >= GIVEN_UP:
        return Step(off=f"for a day nothing was taken; at last {answer.trouble}")
    wait = WAITS[min(failures, len(WAITS) - 1)]
    if answer.retry_after is not None:
        wait = max(wait, min(timedelta(seconds=answer.retry_after), _LONGEST_REST))
    # the last try is when the day is over
    return Step(again_at=min(now + wait, since + GIVEN_UP))


def due(session: Session, *, now: datetime) -> list[int]:
    """The endpoints that there may be something to tell."""
    newest = select(func.max(Happening.id)).scalar_subquery()
    query = select(Endpoint.id).where(_is_free(now), Endpoint.cursor < newest).order_by(Endpoint.id)
    return list(session.scalars(query))


def claim(session: Session, endpoint_id: int, owner: str, *, now: datetime) -> Held | None:
    """Take the endpoint for this process; None where another has it, or there is nothing to do."""
    taken = (
        update(Endpoint)
        .where(Endpoint.id == endpoint_id, _is_free(now))
        .values(owner=owner, epoch=Endpoint.epoch + 1, lease_until=now + LEASE)
        .returning(Endpoint.epoch)
    )
    epoch = session.connection().execute(taken).scalar()
    return None if epoch is None else Held(endpoint_id, epoch)


def free_the_dead(session: Session, is_dead: Callable[[str], bool], *, now: datetime) -> None:
    """End the leases of processes that are known to be dead, so that nobody waits for them."""
    held = select(Endpoint.owner).where(Endpoint.lease_until > now).distinct()
    if dead := [owner for owner in session.scalars(held) if is_dead(owner)]:
        freed = update(Endpoint).where(Endpoint.lease_until > now, Endpoint.owner.in_(dead))
        watch.rows_touched(session, freed.values(lease_until=None))


def _is_free(now: datetime) -> ColumnElement[bool]:
    # what is further ahead than it can be was written by a clock that was set back since
    return and_(
        Endpoint.disabled_at.is_(None),
        or_(Endpoint.next_at.is_(None), Endpoint.next_at <= now, Endpoint.next_at > now + GIVEN_UP),
        or_(Endpoint.lease_until.is_(None), Endpoint.lease_until <= now, Endpoint.lease_until > now + LEASE),
    )


def prepare(session: Session, held: Held) -> tuple[Ready | None, int]:
    """What *held* is to be posted next, and up to which happening there is nothing for it before that."""
    endpoint = session.get(Endpoint, held.endpoint_id)
    if endpoint is None or endpoint.epoch != held.epoch:
        return None, 0
    passed = endpoint.cursor
    query = select(Happening).where(Happening.id > endpoint.cursor).order_by(Happening.id).limit(_AT_ONCE)
    for happening in session.scalars(query):
        body = bodies.of(session, happening, endpoint)
        if body is not None:
            message_id = f"msg_{endpoint.key}_{happening.id}"
            return Ready(endpoint.url, happening.id, happening.type, message_id, body), passed
        passed = happening.id
    return None, passed


def pass_over(session: Session, held: Held, up_to: int) -> bool:
    """Note that up to there is nothing for the endpoint; False where that changes nothing, or it is not held."""
    return _write(session, held, Endpoint.cursor < up_to, cursor=up_to)


def note(session: Session, held: Held, ready: Ready, answer: Answer, *, seconds: float, now: datetime) -> bool:
    """Write the answer down, and what follows; True if the next one may be posted at once."""
    endpoint = session.scalar(
        select(Endpoint).where(Endpoint.id == held.endpoint_id, Endpoint.epoch == held.epoch).with_for_update()
    )
    if endpoint is None:
        return False  # somebody changed it meanwhile, or took over: it is told again
    step = after(answer, failures=endpoint.failures, failing_since=endpoint.failing_since, now=now)
    number = endpoint.failures + 1
    if answer.is_taken:
        endpoint.cursor = ready.happening_id
        endpoint.failures, endpoint.failing_since, endpoint.next_at = 0, None, None
    else:
        endpoint.failures, endpoint.next_at = number, step.again_at
        endpoint.failing_since = endpoint.failing_since or now
    if step.off:
        endpoint.disabled_at, endpoint.disabled_why = now, step.off[:500]
        _ring(session, endpoint, step.off, now)
    endpoint.lease_until = now + LEASE
    remember(
        session, endpoint.id, ready.type, ready.message_id, answer,
        happening_id=ready.happening_id, number=number, seconds=seconds, now=now,
    )  # fmt: skip
    return answer.is_taken


def put_off(session: Session, held: Held, *, until: datetime) -> None:
    """Leave the endpoint alone until then: the fault is ours."""
    _write(session, held, next_at=until)


def release(session: Session, held: Held) -> None:
    """Let others have it."""
    _write(session, held, lease_until=None)


def remember(
    session: Session,
    endpoint_id: int,
    kind: str,
    message_id: str,
    answer: Answer,
    *,
    happening_id: int | None = None,
    number: int = 1,
    seconds: float,
    now: datetime,
) -> None:
    """Keep what was posted and answered; the newest of each endpoint are."""
    tried = Tried(
        endpoint_id=endpoint_id, happening_id=happening_id, type=kind, message_id=message_id, at=now, number=number,
        status=answer.status, words=answer.words, seconds=seconds,
    )  # fmt: skip
    session.add(tried)
    session.flush()
    oldest = select(Tried.id).where(Tried.endpoint_id == endpoint_id).order_by(Tried.id.desc()).offset(_REMEMBERED)
    if (old := session.scalar(oldest.limit(1))) is not None:
        session.execute(
            delete(Tried).where(Tried.endpoint_id == endpoint_id, Tried.id <= old),
            execution_options={"synchronize_session": False},
        )


def _write(session: Session, held: Held, *where: ColumnElement[bool], **values: object) -> bool:
    mine = (Endpoint.id == held.endpoint_id, Endpoint.epoch == held.epoch, *where)
    return bool(watch.rows_touched(session, update(Endpoint).where(*mine).values(**values)))


def _ring(session: Session, endpoint: Endpoint, why: str, now: datetime) -> None:
    host = httpx.URL(endpoint.url).host  # and not the whole address: some hold a key
    text = (
        f"Webhook {endpoint.id} ({host}) is off: {why}. Nothing is lost: once its receiver works,"
        f" newsletter webhooks test {endpoint.id} tries it, and newsletter webhooks enable {endpoint.id} goes on where"
        " it stopped, within thirty days."
    )
    watch.ring(session, f"webhook {endpoint.id} off {now:%Y-%m-%d %H:%M}", text, now)
