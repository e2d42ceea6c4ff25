"""What a person, the brake or the circuit breaker may do to a sending; each act is written down with who and why."""

from collections.abc import Collection
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.orm import Session

from newsletter.delivery.ledger import recording, rules, settling
from newsletter.delivery.models import Act, Batch, BatchState, Delivery, Outcome, Sending, SendingState, Status
from newsletter.editions import shelf
from newsletter.errors import BadInput, NotFound, WrongState

_QUIETLY: dict[str, Any] = {"synchronize_session": False}


class How(StrEnum):
    """What an operator decides about copies whose fate nobody can prove."""

    #: count them as accepted
    ASSUME_ACCEPTED = "assume-accepted"
    #: send them again; some readers may get two
    RESEND = "resend"


class Verb(StrEnum):
    """What may be done to a sending."""

    PAUSE = "pause"
    RESUME = "resume"
    CANCEL = "cancel"
    RETRY = "retry"
    #: as `How` says
    ASSUME_ACCEPTED = "assume-accepted"
    RESEND = "resend"


_ANY = frozenset(SendingState)
_NOT_CANCELLED = _ANY - {SendingState.CANCELLED}
_NOT_OVER = _NOT_CANCELLED - {SendingState.COMPLETE}
_FOR_GOOD = "the sending of {name} was cancelled, and that is for good"
#: where a sending must stand for each of them, and what is said where it stands elsewhere
OPEN_TO: dict[Verb, tuple[frozenset[SendingState], str]] = {
    Verb.PAUSE: (
        frozenset({SendingState.RUNNING}),
        "the sending of {name} is {state}; only a running sending can be paused",
    ),
    Verb.RESUME: (
        frozenset({SendingState.PAUSED}),
        "the sending of {name} is {state}; only a paused sending can be resumed",
    ),
    Verb.CANCEL: (_NOT_OVER, "the sending of {name} is {state} already; there is nothing to cancel"),
    Verb.RETRY: (_NOT_CANCELLED, _FOR_GOOD),
    Verb.ASSUME_ACCEPTED: (_ANY, ""),
    Verb.RESEND: (_NOT_CANCELLED, _FOR_GOOD),
}


def refuse(session: Session, sending: Sending, verb: Verb) -> None:
    """Raise WrongState, which says why, where *verb* can't be done to *sending* as it stands."""
    states, sentence = OPEN_TO[verb]
    if sending.state not in states:
        name = shelf.name(shelf.get(session, sending.edition_id))
        raise WrongState(sentence.format(name=name, state=sending.state))


def pause(session: Session, edition_id: int, *, by: str, reason: str, now: datetime) -> Sending:
    """Stop at the next fence; what is on the wire is finished. Pausing what is paused changes nothing."""
    sending = hold(session, edition_id)
    if sending.state is SendingState.PAUSED:
        return sending
    refuse(session, sending, Verb.PAUSE)
    sending.state, sending.reason = SendingState.PAUSED, reason
    _write(session, edition_id, "pause", by=by, reason=reason, recipients=_open(session, edition_id), now=now)
    return sending


def resume(session: Session, edition_id: int, *, by: str, reason: str = "", now: datetime) -> Sending:
    """Go on with what is left; a canary slice that was looked at by a person counts as found good."""
    sending = hold(session, edition_id)
    refuse(session, sending, Verb.RESUME)
    if finds_good(session, sending):
        sending.canary_passed_at = now
    sending.state, sending.reason = SendingState.RUNNING, ""
    _write(session, edition_id, "resume", by=by, reason=reason, recipients=_open(session, edition_id), now=now)
    return sending


def cancel(session: Session, edition_id: int, *, by: str, reason: str, now: datetime) -> int:
    """Stop for good; returns how many recipients will not be sent to. What is on the wire is finished and counted."""
    sending = hold(session, edition_id)
    refuse(session, sending, Verb.CANCEL)
    stopped = close(session, edition_id, now=now)
    sending.state, sending.reason = SendingState.CANCELLED, reason
    _write(session, edition_id, "cancel", by=by, reason=reason, recipients=stopped, now=now)
    return stopped


def close(session: Session, edition_id: int, *, now: datetime) -> int:
    """What of a cancelled sending was not handed over stays so; returns how many recipients that are."""
    rows = session.execute(
        update(Batch)
        .where(Batch.edition_id == edition_id, Batch.state.in_(rules.STOPPABLE))
        .values(state=BatchState.CANCELLED, settled_at=now, reply="cancelled")
        .returning(Batch.size - Batch.skipped - Batch.refused),
        execution_options=_QUIETLY,
    )
    return sum(rows.scalars())


def retry(session: Session, edition_id: int, *, refused_with: str, by: str, reason: str = "", now: datetime) -> int:
    """Queue again who was refused with a code such as "550" or "4xx"; returns how many."""
    low, high = codes(refused_with)
    sending = hold(session, edition_id)
    refuse(session, sending, Verb.RETRY)
    touched = _retry_whole(session, edition_id, low, high, now=now)
    touched += _retry_some(session, edition_id, low, high, now=now)
    if touched:
        settling.reopen(session, sending.edition_id)
        why = f"refused with {refused_with}" + (f": {reason}" if reason else "")
        _write(session, edition_id, "retry", by=by, reason=why, recipients=touched, now=now)
    return touched


