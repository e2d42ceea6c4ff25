"""What operations do to a sending, by whichever door: pause, resume, cancel, retry, resolve; told before it is done.

Who saw the numbers decides about those: where they are others by now nothing is done.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from newsletter.app import App
from newsletter.delivery.models import Sending
from newsletter.delivery.operations import controls, prospects
from newsletter.delivery.operations.balance import Balance, balance
from newsletter.delivery.operations.controls import How, Verb
from newsletter.delivery.operations.prospects import Prospect, Wanted
from newsletter.editions import shelf
from newsletter.editions.models import Edition
from newsletter.errors import WrongState
from newsletter.jobs import holding
from newsletter.staff import acts
from newsletter.staff.acts import Doer

#: as the log of what everybody did says it
_DID: Mapping[Verb, str] = {
    Verb.PAUSE: "paused the sending",
    Verb.RESUME: "let the sending go on",
    Verb.CANCEL: "cancelled the sending",
    Verb.RETRY: "queued refused copies again",
    Verb.ASSUME_ACCEPTED: "counted unknown copies as accepted",
    Verb.RESEND: "sent unknown copies again",
}
_OTHER_NUMBERS = "The numbers have changed since you looked, and nothing was done: look at them as they are now."


@dataclass(frozen=True, slots=True)
class Done:
    """What an act came to."""

    edition: Edition
    #: whom it touched; of a pause and what follows it, who is left
    readers: int
    balance: Balance
    #: what SendGrid would not stop or let go of what it holds back, by batch id
    trouble: Mapping[str, str]


def prospect(app: App, edition_id: int, verb: Verb, *, code: str = "", now: datetime) -> Prospect:
    """What *verb* would come to now; raises WrongState, which says why, where it can't be done."""
    with app.database.read() as session:
        return _prospect(session, app, edition_id, verb, code, now)


def do(
    app: App,
    edition_id: int,
    verb: Verb,
    *,
    by: Doer,
    reason: str = "",
    code: str = "",
    seen: str | None = None,
    now: datetime,
) -> Done:
    """Do it, and write down who did and why; *seen* are the numbers that somebody looked at, where they did.

    Raises WrongState where the sending does not stand so that it can be done, or the numbers are others by now.
    """
    with app.database.write() as session:
        edition = shelf.get(session, edition_id)
        found = None
        if seen is not None:
            controls.hold(session, edition_id)
            found = _prospect(session, app, edition_id, verb, code, now)
            if not found.holds(seen):
                raise WrongState(_OTHER_NUMBERS)
        readers = _act(session, edition_id, verb, by=by, reason=reason, code=code, now=now)
        # an event may have settled some of them between the look and the act
        if found is not None and verb in _EXACT and readers != found.readers:
            raise WrongState(_OTHER_NUMBERS)
        stands = balance(session, edition_id)
        said = {"readers": readers, "code": code, "reason": reason}
        told = {name: value for name, value in said.items() if value != ""}
        acts.note(session, by, _DID[verb], shelf.name(edition), now=now, **told)
    return Done(edition, readers, stands, _tell_provider(app, edition_id, verb))


_EXACT = frozenset({Verb.RETRY, Verb.ASSUME_ACCEPTED, Verb.RESEND})


def _act(session: Session, edition_id: int, verb: Verb, *, by: Doer, reason: str, code: str, now: datetime) -> int:
    who = by.who
    match verb:
        case Verb.PAUSE:
            controls.pause(session, edition_id, by=who, reason=reason or "by hand", now=now)
        case Verb.RESUME:
            controls.resume(session, edition_id, by=who, reason=reason, now=now)
        case Verb.CANCEL:
            return controls.cancel(session, edition_id, by=who, reason=reason or "by hand", now=now)
        case Verb.RETRY:
            return controls.retry(session, edition_id, refused_with=code, by=who, reason=reason, now=now)
        case Verb.ASSUME_ACCEPTED | Verb.RESEND:
            return controls.resolve(session, edition_id, how=How(verb.value), by=who, reason=reason, now=now)
    return balance(session, edition_id).to_do


def _tell_provider(app: App, edition_id: int, verb: Verb) -> Mapping[str, str]:
    """Stop, or let go of, what SendGrid holds back for us; outside of the transaction."""
    match verb:
        case Verb.PAUSE | Verb.CANCEL:
            return holding.hold_back(app, edition_id, for_good=verb is Verb.CANCEL)
        case Verb.RESUME:
            return holding.let_go(app, edition_id)
        case _:
            return {}


def _prospect(session: Session, app: App, edition_id: int, verb: Verb, code: str, now: datetime) -> Prospect:
    edition = shelf.get(session, edition_id)
    sending = session.get(Sending, edition_id)
    # as it began it goes on, whatever was set since
    settings = (app.going_by(session, sending.change) if sending else app).settings
    newsletter = settings.newsletters.get(edition.newsletter)
    wanted = Wanted(newsletter.lists if newsletter else [], edition.date)
    return prospects.of(session, edition_id, verb, wanted, code=code, now=now)
