"""What became of batches at hand-over: where each settled batch stands, against how it was last told of.

Nothing is asked of who sends: that is as fast with webhooks as without. A copy may be told of twice (after a restored
backup, copies that are proved one by one), never not at all; what was said of it last counts.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from newsletter.delivery.models import Batch, BatchState, Delivery, Outcome, Sending, SendingState
from newsletter.editions import watch
from newsletter.editions.models import Edition
from newsletter.tracking.webhooks import bodies, kinds
from newsletter.tracking.webhooks.models import Happening, Mark, ToldBatch
from subscribers import rows

#: copies that one post tells of: a batch of more is told in several
TOGETHER = 500
#: batches, and copies, that are looked at in one go
AT_ONCE, COPIES_AT_ONCE = 1000, 20 * TOGETHER
_OPEN = (SendingState.PLANNING, SendingState.RUNNING, SendingState.PAUSED)
#: a sending that has ended is looked at as often as before for so long, then every few minutes, then no more
_JUST, _LATER, _NO_MORE = timedelta(minutes=10), timedelta(minutes=5), timedelta(days=30)


def find(session: Session, mark: Mark, *, now: datetime) -> Iterator[Happening]:
    """What is new of the copies of each sending."""
    for edition_id, newsletter in session.execute(_watched(session, mark, now)).all():
        if changed := _some(session.execute(_CHANGED.where(Batch.edition_id == edition_id)).all()):
            yield from _tell(session, edition_id, newsletter, changed, now)


def _some(changed: Sequence[Any]) -> Sequence[Any]:
    """As many of the batches as fit into one go, but one at least."""
    copies = 0
    for place, (batch, _) in enumerate(changed, 1):
        copies += batch.size
        if copies >= COPIES_AT_ONCE:
            return changed[:place]
    return changed


def _watched(session: Session, mark: Mark, now: datetime) -> Any:
    lately = and_(Sending.complete_at > now - _JUST, Sending.complete_at >= mark.since)
    which = [Sending.state.in_(_OPEN), lately]
    if watch.take_turn(session, "webhooks settled", _LATER, now):
        still = or_(Sending.complete_at >= mark.since, Sending.started_at >= mark.since)
        which.append(and_(Sending.started_at > now - _NO_MORE, still))
    return select(Sending.edition_id, Edition.newsletter).join(Edition).where(or_(*which)).order_by(Sending.edition_id)


_CHANGED = (
    select(Batch, ToldBatch)
    .outerjoin(ToldBatch, and_(ToldBatch.edition_id == Batch.edition_id, ToldBatch.number == Batch.number))
    .where(
        Batch.state.in_(sorted(kinds.OF_BATCH)),
        or_(
            ToldBatch.number.is_(None),
            ToldBatch.state != Batch.state,
            ToldBatch.size != Batch.size,
            ToldBatch.skipped != Batch.skipped,
            ToldBatch.refused != Batch.refused,
        ),
    )
    .order_by(Batch.settled_at, Batch.number)
    .limit(AT_ONCE)
    .execution_options(populate_existing=True)
)


def _tell(
    session: Session, edition_id: int, newsletter: str, changed: Sequence[Any], now: datetime
) -> Iterator[Happening]:
    by_number = _members(session, edition_id, [batch.number for batch, _ in changed])
    groups, kept = list[dict[str, Any]](), list[dict[str, Any]]()
    for batch, told in changed:
        here = by_number.get(batch.number, [])
        groups += _groups(batch, told, here, now)
        grew = told is not None and told.state is batch.state and told.size < batch.size
        kept.append(_as_told(batch, _whole(here) if grew else None, now))
    session.execute(_kept(session), kept)
    for some in _together(groups):
        yield Happening(
            type=kinds.DELIVERIES, newsletter=newsletter, at=now, source="batch", source_id=edition_id,
            data={"groups": some},
        )  # fmt: skip


def _members(session: Session, edition_id: int, numbers: Sequence[int]) -> dict[int, list[Any]]:
    """Whose copies are in the batches, with what is particular to them."""
    query = (
        select(Delivery.batch, Delivery.subscriber_id, Outcome.status, Outcome.code, Outcome.at)
        .outerjoin(
            Outcome,
            and_(Outcome.edition_id == Delivery.edition_id, Outcome.subscriber_id == Delivery.subscriber_id),
        )
        .where(Delivery.edition_id == edition_id, Delivery.batch.in_(numbers))
        .order_by(Delivery.batch, Delivery.subscriber_id)
    )
    found: dict[int, list[Any]] = {}
    for one in session.execute(query):
        found.setdefault(one.batch, []).append(one)
    return found


def _groups(batch: Batch, told: ToldBatch | None, members: Sequence[Any], now: datetime) -> Iterator[dict[str, Any]]:
    """What is to be told of a batch, copies of one fate together."""
    kind = kinds.OF_BATCH[batch.state]
    whole = _whole(members)
    if told is not None and told.state is batch.state:  # exceptions came to it, or copies
        known = set(told.members or ())
        whole = [reader for reader in whole if reader not in known] if told.size < batch.size else []
    if whole:
        code = batch.code if batch.state is BatchState.REFUSED else None
        yield _group(batch.edition_id, kind, batch.settled_at or now, code, whole)
    if told is None or (told.skipped, told.refused) != (batch.skipped, batch.refused):
        fates: dict[tuple[Any, ...], list[int]] = {}
        for one in members:
            if one.status in kinds.OF_OUTCOME:
                fates.setdefault((kinds.OF_OUTCOME[one.status], one.at, one.code), []).append(one.subscriber_id)
        for (fate, at, code), readers in fates.items():
            yield _group(batch.edition_id, fate, at, code, readers)


def _group(edition_id: int, kind: str, at: datetime, code: int | None, readers: list[int]) -> dict[str, Any]:
    return {"edition": edition_id, "type": kind, "at": bodies.moment(at), "code": code, "readers": readers}


def _together(groups: Sequence[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """*groups* cut so that each list tells of some hundred copies at most."""
    some, room = list[dict[str, Any]](), TOGETHER
    for group in groups:
        readers = group["readers"]
        while readers:
            some.append({**group, "readers": readers[:room]})
            readers, room = readers[room:], room - len(some[-1]["readers"])
            if not room:
                yield some
                some, room = [], TOGETHER
    if some:
        yield some


def _whole(members: Sequence[Any]) -> list[int]:
    """Whose copies share the batch's own fate."""
    return [one.subscriber_id for one in members if one.status is None]


def _as_told(batch: Batch, members: list[int] | None, now: datetime) -> dict[str, Any]:
    return {
        "edition_id": batch.edition_id,
        "number": batch.number,
        "state": batch.state,
        "size": batch.size,
        "skipped": batch.skipped,
        "refused": batch.refused,
        "told_at": now,
        "members": members,
    }


def _kept(session: Session) -> Any:
    statement = rows.upsert(session, ToldBatch)
    values = {name: statement.excluded[name] for name in ("state", "size", "skipped", "refused", "told_at", "members")}
    return statement.on_conflict_do_update(index_elements=[ToldBatch.edition_id, ToldBatch.number], set_=values)
