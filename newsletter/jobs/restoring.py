"""After a restored backup: what it calls unsent may have been sent since, so nothing goes out by itself."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from newsletter import plural
from newsletter.app import App
from newsletter.delivery.ledger import settling
from newsletter.delivery.operations import crew
from newsletter.editions import calendar, review, shelf, watch
from newsletter.editions.models import Edition, State


@dataclass(frozen=True, slots=True)
class Restored:
    """What was made safe."""

    #: readers whose copy is unknown now
    unknown: int
    #: editions that are held now, by name: they may have gone out since the backup was made
    held: tuple[str, ...]
    #: sendings that the clock would have caught up on
    given_up: int


def restored(app: App, *, by: str, now: datetime) -> Restored:
    """Make a restored database safe to start, in one transaction; again changes nothing more.

    What no row proves to be accepted becomes unknown, editions that may have been approved and sent since are
    held, and sendings whose time is past are left to people. Events that still come prove single copies.
    """
    app.boxes.forget()  # they tell of attempts after which the backup may not know of others
    with app.database.write() as session:
        crew.forget_all(session)  # or those that were at work then would be missed as fallen silent
        unknown = settling.safe_mode(session, by=by, now=now)
        unsent = session.scalars(select(Edition).where(Edition.state.in_(_MAY_BE_OUT)).order_by(Edition.id)).all()
        for edition in unsent:
            review.hold(session, edition, by=by, reason=review.RESTORED, now=now)
        given_up = calendar.give_up_sending(session, "a backup was restored; what is to be sent, a person sends", now)
        names = tuple(shelf.name(edition) for edition in unsent)
        lost = plural.counted(unknown, "copy", "copies")
        text = f"a backup was restored: {lost} without proof; held: {', '.join(names) or 'nothing'}. {_ASK}"
        watch.ring(session, f"restored {now:%Y-%m-%d %H:%M:%S}", text, now)
        return Restored(unknown, names, given_up)


#: what a backup says of an edition that has gone out since, beside what a person had decided about it
_MAY_BE_OUT = (State.DRAFT, State.IN_REVIEW, State.APPROVED)
_ASK = "Look at what readers have before you approve or send anything again."
