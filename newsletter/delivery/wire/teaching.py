"""What answers at hand-over teach about people, for all editions to come."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from newsletter.delivery.wire.blame import Lesson
from newsletter.delivery.wire.parcel import Words
from subscribers import audience, roll
from subscribers.models import SuppressionReason


def learn(session: Session, refused: Mapping[int, Words], *, now: datetime) -> None:
    """Suppress those of the *refused* whose mailbox is not there, with the server's words as evidence.

    A full mailbox, a policy, or a no of any other kind teaches nothing.
    """
    dead = {one: words for one, words in refused.items() if words.lesson is Lesson.DEAD}
    for person in audience.people(session, sorted(dead)) if dead else ():
        roll.suppress(session, person.email, reason=SuppressionReason.HARD_BOUNCE, note=dead[person.id].text, now=now)
