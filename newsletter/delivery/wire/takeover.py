"""Who takes over from a dead process reads its black box, and writes down what that process no longer could."""

import random
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from newsletter.delivery.ledger import claiming, recording, rules, settling
from newsletter.delivery.ledger.claiming import Fenced
from newsletter.delivery.ledger.rules import Mark, Verdict
from newsletter.delivery.models import Act, Batch, BatchState, Sending, SendingState
from newsletter.delivery.operations import controls
from newsletter.delivery.wire import teaching
from newsletter.delivery.wire.blackbox import Boxes, Entry, Found
from newsletter.delivery.wire.parcel import Report, Words
from newsletter.delivery.wire.teaching import Learn
from subscribers.audience import Person

_NOT_BEGUN = Words("not begun: the sending process ended before")
_BEGUN = Words("no answer: the sending process ended while it was being said")


def inherit(session: Session, boxes: Boxes | None, *, learn: Learn, now: datetime, rng: random.Random) -> int:
    """Settle what the boxes of dead processes tell of; call it before leases are ended. Returns how many batches.

    What was not begun is queued again, what was answered is recorded as answered, what was begun and not answered
    is unknown. Nothing is believed that was written since another start of the machine, or about another attempt.
    *learn* is told what the answers say about people.
    """
    return sum(_inherit(session, boxes, found, learn, now=now, rng=rng) for found in boxes.found()) if boxes else 0


def _inherit(session: Session, boxes: Boxes, found: Found, learn: Learn, *, now: datetime, rng: random.Random) -> int:
    told: dict[int, Counter[Verdict]] = {}
    settled = 0
    for batch in _batches(session, found):
        entry = found.entries.get(batch.attempt) or (_untouched(batch.attempt) if found.complete else None)
        if entry is None or not rules.speaks_of((found.boot, entry.attempt), (boxes.boot, batch.attempt)):
            continue
        members = claiming.members(session, batch.edition_id, [batch.number]).get(batch.number, [])
        report = _report(entry, members)
        if not members or (batch.state is BatchState.UNKNOWN and len(report.unknown) == len(members)):
            continue  # nothing that was not known
        people = tuple(Person(one, "", "", "", "") for one in members)
        fenced = Fenced(batch.edition_id, batch.number, batch.attempt, batch.attempts, people, batch.lane)
        recorded = recording.record(session, fenced, report, now=now, rng=rng)
        if recorded and (refusals := teaching.refusals(fenced, report)):
            learn(session, refusals, now=now)
        settled += recorded
        told.setdefault(batch.edition_id, Counter()).update(_counted(report, members))
    for edition_id, counts in told.items():
        _follow(session, edition_id, found.owner, counts, now=now)
    if not settled:  # all of it is in the ledger, and committed
        found.file.unlink(missing_ok=True)
    return settled


def _batches(session: Session, found: Found) -> Sequence[Batch]:
    """Those that the dead process had past the fence, and those it has a page about, while they are not settled."""
    held = and_(Batch.owner == found.owner, Batch.owner != "", Batch.state == BatchState.SENDING)
    paged = and_(Batch.attempt.in_(found.entries), Batch.state.in_(rules.RECORDABLE))
    # a restored backup does not know which attempts came after the one it names
    known = Batch.fenced_at.is_not(None)
    query = select(Batch).where(or_(held, paged), known).order_by(Batch.edition_id, Batch.number)
    return session.scalars(query.execution_options(populate_existing=True)).all()


def _untouched(attempt: str) -> Entry:
    """What a box without a page for *attempt* says: it died between the fence and the wire."""
    return Entry(attempt, {}, {}, Words(""), "", unmarked=Mark.NOT_BEGUN)


def _report(entry: Entry, members: Collection[int]) -> Report:
    """What the dead process would have reported."""
    by_verdict: dict[Verdict, dict[int, Words]] = {verdict: {} for verdict in Verdict}
    marks = {one: entry.marks.get(one, entry.unmarked) for one in members}
    for one, mark in marks.items():
        by_verdict[rules.INHERITED[mark]][one] = _words(entry, one, mark)
    return Report(
        provider_id=entry.provider_id,
        reply=entry.reply.text,
        refused=by_verdict[Verdict.REFUSED],
        again=by_verdict[Verdict.AGAIN],
        unknown=by_verdict[Verdict.UNKNOWN],
        # the other side said "not now" to nobody: there is no reason to wait
        retry_after=None if Mark.AGAIN in marks.values() else 0,
    )


def _words(entry: Entry, one: int, mark: Mark) -> Words:
    if mark is Mark.NOT_BEGUN:
        return _NOT_BEGUN
    return _BEGUN if mark is Mark.BEGUN else entry.words.get(one, entry.reply)


def _counted(report: Report, members: Collection[int]) -> Mapping[Verdict, int]:
    others = {
        Verdict.REFUSED: len(report.refused),
        Verdict.AGAIN: len(report.again),
        Verdict.UNKNOWN: len(report.unknown),
    }
    return {**others, Verdict.ACCEPTED: len(members) - sum(others.values())}


def _follow(session: Session, edition_id: int, owner: str, counts: Mapping[Verdict, int], *, now: datetime) -> None:
    """Let the sending follow: there may be something to do again, unless it was cancelled; and say who did it."""
    sending = session.get_one(Sending, edition_id, populate_existing=True)
    if counts[Verdict.AGAIN]:
        settling.reopen(session, edition_id)
    if sending.state is SendingState.CANCELLED:
        controls.close(session, edition_id, now=now)
    told = ", ".join(f"{counts[verdict]} {name}" for verdict, name in _NAMES.items())
    session.add(
        Act(
            edition_id=edition_id,
            verb="black box",
            by=owner,
            reason=told,
            recipients=sum(counts.values()),
            at=now,
        )
    )


_NAMES = {
    Verdict.ACCEPTED: "had been accepted",
    Verdict.REFUSED: "refused",
    Verdict.AGAIN: "queued again",
    Verdict.UNKNOWN: "unknown",
}
