"""Refusals at hand-over, as evidence: what a mail server said of a mailbox before it took the copy, or never did."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from newsletter.config import Lessons
from newsletter.delivery.wire import blame
from newsletter.delivery.wire.teaching import Refusal
from newsletter.tracking import evidence
from newsletter.tracking.heard import SMTP, Heard, Lesson

_TEACHES = {blame.Lesson.DEAD: Lesson.HARD_BOUNCE, blame.Lesson.FULL: Lesson.SOFT_BOUNCE}


def learn(session: Session, refusals: Sequence[Refusal], *, settings: Lessons, now: datetime) -> None:
    """Store *refusals*, which the ledger holds already, and let them teach."""
    evidence.record(session, [_heard(each, now) for each in refusals], rules=settings, now=now)


def _heard(refusal: Refusal, now: datetime) -> Heard:
    words = refusal.words
    return Heard(
        SMTP,
        # an attempt passes the fence once, and each reader is answered once in it, whoever writes it down
        f"{refusal.attempt}/{refusal.subscriber_id}",
        "refused",
        now,
        edition_id=refusal.edition_id,
        subscriber_id=refusal.subscriber_id,
        lesson=_TEACHES[words.lesson] if words.lesson else None,
        reason=words.text,
        attempt=refusal.attempt,
        proves=False,  # the ledger has it from the same answer
        payload="{}" if words.code is None else f'{{"code": {words.code}}}',
    )
