"""Who may move an edition where: draft, in review, approved, sending, sent, and the ways out."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.editions import shelf
from newsletter.editions.models import Edition, EditionEvent, State
from newsletter.errors import WrongState

#: What may follow what; anything unlisted is refused.
MAY_FOLLOW: dict[State, frozenset[State]] = {
    State.DRAFT: frozenset({State.IN_REVIEW, State.APPROVED, State.HELD, State.SKIPPED, State.CANCELLED}),
    State.IN_REVIEW: frozenset({State.DRAFT, State.APPROVED, State.HELD, State.SKIPPED, State.CANCELLED}),
    State.APPROVED: frozenset({State.IN_REVIEW, State.HELD, State.SENDING, State.SKIPPED, State.CANCELLED}),
    State.HELD: frozenset({State.IN_REVIEW, State.APPROVED, State.SKIPPED, State.CANCELLED}),
    State.SKIPPED: frozenset({State.IN_REVIEW, State.APPROVED}),
    State.SENDING: frozenset({State.SENT, State.CANCELLED}),
    State.SENT: frozenset(),
    State.CANCELLED: frozenset(),
}

#: Its words may still change.
EDITABLE = frozenset({State.DRAFT, State.IN_REVIEW, State.APPROVED, State.HELD, State.SKIPPED})

#: why an edition is held that a backup calls unsent: nobody here can know whether it went out since
RESTORED = "a backup was restored, which can't say whether it was sent since: look at what readers have"

#: What a person can do about an edition that is there.
_WAY_OUT = {
    State.DRAFT: "approve it first",
    State.IN_REVIEW: "approve it first",
    State.APPROVED: "reopen it first",
    State.HELD: "approve it to send it, or reopen it",
    State.SKIPPED: "approve it to send it after all, or reopen it",
    State.SENDING: "pause or cancel the sending instead",
    State.SENT: "what readers have can't be called back; newsletter correct says what was wrong",
    State.CANCELLED: "that is final; write a new edition for another date",
}


def move(session: Session, edition: Edition, to: State, *, by: str, reason: str = "", now: datetime) -> None:
    """Bring *edition* to the state *to*, and keep who did it and why.

    Raises WrongState where *to* may not follow, with what can be done instead.
    """
    if to not in MAY_FOLLOW[edition.state]:
        raise WrongState(f"{shelf.name(edition)} is {edition.state.spoken} and can't be {_aim(to)}: {_advice(edition)}")
    edition.state = to
    session.add(EditionEvent(edition_id=edition.id, state=to, by=by, reason=reason, at=now))
    session.flush()


def submit(session: Session, edition: Edition, *, by: str, now: datetime) -> None:
    """Show *edition* to the editors."""
    move(session, edition, State.IN_REVIEW, by=by, now=now)


def approve(session: Session, edition: Edition, *, by: str, reason: str = "", now: datetime) -> None:
    """Say yes to *edition* as it is rendered now; whoever calls this has stored the proof."""
    move(session, edition, State.APPROVED, by=by, reason=reason, now=now)


def hold(session: Session, edition: Edition, *, by: str, reason: str = "", now: datetime) -> None:
    """Say not now."""
    move(session, edition, State.HELD, by=by, reason=reason, now=now)


def skip(session: Session, edition: Edition, *, by: str, reason: str = "", now: datetime) -> None:
    """No edition this week."""
    move(session, edition, State.SKIPPED, by=by, reason=reason, now=now)


def reopen(session: Session, edition: Edition, *, by: str, reason: str = "", now: datetime) -> None:
    """Take an approval, a hold or a skip back."""
    move(session, edition, State.IN_REVIEW, by=by, reason=reason, now=now)


def cancel(session: Session, edition: Edition, *, by: str, reason: str = "", now: datetime) -> None:
    """Stop *edition* for good."""
    move(session, edition, State.CANCELLED, by=by, reason=reason, now=now)


def reopen_for_edit(session: Session, edition: Edition, *, by: str, reason: str = "edited", now: datetime) -> None:
    """Make sure that *edition* may be changed; an approval of other words is taken back."""
    refuse_unless_editable(edition)
    if edition.state is State.APPROVED:
        reopen(session, edition, by=by, reason=f"{reason} after approval", now=now)
    else:
        session.add(EditionEvent(edition_id=edition.id, state=edition.state, by=by, reason=reason, at=now))


def refuse_unless_editable(edition: Edition) -> None:
    """Raise WrongState where nothing that *edition* says may change any more."""
    if edition.state not in EDITABLE:
        raise WrongState(f"{shelf.name(edition)} is {edition.state.spoken} and can't be edited: {_advice(edition)}")


def standing(session: Session, edition: Edition) -> EditionEvent | None:
    """Who brought *edition* to the state it is in, when and why; None where nobody did."""
    events = select(EditionEvent).where(EditionEvent.edition_id == edition.id).order_by(EditionEvent.id.desc())
    found = None
    for event in session.scalars(events):
        if event.state is not edition.state:
            return found
        found = event
    return found


def _aim(to: State) -> str:
    return {State.SENDING: "sent", State.IN_REVIEW: "reopened"}.get(to, to.spoken)


def _advice(edition: Edition) -> str:
    return _WAY_OUT[edition.state]
