"""What an editor decides about an edition: approve, hold, skip, reopen, cancel. Approval keeps the rendered bytes."""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy.orm import Session

from newsletter.app import App
from newsletter.config import Newsletter
from newsletter.delivery.models import Sending, SendingState
from newsletter.delivery.operations import controls
from newsletter.editions import calendar, review, shelf
from newsletter.editions.models import Edition
from newsletter.errors import WrongState
from newsletter.jobs import holding
from newsletter.rendering import preflight, proofs
from newsletter.rendering.models import Proof

_Verb = Callable[..., None]


def approve(
    app: App, edition_id: int, *, by: str, reason: str = "", revision: int | None = None, now: datetime
) -> Proof:
    """Render the edition, keep the bytes and say yes to them, in one transaction.

    With *revision* (from a link that was mailed) only that one is approved. Approved after its time but
    inside the newsletter's window, an edition goes out at the scheduler's next tick.
    """
    with app.database.write() as session:
        edition = shelf.get(session, edition_id)
        newsletter = app.newsletter(edition.newsletter)
        _refuse_another(edition, revision)
        proof = prove(session, app, edition, newsletter, by=by, reason=reason, now=now)
        calendar.send_late(session, newsletter, edition.date, now)
        return proof


def prove(
    session: Session, app: App, edition: Edition, newsletter: Newsletter, *, by: str, reason: str = "", now: datetime
) -> Proof:
    """`approve`, in a transaction of the caller's. Raises WrongState where a check says it must not go out."""
    # the move first: where it is refused nothing needs to be rendered
    review.approve(session, edition, by=by, reason=reason, now=now)
    proof = proofs.make(session, edition, newsletter, app.settings, now=now)
    wrong = [one.text for one in preflight.check(proof, newsletter, app.settings) if one.level is preflight.Level.RED]
    if wrong:
        raise WrongState(f"{shelf.name(edition)} must not go out like this: {' '.join(wrong)}")
    return proof


def hold(
    app: App, edition_id: int, *, by: str, reason: str = "", revision: int | None = None, now: datetime
) -> Edition:
    """Not now."""
    return _decide(app, edition_id, review.hold, by=by, reason=reason, revision=revision, now=now)


def skip(app: App, edition_id: int, *, by: str, reason: str = "", now: datetime) -> Edition:
    """No edition this week."""
    return _decide(app, edition_id, review.skip, by=by, reason=reason, now=now)


def reopen(app: App, edition_id: int, *, by: str, reason: str = "", now: datetime) -> Edition:
    """Take an approval, a hold or a skip back."""
    return _decide(app, edition_id, review.reopen, by=by, reason=reason, now=now)


def cancel(app: App, edition_id: int, *, by: str, reason: str = "", now: datetime) -> Edition:
    """Stop the edition for good; while it is being sent, what was not handed over stays so."""
    with app.database.write() as session:
        edition = shelf.get(session, edition_id)
        sending = session.get(Sending, edition_id)
        review.cancel(session, edition, by=by, reason=reason, now=now)
        if sending is not None and sending.state not in {SendingState.COMPLETE, SendingState.CANCELLED}:
            controls.cancel(session, edition_id, by=by, reason=reason, now=now)
    holding.hold_back(app, edition_id, for_good=True)
    return edition


def _decide(
    app: App, edition_id: int, verb: _Verb, *, by: str, reason: str, revision: int | None = None, now: datetime
) -> Edition:
    with app.database.write() as session:
        edition = shelf.get(session, edition_id)
        _refuse_another(edition, revision)
        verb(session, edition, by=by, reason=reason, now=now)
        return edition


def _refuse_another(edition: Edition, revision: int | None) -> None:
    if revision is not None and revision != edition.revision:
        raise WrongState(
            f"{shelf.name(edition)} has changed since that link was mailed: open it as it is now and decide then"
        )
