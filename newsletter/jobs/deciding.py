"""What an editor decides about an edition: approve, hold, skip, reopen, cancel. Approval keeps the rendered bytes."""

from collections.abc import Callable
from datetime import UTC, datetime

from sqlalchemy.orm import Session

from newsletter.app import App
from newsletter.config import Newsletter
from newsletter.delivery.models import Sending, SendingState
from newsletter.delivery.operations import controls
from newsletter.editions import calendar, review, revisions, shelf
from newsletter.editions.models import Edition, State
from newsletter.errors import AlreadyDone, WrongState
from newsletter.jobs import checking, holding
from newsletter.rendering import preflight, proofs
from newsletter.rendering.models import Proof

_Verb = Callable[..., None]
_OTHER_BYTES = (
    "What would go out is not what you looked at: the bytes were {}, and now they are {}, because a template or a "
    "setting has changed. Look at it as it is now, then decide."
)


def approve(
    app: App,
    edition_id: int,
    *,
    by: str,
    reason: str = "",
    revision: int | None = None,
    digest: str | None = None,
    now: datetime,
) -> Proof:
    """Render the edition, keep the bytes and say yes to them, in one transaction.

    With *revision* (from a link that was mailed) only that one is approved, and with the *digest* of the bytes that
    somebody looked at only those: a template or a setting may have changed between looking and saying yes.

    Approved after its time but inside the newsletter's window, an edition goes out at the scheduler's next tick.
    """
    with app.database.write() as session:
        edition = shelf.get(session, edition_id, lock=True)
        newsletter = app.newsletter(edition.newsletter)
        _refuse_another(edition, revision)
        _refuse_twice(session, edition, newsletter, State.APPROVED)
        proof = prove(session, app, edition, newsletter, by=by, reason=reason, now=now)
        if digest is not None and digest != proof.digest:
            raise WrongState(_OTHER_BYTES.format(digest[:12] or "none", proof.digest[:12]))
        if edition.corrects is not None:  # it has no hour: it goes at the scheduler's next tick
            return proof
        # the hour of an edition for another day than the newsletter's
        calendar.promise(session, newsletter, edition.date, now)
        calendar.send_late(session, newsletter, edition.date, now)
        return proof


def prove(
    session: Session, app: App, edition: Edition, newsletter: Newsletter, *, by: str, reason: str = "", now: datetime
) -> Proof:
    """`approve`, in a transaction of the caller's. Raises WrongState where a check says it must not go out."""
    # the move first: where it is refused nothing needs to be rendered
    review.approve(session, edition, by=by, reason=reason, now=now)
    revisions.close(session, edition)
    proof = proofs.make(session, edition, newsletter, app.settings, now=now)
    found = checking.findings(session, app, edition, newsletter, proof, now=now)
    wrong = [one.text for one in found if one.level is preflight.Level.RED]
    if wrong:
        raise WrongState(f"{shelf.name(edition)} must not go out like this: {' '.join(wrong)}")
    return proof


def hold(
    app: App, edition_id: int, *, by: str, reason: str = "", revision: int | None = None, now: datetime
) -> Edition:
    """Not now."""
    return _decide(app, edition_id, State.HELD, review.hold, by=by, reason=reason, revision=revision, now=now)


def skip(app: App, edition_id: int, *, by: str, reason: str = "", now: datetime) -> Edition:
    """No edition this week."""
    return _decide(app, edition_id, State.SKIPPED, review.skip, by=by, reason=reason, now=now)


def reopen(app: App, edition_id: int, *, by: str, reason: str = "", now: datetime) -> Edition:
    """Take an approval, a hold or a skip back."""
    return _decide(app, edition_id, State.IN_REVIEW, review.reopen, by=by, reason=reason, now=now)


def cancel(app: App, edition_id: int, *, by: str, reason: str = "", now: datetime) -> Edition:
    """Stop the edition for good; while it is being sent, what was not handed over stays so."""
    with app.database.write() as session:
        edition = shelf.get(session, edition_id, lock=True)
        sending = session.get(Sending, edition_id)
        review.cancel(session, edition, by=by, reason=reason, now=now)
        if sending is not None and sending.state not in {SendingState.COMPLETE, SendingState.CANCELLED}:
            controls.cancel(session, edition_id, by=by, reason=reason, now=now)
    holding.hold_back(app, edition_id, for_good=True)
    return edition


def _decide(
    app: App,
    edition_id: int,
    to: State,
    verb: _Verb,
    *,
    by: str,
    reason: str,
    revision: int | None = None,
    now: datetime,
) -> Edition:
    with app.database.write() as session:
        edition = shelf.get(session, edition_id, lock=True)
        _refuse_another(edition, revision)
        _refuse_twice(session, edition, app.settings.newsletters.get(edition.newsletter), to)
        verb(session, edition, by=by, reason=reason, now=now)
        return edition


def _refuse_another(edition: Edition, revision: int | None) -> None:
    if revision is not None and revision != edition.revision:
        raise WrongState(
            f"{shelf.name(edition)} has changed since that link was mailed: open it as it is now and decide then"
        )


def _refuse_twice(session: Session, edition: Edition, newsletter: Newsletter | None, to: State) -> None:
    """Raise AlreadyDone, which says by whom, where *edition* is in the state *to*."""
    if edition.state is to:
        raise AlreadyDone(f"{shelf.name(edition)} is {to.spoken} already{said_by(session, edition, newsletter)}")


def said_by(session: Session, edition: Edition, newsletter: Newsletter | None) -> str:
    """ ", by ada on Thursday 25 November at 18:00 GMT (why)": who brought *edition* to its state; or empty."""
    event = review.standing(session, edition)
    if event is None:
        return ""
    at = event.at.astimezone(newsletter.zone if newsletter else UTC)
    why = f" ({event.reason})" if event.reason else ""
    return f", by {event.by} on {at:%A} {at.day} {at:%B at %H:%M %Z}{why}"