def resolve(session: Session, edition_id: int, *, how: How, by: str, reason: str, now: datetime) -> int:
    """An operator's word on what nobody can prove; returns how many recipients it touched.

    RESEND may give a reader a second copy, and the act says who decided so.
    """
    refuse(session, hold(session, edition_id), Verb(how))
    values: dict[str, Any] = (
        {"state": BatchState.ACCEPTED, "settled_at": now, "reply": f"assumed by {by}"}
        if how is How.ASSUME_ACCEPTED
        else {"state": BatchState.QUEUED, "not_before": now, "settled_at": None, "resends": Batch.resends + 1}
    )
    rows = session.execute(
        update(Batch)
        .where(Batch.edition_id == edition_id, Batch.state == BatchState.UNKNOWN)
        .values(values)
        .returning(Batch.size - Batch.skipped - Batch.refused),
        execution_options=_QUIETLY,
    )
    touched = sum(rows.scalars())
    if touched and how is How.RESEND:
        settling.reopen(session, edition_id)
    _write(session, edition_id, f"resolve {how}", by=by, reason=reason, recipients=touched, now=now)
    return touched


def resend_once(session: Session, edition_id: int, *, by: str, now: datetime) -> int:
    """The policy smtp.unknown = "resend_once": what is unknown goes out a second time, and never a third."""
    rows = session.execute(
        update(Batch)
        .where(
            Batch.edition_id == edition_id,
            Batch.state == BatchState.UNKNOWN,
            Batch.resends == 0,
            Batch.fenced_at.is_not(None),
        )
        .values(state=BatchState.QUEUED, not_before=now, settled_at=None, resends=1)
        .returning(Batch.size - Batch.skipped - Batch.refused),
        execution_options=_QUIETLY,
    )
    touched = sum(rows.scalars())
    if touched:
        settling.reopen(session, edition_id)
        _write(session, edition_id, "resend once", by=by, reason="", recipients=touched, now=now)
    return touched


def hold(session: Session, edition_id: int) -> Sending:
    """The sending, held, so that it and a fence do not cross."""
    found = session.scalar(
        select(Sending)
        .where(Sending.edition_id == edition_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if found is None:
        name = shelf.name(shelf.get(session, edition_id))
        raise NotFound(f"{name} is not being sent: newsletter editions list shows where it stands")
    return found


def finds_good(session: Session, sending: Sending) -> bool:
    """Whether resuming *sending* says that its first slice, which is out, was looked at and is well."""
    open_ones = _left(session, sending.edition_id, Batch.state.in_(rules.OPEN), Batch.canary.is_(True))
    return sending.canary_passed_at is None and not open_ones


def codes(refused_with: str) -> tuple[int, int]:
    """ "550" → 550 to 550; "4xx" → 400 to 499; raises BadInput."""
    text = refused_with.strip().lower()
    if len(text) == 3 and text[0] in "45" and (text[1:].isdecimal() or text[1:] == "xx"):
        return int(text.replace("x", "0")), int(text.replace("x", "9"))
    raise BadInput(f"{refused_with!r} is not a reply code, such as 550 or 4xx")


def _write(
    session: Session, edition_id: int, verb: str, *, by: str, reason: str, recipients: int, now: datetime
) -> None:
    session.add(Act(edition_id=edition_id, verb=verb, by=by, reason=reason, recipients=recipients, at=now))
    session.flush()


def _open(session: Session, edition_id: int) -> int:
    return _left(session, edition_id, Batch.state.in_(rules.OPEN))


def _left(session: Session, edition_id: int, *conditions: ColumnElement[bool]) -> int:
    total = func.sum(Batch.size - Batch.skipped - Batch.refused)
    return int(session.scalar(select(total).where(Batch.edition_id == edition_id, *conditions)) or 0)


def _retry_whole(session: Session, edition_id: int, low: int, high: int, *, now: datetime) -> int:
    rows = session.execute(
        update(Batch)
        .where(Batch.edition_id == edition_id, Batch.state == BatchState.REFUSED, Batch.code >= low, Batch.code <= high)
        .values(state=BatchState.QUEUED, not_before=now, settled_at=None, attempts=0)
        .returning(Batch.size - Batch.skipped - Batch.refused),
        execution_options=_QUIETLY,
    )
    return sum(rows.scalars())


def _retry_some(session: Session, edition_id: int, low: int, high: int, *, now: datetime) -> int:
    """Single recipients: each batch's go into a new batch of their own."""
    rows = session.execute(
        select(Delivery.batch, Delivery.subscriber_id)
        .join(
            Outcome,
            (Outcome.edition_id == Delivery.edition_id) & (Outcome.subscriber_id == Delivery.subscriber_id),
        )
        .where(
            Delivery.edition_id == edition_id,
            Outcome.status == Status.REFUSED,
            Outcome.code >= low,
            Outcome.code <= high,
        )
    )
    found: dict[int, list[int]] = {}
    for number, subscriber_id in rows:
        found.setdefault(number, []).append(subscriber_id)
    for number, ids in found.items():
        _put_back(session, edition_id, number, ids, now=now)
    return sum(len(ids) for ids in found.values())


def _put_back(session: Session, edition_id: int, number: int, ids: Collection[int], *, now: datetime) -> None:
    recording.forget_outcomes(session, edition_id, number, ids)
    recording.put_apart(
        session, edition_id, number, ids, now=now, state=BatchState.QUEUED, attempts=0, lease_until=None
    )
